// Which sender a request is from. A token that looks like a real one is never shown or written: it becomes a short hash.
import { createHash } from 'node:crypto';

/** Made-up tokens are short words. Real ones are longer, or hold other characters. */
const PLAIN = /^[A-Za-z0-9._:-]{1,40}$/;

const names = new Map<string, string>();
/** Names remembered at most. Higher lets a caller that makes up tokens fill the memory. */
const MAX_NAMES = 10_000;

/** The bearer token of a header, or '' when there is none or it is one of those that count as bad. */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined) return '';
  // Nearly all are written so; the word itself may be in any case.
  if (!authorization.startsWith('Bearer ') && !/^bearer /i.test(authorization)) return '';
  const token = authorization.slice(7).trim();
  return token.startsWith('bad') ? '' : token;
}

/** The LINE channel that a token means, or ''. */
export function lineSender(authorization: string | undefined): string {
  const token = bearerToken(authorization);
  return token === '' || PLAIN.test(token) ? token : hiddenName(token);
}

/** A sender as the admin calls name it: the token itself, or what became of it. */
export function senderName(given: string): string {
  return PLAIN.test(given) ? given : hiddenName(given);
}

function hiddenName(token: string): string {
  let name = names.get(token);
  if (name === undefined) {
    name = `token-${createHash('sha256').update(token).digest('hex').slice(0, 12)}`;
    if (names.size < MAX_NAMES) names.set(token, name);
  }
  return name;
}
