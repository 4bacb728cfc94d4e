// LINE's answers, word for word as documented. No Retry-After and no rate headers: LINE sends none.
import type { Reply } from '../exchange.ts';

export interface Detail {
  message: string;
  property: string;
}

function headers(requestId: string): string[] {
  return ['content-type', 'application/json', 'x-line-request-id', requestId];
}

export function taken(requestId: string, body: string): Reply {
  return { status: 200, headers: headers(requestId), body, code: '', accepted: true };
}

/** An answer to a question: nothing was sent to anybody. */
export function told(requestId: string, value: unknown): Reply {
  return { status: 200, headers: headers(requestId), body: JSON.stringify(value), code: '', accepted: false };
}

export function refused(requestId: string, status: number, code: string, message: string, details?: Detail[]): Reply {
  const body = JSON.stringify(details?.length ? { message, details } : { message });
  return { status, headers: headers(requestId), body, code, accepted: false };
}

export const unauthorized = (requestId: string): Reply =>
  refused(
    requestId,
    401,
    'unauthorized',
    'Authentication failed due to the following reason: invalid token. Confirm that the access token in the authorization header is valid.',
  );

export const rateExceeded = (requestId: string): Reply =>
  refused(requestId, 429, 'rate_limit', 'The API rate limit has been exceeded. Try again later.');

export const quotaExceeded = (requestId: string): Reply =>
  refused(requestId, 429, 'monthly_limit', 'You have reached your monthly limit.');

export const notFound = (requestId: string): Reply => refused(requestId, 404, 'not_found', 'Not found');

export const notAvailable = (requestId: string): Reply =>
  refused(requestId, 403, 'not_available', 'Access to this API is not available for your account');

export const badTo = (requestId: string): Reply =>
  refused(requestId, 400, 'invalid_to', `The property, 'to', in the request body is invalid (line: -, column: -)`);

export const unknownRecipient = (requestId: string): Reply =>
  refused(requestId, 400, 'unknown_recipient', 'Failed to send messages');

/** The wording of a refused retry key is not published; clients must go by the status. */
export const badRetryKey = (requestId: string, why: string): Reply =>
  refused(requestId, 400, 'invalid_retry_key', `The X-Line-Retry-Key header is invalid: ${why}`);

export function invalidContent(requestId: string, details: Detail[]): Reply {
  return refused(requestId, 400, 'invalid_content', `The request body has ${details.length} error(s)`, details);
}

/** `sentMessages` is JSON, or '' for endpoints that know no message ids. */
export function alreadyAccepted(requestId: string, acceptedId: string, sentMessages: string): Reply {
  const message = '"message":"The retry key is already accepted"';
  return {
    status: 409,
    headers: [...headers(requestId), 'x-line-accepted-request-id', acceptedId],
    body: sentMessages === '' ? `{${message}}` : `{${message},"sentMessages":${sentMessages}}`,
    code: 'retry_key_accepted',
    accepted: false,
  };
}

/** As the answer of a push shows its message ids, joined by `;`; '' for requests without any. */
export function sentMessages(messageIds: string): string {
  if (messageIds === '') return '';
  const ids = messageIds.split(';').map((id) => `{"id":"${id}","quoteToken":"q${id}"}`);
  return `[${ids.join(',')}]`;
}

/** What each status says when a fault asks for it by number alone. */
const BY_STATUS: Record<number, [string, string]> = {
  400: ['bad_request', 'The request body could not be parsed as JSON (line: -, column: -)'],
  401: ['unauthorized', 'Authentication failed due to the following reason: invalid token'],
  403: ['not_available', 'Access to this API is not available for your account'],
  404: ['not_found', 'Not found'],
  410: ['gone', 'Gone'],
  413: ['too_large', 'Request entity too large'],
  415: ['media_type', 'Unsupported media type'],
  429: ['rate_limit', 'The API rate limit has been exceeded. Try again later.'],
  500: ['internal', 'Internal server error'],
  502: ['bad_gateway', 'Bad gateway'],
  503: ['unavailable', 'Service unavailable'],
};

export function byStatus(requestId: string, status: number, message: string | null): Reply {
  const [code, text] = BY_STATUS[status] ?? [`http_${status}`, 'An error occurred'];
  return refused(requestId, status, code, message ?? text);
}
