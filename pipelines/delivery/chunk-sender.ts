// Sealed chunks, at a provider that knows a retry key: members and bytes are fixed before the first request and repeated
// byte for byte until it is known what became of them.
import { randomUUID } from 'node:crypto';
import type { Transaction } from '../../ports/database.ts';
import type { SuppressionPads } from '../values/address-hash.ts';
import { chunkVerdictOf, RETRY_KEY_MS } from './chunk-verdict.ts';
import { deliverySql } from './delivery-sql.ts';
import { groupMembers, type Member } from './group-members.ts';
import { retryPolicy } from './retry-policy.ts';
import {
  NEW_ATTEMPT,
  type Answered,
  type DeliveryPorts,
  type Lane,
  type Repeat,
  type Sender,
  type SliceJob,
  type Unit,
} from './ports.ts';

interface PickedRow extends Record<string, unknown> {
  ordinal: number;
  charged: number;
  chunk_limit: number | null;
  obstacle: string | null;
  address: string;
  parameters: string[] | null;
}

/** A seal takes milliseconds. Too low: a busy database fails it; too high: a frozen worker keeps its rows from others. */
const SEAL_TIMEOUT_MS = 20_000;

/** `takeOver` gives the open chunks of older tries; `claim` seals new ones. */
export async function openChunkSender(job: SliceJob, lane: Lane, ports: DeliveryPorts): Promise<Sender> {
  const pads = await ports.suppressionPads();
  let cursor = job.from;
  return {
    rewind: () => (cursor = job.from),
    takeOver: async (mine) => takeChunks(job, lane, ports, mine ?? []),
    claim: async (most) => {
      const wanted = most * job.mode.chunkSize;
      return ports.db.transaction(
        async (tx) => {
          const picked = await pick(tx, job, lane, pads, cursor, wanted);
          const obstacles = picked.filter((row) => row.obstacle !== null);
          if (obstacles.length > 0)
            await tx.query(deliverySql.suppress_members, [
              job.broadcastId,
              obstacles.map((row) => row.ordinal),
              obstacles.map((row) => row.obstacle),
            ]);
          const members = picked.filter((row) => row.obstacle === null).map(memberOf);
          const groups = groupMembers(members, job.mode.chunkSize, most);
          const units = groups.length === 0 ? [] : await seal(tx, job, lane, groups);
          // Halved chunks take more requests than were asked for: what is left over is picked next time.
          const whole = groups.reduce((sum, group) => sum + group.length, 0) === members.length;
          const last = whole ? picked.at(-1) : groups.at(-1)?.at(-1);
          if (last) cursor = last.ordinal + 1;
          return { units, more: !whole || picked.length === wanted };
        },
        { timeoutMs: SEAL_TIMEOUT_MS },
      );
    },
    arm: async (units) => {
      const repeated = units.filter((unit) => !unit.armed);
      if (repeated.length > 0) await permitRepeats(job, ports, repeated);
      const stale = units.filter((unit) => unit.armed && unit.stale);
      if (stale.length > 0) await confirm(job, ports, stale);
    },
    record: (answers, again) => record(job, lane, ports, answers, again),
  };
}

async function pick(
  tx: Transaction,
  job: SliceJob,
  lane: Lane,
  pads: SuppressionPads,
  cursor: number,
  wanted: number,
): Promise<PickedRow[]> {
  const { rows } = await tx.query<PickedRow>(
    deliverySql.pick_members,
    [job.broadcastId, job.slice, job.epoch, cursor, job.to, wanted, lane.channel.id, pads.inner, pads.outer],
    'pick_members',
  );
  return rows;
}

const memberOf = (row: PickedRow): Member => ({
  ordinal: row.ordinal,
  charged: row.charged,
  chunkLimit: row.chunk_limit,
  address: row.address,
  parameters: row.parameters ?? [],
});

async function seal(tx: Transaction, job: SliceJob, lane: Lane, groups: Member[][]): Promise<Unit[]> {
  const drafts = groups.map((members) => ({
    members,
    retryKey: randomUUID(),
    body: lane.provider.body(
      job.render(members[0]!.parameters),
      members.map((member) => member.address),
      '',
      job.mode,
    ),
  }));
  const { rows } = await tx.query<{ id: string; retry_key: string }>(
    deliverySql.seal_chunks,
    [
      job.broadcastId,
      job.slice,
      job.mode.endpoint,
      drafts.map((draft) => draft.retryKey),
      drafts.map((draft) => draft.body),
      drafts.map((draft) => `{${draft.members.map((member) => member.ordinal).join(',')}}`),
    ],
    'seal_chunks',
  );
  const ids = new Map(rows.map((row) => [row.retry_key, Number(row.id)]));
  const now = lane.clock.latest();
  return drafts.map(({ members, retryKey, body }) => ({
    id: ids.get(retryKey)!,
    attempt: 1,
    charged: Math.max(...members.map((member) => member.charged)),
    request: { body, retryKey, members: members.length, personal: job.personal },
    claimedMs: now,
    takenAtMs: lane.clock.local(),
    ...NEW_ATTEMPT,
    armed: true,
    unknown: false,
    unclear: 0,
    firstMs: now,
  }));
}

