// One request a recipient, at a provider that knows no retry key: claimed in the ledger, sent once, settled once.
import { compileReference } from './reference.ts';
import { deliverySql } from './delivery-sql.ts';
import {
  NEW_ATTEMPT,
  type Answered,
  type DeliveryPorts,
  type Lane,
  type Sender,
  type SliceJob,
  type Unit,
} from './ports.ts';
import { retryPolicy } from './retry-policy.ts';
import { verdictOf } from './verdict.ts';

interface ClaimedRow extends Record<string, unknown> {
  ordinal: number;
  attempts: number;
  charged: number;
  claimed_at: Date;
  obstacle: string | null;
  unclear: number;
  address: string;
  parameters: string[] | null;
}

/** `takeOver` makes rows claimed by older tries uncertain; `claim` also suppresses who may not be sent to any more. */
export async function openSingleSender(job: SliceJob, lane: Lane, ports: DeliveryPorts): Promise<Sender> {
  const pads = await ports.suppressionPads();
  const reference = compileReference(job.key, job.broadcastId);
  let cursor = job.from;
  const unitOf = (row: ClaimedRow): Unit => ({
    id: row.ordinal,
    attempt: row.attempts,
    charged: row.charged,
    claimedMs: row.claimed_at.getTime(),
    takenAtMs: lane.clock.local(),
    ...NEW_ATTEMPT,
    armed: true,
    unknown: false,
    unclear: row.unclear,
    firstMs: row.claimed_at.getTime(),
    request: {
      body: lane.provider.body(
        job.render(row.parameters ?? []),
        [row.address],
        reference(row.ordinal, row.attempts),
        job.mode,
      ),
      retryKey: null,
      members: 1,
      personal: job.personal,
    },
  });
  return {
    rewind: () => (cursor = job.from),
    takeOver: async (mine) => {
      if (mine === null)
        await ports.db.query(deliverySql.abandon_claims, [job.broadcastId, job.from, job.to, job.slice, job.epoch]);
      else
        await ports.db.query(deliverySql.give_back_unsent, [
          job.broadcastId,
          job.from,
          job.to,
          job.epoch,
          mine,
          job.slice,
        ]);
      return [];
    },
    claim: async (most) => {
      const { rows } = await ports.db.query<ClaimedRow>(
        deliverySql.claim_singles,
        [job.broadcastId, job.slice, job.epoch, cursor, job.to, most, lane.channel.id, pads.inner, pads.outer],
        'claim_singles',
      );
      const last = rows.at(-1);
      if (last) cursor = last.ordinal + 1;
      return { units: rows.filter((row) => row.obstacle === null).map(unitOf), more: rows.length === most };
    },
    arm: async (units) => {
      const { rows } = await ports.db.query<{ ordinal: number }>(deliverySql.confirm_claims, [
        job.broadcastId,
        job.slice,
        job.epoch,
        units.map((unit) => unit.id),
        units.map((unit) => unit.attempt),
      ]);
      const mine = new Set(rows.map(({ ordinal }) => ordinal));
      for (const unit of units) unit.stale = !mine.has(unit.id);
    },
    record: async (answers, again) => {
      await record(job, ports, answers, again);
      return [];
    },
  };
}

async function record(job: SliceJob, ports: DeliveryPorts, answers: Answered[], again: boolean): Promise<void> {
  const policy = retryPolicy(job, ports);
  const verdicts = answers.map(({ unit, answer }) => verdictOf(answer, unit.charged, policy, unit.unclear));
  // Before the answer itself, so that a crash between the two does not lose it.
  const gone = answers.filter(({ answer }) => answer.optedOut).map(({ unit }) => unit.id);
  if (gone.length > 0) await ports.db.query(deliverySql.opt_out, [job.broadcastId, gone]);
  const resolved = answers.filter(({ answer }) => answer.class === 'accepted' && answer.whatsappId !== undefined);
  if (resolved.length > 0)
    await ports.db.query(deliverySql.keep_whatsapp_ids, [
      job.broadcastId,
      resolved.map(({ unit }) => unit.id),
      resolved.map(({ answer }) => answer.whatsappId),
    ]);
  await ports.db.query(
    deliverySql.record_singles,
    [
      job.broadcastId,
      answers.map(({ unit }) => unit.id),
      answers.map(({ unit }) => unit.attempt),
      verdicts.map(({ fate }) => fate),
      verdicts.map(({ code }) => code),
      verdicts.map(({ retryable }) => retryable),
      verdicts.map(({ charged }) => charged),
      verdicts.map(({ delayMs }) => delayMs),
      answers.map(({ answer }) => answer.class),
      answers.map(({ slotMs }) => slotMs),
      answers.map(({ answeredMs }) => answeredMs),
      answers.map(({ answer }) => answer.requestId),
      answers.map(({ answer }) => answer.messageId),
      answers.map(({ unit }) => unit.claimedMs),
      again,
      job.slice,
      verdicts.map(({ unclear }) => unclear),
    ],
    'record_singles',
  );
}
