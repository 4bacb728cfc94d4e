// What the making of a plan needs from the outside world, declared by its user. The composition root provides it.
import type { Database } from '../../ports/database.ts';
import type { ListPlan } from '../audience/list-plan.ts';
import type { Channel } from '../../contracts/channel.ts';
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import type { PlanInput } from '../../contracts/plan-input.ts';
import type { DeliveryMode, MessageProblem, Provider } from '../../ports/provider.ts';
import type { BlockNormaliser } from '../staging/copy-blocks.ts';
import type { SuppressionPads } from '../values/address-hash.ts';
import type { StepControl } from '../../ports/step-control.ts';
import type { FileReader } from '../source/record-blocks.ts';
import type { Spooled } from '../import/register.ts';

export type OpenSpool = (path: string) => Promise<FileReader & { close(): Promise<void> }>;

/** Reads lists and puts them where they can be matched. */
export interface ListPorts extends Pick<ProviderPorts, 'provider'> {
  db: Database;
  openSpool: OpenSpool;
  /** Turns blocks of a list of that many bytes into COPY text, off the main thread where that pays. */
  openListReader: (plan: ListPlan, bytes: number) => BlockNormaliser;
  suppressionPads: () => Promise<SuppressionPads>;
  /** Writes a file under the report folder, all of it or nothing, and gives its path. Writing it again replaces it. */
  writeReport: (name: string, text: AsyncIterable<string>) => Promise<string>;
  /** Bytes of the spool in one transaction and in one block, and lines in one chunk of matching; only tests make them small. */
  listTransactionBytes?: number;
  listBlockBytes?: number;
  matchChunkLines?: number;
}

/** Knows the providers. What is asked of one must not fail a plan when it is away: then `validateAtProvider` rejects. */
export interface ProviderPorts {
  /** @throws PipelineError `channel_cannot_send` for a kind that nothing can be sent to */
  provider: (kind: ChannelKind) => Provider;
  /** Whether the provider would take the message; null: it has no such service. Rejects when it cannot be asked. */
  validateAtProvider: (channel: Channel, mode: DeliveryMode, message: string) => Promise<MessageProblem[] | null>;
  /** Messages left this month; null: no limit, or unknown. */
  quotaLeft: (channel: Channel) => Promise<number | null>;
}

export interface PlanPorts extends ListPorts, ProviderPorts {
  /** Brings the list into the data folder. */
  spoolList: (input: PlanInput, control: StepControl) => Promise<Spooled>;
  /** Whether that workflow run still runs; asked before an unfinished plan is cleared away. */
  isRunning: (workflowId: string, runId: string) => Promise<boolean>;
}