interface OpenChunk extends Record<string, unknown> {
  id: string;
  retry_key: string;
  body: string;
  attempts: number;
  unknown: boolean;
  size: number;
  first_ms: number;
  due_ms: number | null;
}

async function takeChunks(job: SliceJob, lane: Lane, ports: DeliveryPorts, mine: number[]): Promise<Repeat[]> {
  const { rows } = await ports.db.query<OpenChunk>(deliverySql.take_chunks, [
    job.broadcastId,
    job.slice,
    mine,
    job.epoch,
  ]);
  // What was given up, or is too old to be asked about, goes no further.
  if (rows.some((row) => row.unknown))
    await ports.db.query(deliverySql.give_up_chunks, [job.broadcastId, job.slice, RETRY_KEY_MS]);
  return rows.map((row) => ({ delayMs: row.due_ms ?? 0, unit: chunkOf(row, job, lane) }));
}

function chunkOf(row: OpenChunk, job: SliceJob, lane: Lane): Unit {
  return {
    id: Number(row.id),
    attempt: row.attempts,
    charged: 0,
    request: { body: row.body, retryKey: row.retry_key, members: row.size, personal: job.personal },
    claimedMs: row.first_ms,
    takenAtMs: lane.clock.local(),
    ...NEW_ATTEMPT,
    armed: false,
    unknown: row.unknown,
    unclear: 0,
    firstMs: row.first_ms,
  };
}

/** Each repeat is permitted by the statement that records it: the chunk is open, ours, and LINE knows its key. */
async function permitRepeats(job: SliceJob, ports: DeliveryPorts, units: Unit[]): Promise<void> {
  const { rows } = await ports.db.query<{ id: string; attempts: number }>(deliverySql.repeat_chunk, [
    job.broadcastId,
    units.map((unit) => unit.id),
    job.slice,
    job.epoch,
    RETRY_KEY_MS,
  ]);
  const attempts = new Map(rows.map((row) => [Number(row.id), row.attempts]));
  for (const unit of units) {
    const attempt = attempts.get(unit.id);
    if (attempt === undefined) continue;
    unit.attempt = attempt;
    unit.armed = true;
    unit.stale = false;
  }
}

async function confirm(job: SliceJob, ports: DeliveryPorts, units: Unit[]): Promise<void> {
  const { rows } = await ports.db.query<{ id: string }>(deliverySql.confirm_chunks, [
    job.broadcastId,
    units.map((unit) => unit.id),
    units.map((unit) => unit.attempt),
    job.slice,
    job.epoch,
    RETRY_KEY_MS,
  ]);
  const mine = new Set(rows.map(({ id }) => Number(id)));
  for (const unit of units) unit.stale = !mine.has(unit.id);
}

async function record(
  job: SliceJob,
  lane: Lane,
  ports: DeliveryPorts,
  answers: Answered[],
  again: boolean,
): Promise<Repeat[]> {
  const policy = retryPolicy(job, ports);
  const verdicts = answers.map(({ unit, answer }) =>
    chunkVerdictOf(answer, { ...unit, members: unit.request.members }, lane.clock.latest(), policy),
  );
  await ports.db.query(
    deliverySql.record_chunks,
    [
      job.broadcastId,
      answers.map(({ unit }) => unit.id),
      answers.map(({ unit }) => unit.attempt),
      verdicts.map(({ state }) => state),
      verdicts.map(({ fate }) => fate),
      verdicts.map(({ code }) => code),
      verdicts.map(({ retryable }) => retryable),
      verdicts.map(({ charged }) => charged),
      verdicts.map(({ delayMs }) => delayMs),
      verdicts.map(({ chunkLimit }) => chunkLimit),
      verdicts.map(({ unknown }) => unknown),
      answers.map(({ answer }) => answer.class),
      answers.map(({ slotMs }) => slotMs),
      answers.map(({ answeredMs }) => answeredMs),
      answers.map(({ answer }) => answer.requestId),
      answers.map(({ answer }) => answer.messageId),
      answers.map(({ unit }) => unit.claimedMs),
      again,
      job.slice,
    ],
    'record_chunks',
  );
  return answers.flatMap(({ unit }, index) => {
    const verdict = verdicts[index]!;
    if (verdict.state !== 'sealed') return [];
    const repeated = { ...unit, ...NEW_ATTEMPT, armed: false, unknown: unit.unknown || verdict.unknown };
    return [{ unit: repeated, delayMs: verdict.delayMs }];
  });
}
