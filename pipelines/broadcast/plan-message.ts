// The message of a plan: its places, whether the provider's rules allow it, and what it looks like filled.
import { KINDS } from '../../contracts/channel-kinds.ts';
import { rateOf } from '../channels/channel-store.ts';
import type { Channel } from '../../contracts/channel.ts';
import { placesOf } from '../../contracts/message-template.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { DeliveryMode, MessageJson, MessageProblem } from '../../ports/provider.ts';
import { sliceSize } from './plan-pace.ts';
import type { ProviderPorts } from './plan-ports.ts';

/** Problems named in one error; more only bury the first. */
const NAMED_PROBLEMS = 10;

export interface PlannedMessage {
  places: string[];
  mode: DeliveryMode;
  sliceSize: number;
}

/**
 * Judges a message by the provider's rules and says how it goes out. Asks nobody.
 * @throws PipelineError `message_invalid`, naming each place that is wrong
 */
export function planMessage(
  channel: Channel,
  message: MessageJson,
  ports: Pick<ProviderPorts, 'provider'>,
): PlannedMessage {
  const provider = ports.provider(channel.kind);
  const problems = provider.validate(message);
  if (problems.length > 0) throw messageInvalid(`The message breaks the rules of ${channel.kind}`, problems);
  const places = placesOf(message);
  const mode = provider.mode(places.length > 0);
  return { places, mode, sliceSize: sliceSize(mode.chunkSize, rateOf(channel, mode.endpoint)) };
}

/** Where a provider that cannot be asked now only costs a word of warning. */
const UNASKED = 'The provider could not be asked whether it takes the message; only its documented rules were checked.';

/**
 * Has a rendered message judged: by the rules once more, since values can make it too long, and by the provider itself.
 * Gives the warnings; a provider that is away is one. @throws PipelineError `message_invalid`
 */
export async function judgeRendered(
  channel: Channel,
  mode: DeliveryMode,
  rendered: string,
  ports: ProviderPorts,
): Promise<string[]> {
  const problems = ports.provider(channel.kind).validate(JSON.parse(rendered) as MessageJson);
  if (problems.length > 0)
    throw messageInvalid(`The message, filled for the first recipient, breaks the rules of ${channel.kind}`, problems);
  const asked = await ports.validateAtProvider(channel, mode, rendered).catch(() => null);
  // Where the provider has a service for this, null means that it did not answer.
  if (asked === null) return KINDS[channel.kind].judgesMessages ? [UNASKED] : [];
  if (asked.length > 0) throw messageInvalid(`${channel.kind} refuses the message`, asked);
  return [];
}

function messageInvalid(what: string, problems: MessageProblem[]): PipelineError {
  const named = problems.slice(0, NAMED_PROBLEMS).map(({ path, problem }) => `${path}: ${problem}`);
  if (problems.length > named.length) named.push(`and ${problems.length - named.length} more`);
  return new PipelineError('message_invalid', `${what}: ${named.join('; ')}.`, {
    hint: 'Mend these places of the message file and plan again; nothing was sent.',
    details: { problems: problems.length },
  });
}
