// What delivery needs from the outside world, and what its parts hand to each other.
import type { Database } from '../../ports/database.ts';
import type { PlanOptions } from '../../contracts/broadcast.ts';
import type { Channel } from '../../contracts/channel.ts';
import type { Renderer } from '../../contracts/message-template.ts';
import type { DeliveryMode, Provider, ProviderAccount, ProviderAnswer, ProviderRequest } from '../../ports/provider.ts';
import type { SuppressionPads } from '../values/address-hash.ts';
import type { ServerClock } from '../limiter/server-clock.ts';
import type { InFlight } from './in-flight.ts';

/** What all slices on one budget of a channel share inside one worker. */
export interface Lane {
  channel: Channel;
  provider: Provider;
  account: ProviderAccount;
  /** Permits, and what they are reckoned from. */
  inFlight: InFlight;
  clock: ServerClock;
}

export interface DeliveryPorts {
  db: Database;
  suppressionPads(): Promise<SuppressionPads>;
  /** The channel as it is now; the account stays open between slices. @throws PipelineError `secret_missing` */
  lane(channelId: string, endpoint: string): Promise<Lane>;
  /** Whether the database is only away for a while. */
  isPassing(error: unknown): boolean;
  random(): number;
  /** A word to whoever looks after the worker; never anything of a recipient. */
  warn(text: string): void;
}

/** One slice in the hands of one try; `epoch` fences it. */
export interface SliceJob {
  broadcastId: string;
  /** The broadcast attempt that the try belongs to. */
  broadcastAttempt: number;
  /** In front of what providers echo back. */
  key: string;
  slice: number;
  epoch: number;
  from: number;
  to: number;
  mode: DeliveryMode;
  /** Whether messages differ between recipients. */
  personal: boolean;
  render: Renderer;
  options: PlanOptions;
}

/** One request to be sent: a recipient, or a sealed chunk. */
export interface Unit {
  /** The recipient's ordinal, or the chunk's id. */
  id: number;
  attempt: number;
  /** Failed attempts that counted before. */
  charged: number;
  request: ProviderRequest;
  claimedMs: number;
  /** When it was claimed or taken over, by this process's monotonic clock. */
  takenAtMs: number;
  /** The intent to send this attempt is on record. */
  armed: boolean;
  /** It has waited since: a successor may have taken it, or its retry key may have run out. Ask before it goes. */
  stale: boolean;
  /** An earlier attempt may have been taken. */
  unknown: boolean;
  /** Refusals before that did not say whether the message was taken. */
  unclear: number;
  /** First attempt, epoch ms of the database. */
  firstMs: number;
  /** Holds one of the channel's permits. */
  permit: boolean;
  /** Its answer has come, so that it holds no connection any more. */
  landed: boolean;
}

/** How each attempt begins; what holds of the unit over all its attempts stays. */
export const NEW_ATTEMPT = { stale: false, permit: false, landed: false } as const;

/** A unit's attempt and what became of it. */
export interface Answered {
  unit: Unit;
  answer: ProviderAnswer;
  slotMs: number | null;
  answeredMs: number;
}

/** A unit that goes out again in `delayMs`. */
export interface Repeat {
  unit: Unit;
  delayMs: number;
}

/** How units come into being and are settled: one by one, or in sealed chunks. */
export interface Sender {
  /**
   * Resolves what older tries of the slice left behind, and gives what has to be sent again. With `mine`, the ids this try
   * knows of: what this very try claimed without hearing of it, because the database went away.
   */
  takeOver(mine: number[] | null): Promise<Repeat[]>;
  /** At most `most` new units, ready to go. `more`: there may be others. */
  claim(most: number): Promise<{ units: Unit[]; more: boolean }>;
  /** Goes through the slice from its beginning again. */
  rewind(): void;
  /**
   * Puts the intent to repeat on record, and asks again about what is stale. What stays unarmed or stale was settled or taken by
   * another try, or LINE has forgotten its retry key: it must not be sent.
   */
  arm(units: Unit[]): Promise<void>;
  /** Settles; gives what must be repeated. `again`: the same call may have been committed before. */
  record(answers: Answered[], again: boolean): Promise<Repeat[]>;
}
