// Freeze: makes matched recipients a plan. Slices, counts, the digest, the lines file; and the plan that is there already, if
// the digest says so. Nothing of it is seen before the last transaction.
import type { Transaction } from '../../ports/database.ts';
import { linesOf } from '../audience/lines-file.ts';
import { countMatches } from '../audience/match-list.ts';
import { dropPartition } from '../staging/partition.ts';
import { readChannel } from '../channels/channel-store.ts';
import { emptyMatches, type Fate, type MatchCounts, type PlanResult } from '../../contracts/broadcast.ts';
import { ADVISED_LINES, type PlanRef } from '../../contracts/plan.ts';
import { dropRecipients } from './plan-cleanup.ts';
import { planDigest, type PlanDigest } from './plan-digest.ts';
import { judgeRendered } from './plan-message.ts';
import type { PlanPorts } from './plan-ports.ts';
import { planResult } from './plan-result.ts';
import { renderFirst } from './plan-samples.ts';
import { planSql } from './plan-sql.ts';
import { isPlanned, lockPlan, readPlan, type PlanRow } from './plan-store.ts';

interface FrozenPlan extends PlanDigest {
  outcomes: MatchCounts;
  suppressed: Record<string, number>;
  rejected: Record<string, number>;
  requests: number;
  warnings: string[];
  linesFile: string | null;
}

/**
 * Finishes the plan of a matched list. Calling it again gives the same answer. When an unstarted plan has the same digest,
 * that one is the plan: this one's rows go, and the answer is the other's.
 * @throws PipelineError `plan_superseded`, `message_invalid` when the message filled for the first recipient is refused
 */
export async function freezePlan(ref: PlanRef, ports: PlanPorts): Promise<PlanResult> {
  const before = await readPlan(ports.db, ref.broadcastId);
  if (!isPlanned(before)) await freeze(ref, before, ports);
  await dropPartition(ports.db, 'broadcast_staging', ref.broadcastId);
  const row = await readPlan(ports.db, ref.broadcastId);
  if (row.sameAs === null) return planResult(ports.db, row.broadcastId, ports);
  // Another list may lead to the same recipients: what is said of lines is of the list at hand.
  const { lines, linesFile } = row;
  const outcomes = { ...emptyMatches(), ...row.outcomes };
  return { ...(await planResult(ports.db, row.sameAs, ports)), recognised: true, lines, outcomes, linesFile };
}

async function freeze(ref: PlanRef, row: PlanRow, ports: PlanPorts): Promise<void> {
  const judged = await judgeSample(row, ports);
  // Postgres and this process each have work here; neither should wait for the other.
  const [{ digest, before, ...counts }, linesFile] = await Promise.all([
    countAndDigest(row, ports, judged),
    ports.writeReport(`broadcast-${row.broadcastId}-lines.csv`, linesOf(row, ports)),
  ]);
  await ports.db.transaction(async (tx) => {
    // Two plans of one digest at once: the second waits here, and then finds the first.
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [digest]);
    await lockPlan(tx, ref);
    const twin = await lockTwin(tx, digest, row.broadcastId);
    if (twin === null) await publish(tx, row, { ...counts, digest, before, linesFile });
    else await become(tx, row, twin, { ...counts, linesFile });
  });
}

/** Has the provider judge the first personal message; an equal one was judged before a line was read. */
async function judgeSample(row: PlanRow, ports: PlanPorts): Promise<string[]> {
  if (row.parameterNames.length === 0) return [];
  const [sample] = await renderFirst(ports.db, row, 1);
  if (!sample) return [];
  const channel = await readChannel(ports.db, row.channelId);
  return judgeRendered(channel, ports.provider(channel.kind).mode(true), sample.text, ports);
}

type Counts = Omit<FrozenPlan, keyof PlanDigest | 'linesFile'>;

