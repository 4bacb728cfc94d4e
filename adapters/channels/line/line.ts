// LINE: its modes of sending, the request's bytes, and one account. Push for personal messages, multicast for equal ones.
import type {
  DeliveryMode,
  MessageProblem,
  Provider,
  ProviderAccount,
  ProviderAccountOptions,
} from '../../../ports/provider.ts';
import { DOCUMENTED_RATES } from '../../../contracts/channel-kinds.ts';
import { PipelineError } from '../../../contracts/pipeline-error.ts';
import { objectIn, objectsOf, textOf } from '../answer-values.ts';
import { openWire, type Exchange, type Wire } from '../exchange.ts';
import { sendOnce } from '../send-once.ts';
import { readLineAnswer } from './answers.ts';
import { lineMessageProblems } from './message-rules.ts';
import { lineValueRules } from './value-rules.ts';

const PUSH: DeliveryMode = { endpoint: 'push', chunkSize: 1, idempotent: true, defaultRate: DOCUMENTED_RATES['push']! };
const MULTICAST: DeliveryMode = {
  endpoint: 'multicast',
  chunkSize: 500,
  idempotent: true,
  defaultRate: DOCUMENTED_RATES['multicast']!,
};

export const line: Provider = {
  validate: lineMessageProblems,
  valueRules: lineValueRules,
  mode: (personal) => (personal ? PUSH : MULTICAST),
  // `message` is a JSON object; the recipient goes in front of its first member.
  body: (message, addresses, _reference, mode) =>
    `{"to":${JSON.stringify(mode.chunkSize === 1 ? addresses[0] : addresses)},${message.slice(1)}`,
};

/** Opens nothing before the first request. */
export function openLineAccount(options: ProviderAccountOptions): ProviderAccount {
  const wire = openWire({
    baseUrl: options.channel.baseUrl,
    connections: options.connections,
    timeoutMs: options.timeoutMs,
  });
  const headers = { authorization: `Bearer ${options.secret}`, 'content-type': 'application/json' };
  return {
    send: (mode, { body, retryKey, members, personal }) =>
      sendOnce(
        () =>
          wire.exchange({
            method: 'POST',
            path: `/v2/bot/message/${mode.endpoint}`,
            headers: retryKey === null ? headers : { ...headers, 'x-line-retry-key': retryKey },
            body,
          }),
        (exchange) => readLineAnswer(exchange, members, personal),
      ),
    validate: async (mode, message) =>
      problemsOf(
        await wire.exchange({
          method: 'POST',
          path: `/v2/bot/message/validate/${mode.endpoint}`,
          headers,
          body: message,
        }),
      ),
    quotaLeft: () => quotaLeft(wire, headers),
    close: () => wire.close(),
  };
}

/** LINE's own judgement of a message. @throws PipelineError `provider_unavailable` when it could not be asked */
function problemsOf(exchange: Exchange): MessageProblem[] {
  if (exchange.kind === 'answer' && exchange.status === 200) return [];
  if (exchange.kind !== 'answer' || exchange.status !== 400)
    throw new PipelineError(
      'provider_unavailable',
      `LINE could not be asked about the message (${exchange.kind === 'answer' ? `HTTP ${exchange.status}` : exchange.code}).`,
      { retry: 'later', hint: 'Look at the base URL and the access token of the channel.' },
    );
  const body = objectIn(exchange.body);
  const details = objectsOf(body?.['details']);
  if (details.length === 0)
    return [{ path: 'messages', problem: textOf(body?.['message']) || 'LINE refuses it without saying why' }];
  return details.map(({ property, message }) => ({
    path: textOf(property) || 'messages',
    problem: textOf(message) || 'refused',
  }));
}

/** Null also when LINE says something that cannot be read: a broadcast is not held up by that. */
async function quotaLeft(wire: Wire, headers: Record<string, string>): Promise<number | null> {
  const ask = async (path: string) => {
    const exchange = await wire.exchange({ method: 'GET', path, headers, body: null });
    return exchange.kind === 'answer' && exchange.status === 200 ? objectIn(exchange.body) : null;
  };
  const quota = await ask('/v2/bot/message/quota');
  const limit = quota?.['type'] === 'limited' ? countOf(quota['value']) : null;
  if (limit === null) return null;
  const used = countOf((await ask('/v2/bot/message/quota/consumption'))?.['totalUsage']);
  return used === null ? null : Math.max(0, limit - used);
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
