// One send, whatever happens: it resolves with what became of it, also when the answer cannot be understood.
import type { ProviderAnswer } from '../../ports/provider.ts';
import type { Exchange } from './exchange.ts';

/** The request may have been taken: nobody may take this for a refusal. */
const UNREADABLE: ProviderAnswer = {
  ...{ class: 'ambiguous', code: 'unreadable', about: 'channel', requestId: null, messageId: null, waitMs: null },
  ...{ unclear: false, optedOut: false },
};

/** Never rejects: an error in here would be taken for the worker's, and the recipient would be sent to again. */
export async function sendOnce(
  exchange: () => Promise<Exchange>,
  read: (exchange: Exchange) => ProviderAnswer,
): Promise<ProviderAnswer> {
  try {
    return read(await exchange());
  } catch {
    return UNREADABLE;
  }
}
