// Graph's error envelope, and the codes it is used for. HTTP statuses vary between sources: nobody may classify on them.
import type { Reply } from '../exchange.ts';

/** [HTTP status, title, details]. */
const CODES: Record<number, readonly [number, string, string]> = {
  0: [401, 'AuthException', 'The app user could not be authenticated.'],
  1: [400, 'API Unknown', 'Invalid request or possible server error.'],
  2: [503, 'API Service', 'Temporary due to downtime or due to being overloaded.'],
  3: [500, 'API Method', 'Capability or permissions issue.'],
  4: [400, 'API Too Many Calls', 'The app has reached its API call rate limit.'],
  10: [403, 'Permission Denied', 'Permission is either not granted or has been removed.'],
  33: [400, 'Parameter value is not valid', 'The business phone number has been deleted.'],
  100: [400, 'Invalid parameter', 'The request included one or more unsupported or misspelled parameters.'],
  190: [401, 'Access token has expired', 'Error validating access token: the session has expired.'],
  368: [403, 'Temporarily blocked for policies violations', 'The account has been restricted or disabled.'],
  80007: [400, 'Rate limit issues', 'The WhatsApp Business Account has reached its rate limit.'],
  130403: [403, 'User blocked by the business', 'The business has blocked this user.'],
  130429: [429, 'Rate limit hit', 'Cloud API message throughput has been reached.'],
  130472: [400, "User's number is part of an experiment", 'Message was not sent as part of an experiment.'],
  130497: [403, 'Business account is restricted from messaging users in this country', 'Country restriction.'],
  131000: [500, 'Something went wrong', 'Message failed to send due to an unknown error.'],
  131005: [403, 'Access denied', 'Permission is either not granted or has been removed.'],
  131008: [400, 'Required parameter is missing', 'The request is missing a required parameter.'],
  131009: [400, 'Parameter value is not valid', 'One or more parameter values are invalid.'],
  131016: [500, 'Service unavailable', 'A service is temporarily unavailable.'],
  131021: [400, 'Recipient cannot be sender', 'Sender and recipient phone number is the same.'],
  131026: [400, 'Message undeliverable', 'Unable to deliver message.'],
  131030: [400, 'Recipient phone number not in allowed list', 'Add recipient phone number to recipient list.'],
  131031: [403, 'Account has been locked', 'Business account has been locked.'],
  131037: [400, 'Display name approval needed', 'The display name has not been approved.'],
  131042: [400, 'Business eligibility payment issue', 'There was an error related to your payment method.'],
  131045: [500, 'Incorrect certificate', 'Message failed to send due to a phone number registration error.'],
  131047: [400, 'Re-engagement message', 'More than 24 hours have passed since the recipient last replied.'],
  131048: [429, 'Spam rate limit hit', 'There are restrictions on how many messages can be sent from this number.'],
  131049: [400, 'Meta chose not to deliver', 'Not delivered to maintain healthy ecosystem engagement.'],
  131050: [400, 'User has stopped marketing messages', 'The recipient opted out of marketing messages.'],
  131051: [400, 'Unsupported message type', 'Message type is not currently supported.'],
  131053: [400, 'Media upload error', 'Unable to upload the media used in the message.'],
  131056: [429, 'Pair rate limit hit', 'Too many messages sent to the same recipient in a short time.'],
  131057: [500, 'Account in maintenance mode', 'The account is in maintenance mode.'],
  131062: [400, 'Business-scoped user ID is not allowed', 'This message needs a phone number.'],
  131063: [400, 'Marketing messages are off', 'Use the marketing messages endpoint.'],
  131064: [429, 'Limit after template misclassification', 'Template messages are limited.'],
  132000: [400, 'Number of parameters does not match the expected number of params', 'Wrong number of parameters.'],
  132001: [404, 'Template name does not exist in the translation', 'The template does not exist or is not approved.'],
  132005: [400, 'Translated text too long', 'The translated text is too long.'],
  132007: [400, 'Template format character policy violated', 'Template content violates a policy.'],
  132012: [400, 'Parameter format does not match format in the created template', 'Parameter format mismatch.'],
  132015: [400, 'Template is paused', 'The template is paused due to low quality.'],
  132016: [400, 'Template is disabled', 'The template has been paused too many times and is now disabled.'],
  132018: [400, 'Template parameter format', 'Text cannot have new-line, tab or more than 4 consecutive spaces.'],
  133010: [400, 'Phone number not registered', 'The phone number is not registered on the platform.'],
  134011: [400, 'Terms not accepted', 'The terms of service were not accepted.'],
  135000: [400, 'Generic user error', 'Message failed to send because of an unknown error with the parameters.'],
};

/** Codes that one source shows with 400 and another with 429. */
const THROTTLING: ReadonlySet<number> = new Set([4, 80007, 80008, 130429, 131048, 131056, 131064]);

export type ThrottleStatus = 400 | 429 | 'alternate';

/** Makes refusals. `alternate` gives throttling codes 400 and 429 in turn, so that no client can go by the status. */
export class GraphErrors {
  throttleStatus: ThrottleStatus = 'alternate';
  #turn = 0;

  reply(requestId: string, code: number, details?: string, status?: number): Reply {
    const [usual, title, usually] = CODES[code] ?? [400, 'Unknown error', 'An unknown error occurred.'];
    const error = {
      ...{ message: `(#${code}) ${title}`, type: 'OAuthException', code },
      error_data: { messaging_product: 'whatsapp', details: details ?? usually },
      ...(code === 2 || code === 131016 ? { is_transient: true } : {}),
      fbtrace_id: requestId,
    };
    return {
      status: status ?? (THROTTLING.has(code) ? this.#throttled() : usual),
      headers: ['content-type', 'application/json; charset=UTF-8'],
      body: JSON.stringify({ error }),
      code: String(code),
      accepted: false,
    };
  }

  #throttled(): number {
    if (this.throttleStatus !== 'alternate') return this.throttleStatus;
    this.#turn += 1;
    return this.#turn % 2 === 0 ? 429 : 400;
  }
}

/** The same code as a status report carries it. */
export function statusError(code: number): Record<string, unknown> {
  const [, title, details] = CODES[code] ?? [400, 'Unknown error', 'An unknown error occurred.'];
  return {
    ...{ code, title, message: title, error_data: { details } },
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  };
}