async function countAndDigest(row: PlanRow, { db }: PlanPorts, judged: string[]): Promise<Counts & PlanDigest> {
  const { broadcastId: id, sliceSize, chunkSize } = row;
  const [{ outcomes, several }, { rows: fates }, { rows }] = await Promise.all([
    countMatches(db, id),
    db.query<{ fate: Fate; code: string | null; recipients: string }>(planSql.count_fates, [id]),
    db.query<{ requests: string }>(planSql.count_requests, [id, sliceSize, chunkSize]),
  ]);
  const byCode = (fate: Fate) =>
    Object.fromEntries(fates.filter((f) => f.fate === fate).map((f) => [f.code!, Number(f.recipients)]));
  const suppressed = byCode('suppressed');
  const rejected = byCode('rejected');
  return {
    ...(await planDigest(db, row, Object.keys(suppressed).length > 0)),
    outcomes,
    suppressed,
    rejected,
    requests: Number(rows[0]!.requests),
    warnings: [...row.warnings, ...judged, ...warningsOf(row, several, rejected)],
  };
}

function warningsOf(row: PlanRow, several: number, rejected: Record<string, number>): string[] {
  const { missing_parameter: incomplete = 0, parameter_format: format = 0, content = 0 } = rejected;
  const warnings: string[] = [];
  if (row.lines > ADVISED_LINES)
    warnings.push(`The list has ${row.lines} lines; more than ${ADVISED_LINES} are advised against, and work.`);
  if (row.recipients === 0) warnings.push('No line led to a recipient: nothing would be sent.');
  if (several > 0)
    warnings.push(
      row.options.ambiguous === 'all'
        ? `${several} lines led to several contacts each; all of them are recipients (--ambiguous all).`
        : `${several} lines led to several contacts each; the one last interacted with was taken (--ambiguous latest).`,
    );
  if (incomplete > 0)
    warnings.push(
      `${incomplete} ${incomplete === 1 ? 'recipient has' : 'recipients have'} no value for a place of the message and will not be sent to.`,
    );
  if (format > 0)
    warnings.push(
      `${format} ${format === 1 ? 'recipient has' : 'recipients have'} a value with a line break, a tab or more than four blanks in a row, which the provider refuses, and will not be sent to: mend the list, then plan again.`,
    );
  if (content > 0)
    warnings.push(
      `${content} ${content === 1 ? 'recipient has' : 'recipients have'} a value that the message cannot hold, such as braces, and will not be sent to: mend the list, then plan again.`,
    );
  return warnings;
}

/** The unstarted plan of that digest, if there is one; locked, so that it cannot be started before this one has become it. */
async function lockTwin(tx: Transaction, digest: string, broadcastId: string): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    `select id from broadcasts where digest = $1 and id <> $2 and state = 'planned' and attempt = 0
     order by id limit 1 for update`,
    [digest, broadcastId],
  );
  return rows[0]?.id ?? null;
}

async function publish(tx: Transaction, row: PlanRow, plan: FrozenPlan): Promise<void> {
  await tx.query(planSql.insert_slices, [row.broadcastId, row.sliceSize, row.recipients]);
  await tx.query(
    `update broadcasts set digest = $2, outcomes = $3, suppressed = $4, rejected = $5, requests = $6, warnings = $7,
       lines_file = $8, digest_before = $9, planned_at = sluice_now(), updated_at = sluice_now()
     where id = $1`,
    [
      row.broadcastId,
      plan.digest,
      JSON.stringify(plan.outcomes),
      JSON.stringify(plan.suppressed),
      JSON.stringify(plan.rejected),
      plan.requests,
      JSON.stringify(plan.warnings),
      plan.linesFile,
      plan.before,
    ],
  );
}

/**
 * Leaves only a note of which plan this one is, and what became of its lines. That plan is as young as this one now: it was
 * found to hold today.
 */
async function become(
  tx: Transaction,
  row: PlanRow,
  twin: string,
  own: Omit<FrozenPlan, keyof PlanDigest>,
): Promise<void> {
  await dropRecipients(tx, row.broadcastId);
  await tx.query(
    `update broadcasts set same_as = $2, outcomes = $3, lines_file = $4, updated_at = sluice_now() where id = $1`,
    [row.broadcastId, twin, JSON.stringify(own.outcomes), own.linesFile],
  );
  await tx.query('update broadcasts set planned_at = sluice_now() where id = $1', [twin]);
}
