// LINE's paths: which endpoint a method and path mean, and whose rate limit counts.

export const LINE_PREFIX = '/v2/bot/';

export interface LinePath {
  endpoint: string;
  /** A user id, or the kind of message to validate. */
  rest: string;
}

const EXACT: Record<string, string> = {
  'POST message/push': 'push',
  'POST message/multicast': 'multicast',
  'POST message/narrowcast': 'narrowcast',
  'POST message/broadcast': 'broadcast',
  'POST message/reply': 'reply',
  'GET message/quota': 'quota',
  'GET message/quota/consumption': 'consumption',
  'GET message/aggregation/info': 'aggregation',
  'GET message/aggregation/list': 'aggregation',
  'GET insight/message/event/aggregation': 'insight',
  'GET info': 'info',
  'GET followers/ids': 'followers',
};
const STARTING: [string, string][] = [
  ['POST message/validate/', 'validate'],
  ['GET profile/', 'profile'],
];

/** Endpoints that take a retry key; any other refuses a request that carries one. */
export const RETRYABLE: ReadonlySet<string> = new Set(['push', 'multicast', 'narrowcast', 'broadcast']);

/** Null for a path LINE does not have, or that is not simulated. `path` is without its query. */
export function linePath(method: string, path: string): LinePath | null {
  const name = `${method} ${path.slice(LINE_PREFIX.length)}`;
  const endpoint = EXACT[name];
  if (endpoint) return { endpoint, rest: name.slice(name.lastIndexOf('/') + 1) };
  for (const [start, found] of STARTING) {
    if (name.startsWith(start)) return { endpoint: found, rest: name.slice(start.length) };
  }
  return null;
}
