// What the fake providers may answer, as raw exchanges; and, independently of how the product reads them, what each of them means.
import type { Exchange } from '../../adapters/channels/exchange.ts';

/**
 * `accepted`: taken, and it says so. `refused`: certainly not taken. `unclear`: it says "try again", and not whether it was taken.
 * `unknown`: nobody can tell from it.
 */
export type Meaning = 'accepted' | 'refused' | 'unclear' | 'unknown';

export interface AnswerKind {
  takes: boolean;
  means: Meaning;
  exchange: Exchange;
  /** Every other recipient would get the same: the broadcast may be stopped for it. `equal`: only where all messages are equal. */
  hopeless?: true | 'equal';
  /** The person has stopped messages. */
  optedOut?: true;
}

const answer = (status: number, body: unknown): Exchange => ({
  kind: 'answer',
  status,
  headers: { 'x-line-request-id': 'request' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const graph = (code: number, details = 'no details', message = `(#${code}) It failed`): Exchange =>
  answer(400, {
    error: { message, code, error_data: { messaging_product: 'whatsapp', details }, fbtrace_id: 'trace' },
  });

const LOST = {
  lost_taken: { takes: true, means: 'unknown', exchange: answer(500, 'oops') },
  lost_untaken: { takes: false, means: 'unknown', exchange: answer(502, '<html>bad gateway</html>') },
  silent_taken: { takes: true, means: 'unknown', exchange: { kind: 'unknown', code: 'socket' } },
  silent_untaken: { takes: false, means: 'unknown', exchange: { kind: 'unknown', code: 'timeout' } },
  unsent: { takes: false, means: 'refused', exchange: { kind: 'not_sent', code: 'connect_refused' } },
} satisfies Record<string, AnswerKind>;

export const LINE_ANSWERS: Record<string, AnswerKind> = {
  ok: { takes: true, means: 'accepted', exchange: answer(200, { sentMessages: [{ id: '1', quoteToken: 'q' }] }) },
  odd_ok: { takes: true, means: 'accepted', exchange: answer(200, 'fine') },
  later_ok: { takes: true, means: 'accepted', exchange: answer(202, {}) },
  ...LOST,
  to: {
    takes: false,
    means: 'refused',
    exchange: answer(400, { message: "The property, 'to', in the request body is invalid (line: -, column: -)" }),
  },
  failed: { takes: false, means: 'refused', exchange: answer(400, { message: 'Failed to send messages' }) },
  rate: {
    takes: false,
    means: 'refused',
    exchange: answer(429, { message: 'The API rate limit has been exceeded. Try again later.' }),
  },
  quota: { takes: false, means: 'refused', exchange: answer(429, { message: 'You have reached your monthly limit.' }) },
  odd_429: { takes: false, means: 'refused', exchange: answer(429, 'busy') },
  token: { takes: false, means: 'refused', exchange: answer(401, { message: 'Authentication failed' }) },
  content: {
    takes: false,
    means: 'refused',
    hopeless: 'equal',
    exchange: answer(400, {
      message: 'The request body has 1 error(s)',
      details: [{ message: 'May not be empty', property: 'messages[0].text' }],
    }),
  },
  forbidden: { takes: false, means: 'refused', hopeless: true, exchange: answer(403, { message: 'Not available' }) },
  large: { takes: false, means: 'refused', hopeless: true, exchange: answer(413, '') },
  moved: { takes: false, means: 'refused', hopeless: true, exchange: answer(302, '') },
};

export const WHATSAPP_ANSWERS: Record<string, AnswerKind> = {
  ok: { takes: true, means: 'accepted', exchange: answer(200, { messages: [{ id: 'wamid.1' }] }) },
  odd_ok: { takes: true, means: 'accepted', exchange: answer(200, 'fine') },
  ...LOST,
  to: { takes: false, means: 'refused', exchange: graph(131026, 'Message undeliverable') },
  named: {
    takes: false,
    means: 'refused',
    exchange: graph(
      131009,
      "Recipient's phone number is not a valid phone number",
      '(#131009) Parameter value is not valid',
    ),
  },
  opted_out: {
    takes: false,
    means: 'refused',
    optedOut: true,
    exchange: graph(131050, 'User has stopped marketing messages'),
  },
  undocumented: { takes: false, means: 'refused', exchange: graph(139999) },
  unclear_taken: { takes: true, means: 'unclear', exchange: graph(131000, 'Something went wrong') },
  unclear_untaken: { takes: false, means: 'unclear', exchange: graph(2, 'Service temporarily unavailable') },
  rate: { takes: false, means: 'refused', exchange: graph(130429, 'Cloud API message throughput has been reached') },
  pair: { takes: false, means: 'refused', exchange: graph(131056, 'Too many messages to this pair') },
  spam: { takes: false, means: 'refused', exchange: graph(131048, 'Spam rate limit hit') },
  token: { takes: false, means: 'refused', exchange: graph(190, 'Error validating access token') },
  template: { takes: false, means: 'refused', hopeless: true, exchange: graph(132001, 'template name does not exist') },
  parameter: { takes: false, means: 'refused', hopeless: 'equal', exchange: graph(100, 'Invalid parameter: template') },
};

/** LINE, to a retry key that it has accepted within a day. */
export const ACCEPTED_BEFORE: Exchange = answer(409, {
  message: 'The retry key is already accepted',
  sentMessages: [],
});
