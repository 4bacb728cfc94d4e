// Answers that no provider gave: what is put on record of a request that did not leave, or whose answer could not be taken in.
import type { ProviderAnswer } from '../../ports/provider.ts';

/** Claimed, and certainly not sent. */
export const NOT_SENT: ProviderAnswer = {
  class: 'retry_backoff',
  code: 'not_sent',
  requestId: null,
  messageId: null,
  waitMs: null,
  about: 'nobody',
  unclear: false,
  optedOut: false,
};
/** Something went wrong here after the request may have left. */
export const UNREADABLE: ProviderAnswer = { ...NOT_SENT, class: 'ambiguous', code: 'unreadable', about: 'channel' };
