// Match: gives every staged line exactly one outcome, and freezes the recipients it leads to, chunk by chunk in line order.
// A chunk's lines, recipients and ledger rows commit with the position, so that a crash repeats one chunk at most.
import { addressIsPhone, KINDS, type ChannelKind } from '../../contracts/channel-kinds.ts';
import type { Queryable, Transaction } from '../../ports/database.ts';
import type { ListPorts } from '../broadcast/plan-ports.ts';
import { lockPlan, readPlan, type PlanRow } from '../broadcast/plan-store.ts';
import { dropRecipients } from '../broadcast/plan-cleanup.ts';
import { emptyMatches, type LineMatch, type MatchCounts } from '../../contracts/broadcast.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { MatchResult, PlanRef } from '../../contracts/plan.ts';
import type { SuppressionPads } from '../values/address-hash.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { audienceSql, comparesText, forList, keysShareContacts, matchStatement } from './audience-sql.ts';
import { findQuotaPlaces } from './quota.ts';

/**
 * Lines in one transaction. Too low: commits and plans of statements dominate; too high: its rows no longer fit work_mem,
 * and a crash repeats more (this many take about two seconds).
 */
export const CHUNK_LINES = 100_000;

/** What joins and sorts of a chunk may take. Too low: they spill to disk; too high: several plans at once starve Postgres. */
const WORK_MEM = '192MB';

/**
 * Matches what is not matched yet. Calling it again goes on after the last chunk; on a matched list it is a no-op.
 * @throws PipelineError `plan_superseded`, `plan_ended`, `plan_unbalanced`, and `audience_moved` (passing) when contacts
 * changed in between so that an address would be there twice: matching has then begun anew
 */
export async function matchList(ref: PlanRef, ports: ListPorts, control: StepControl): Promise<MatchResult> {
  const row = await begin(ref, ports);
  const { rows: found } = await ports.db.query<{ found: boolean }>(audienceSql.has_suppressions, [row.channelId]);
  const pads = found[0]?.found ? await ports.suppressionPads() : null;
  let chunks = 0;
  for (;;) {
    const lines = await matchChunk(ref, ports, pads, control.signal);
    if (lines === null) break;
    chunks += 1;
    control.onProgress(lines);
  }
  if (chunks > 1 || row.matchedLines > 0) await refuseTwiceAddressed(ref, ports);
  if (addressIsPhone(row.profile.plan.channelKind)) await suppressSameNumber(row, ports.db);
  return balanced(ports.db, ref.broadcastId);
}

/** Settles the lines that need no contacts, and fixes who has a place in the quota. Once a plan. */
async function begin(ref: PlanRef, ports: ListPorts): Promise<PlanRow> {
  return ports.db.transaction(async (tx) => {
    const row = await lockPlan(tx, ref);
    if (row.matchedLine !== null) return row;
    await tx.query(`set local work_mem = '${WORK_MEM}'`);
    await tx.query(forList('match_repeats', ref.broadcastId), [ref.broadcastId]);
    const places = await findQuotaPlaces(tx, row.channelId);
    await tx.query(
      'update broadcasts set matched_line = 0, matched_lines = 0, recipients = 0, quota = $2 where id = $1',
      [ref.broadcastId, places && JSON.stringify({ ...places, newcomers: 0 })],
    );
    return { ...row, matchedLines: 0 };
  });
}

interface Chunk extends Record<string, unknown> {
  line: string | null;
  lines: number;
  settled: boolean;
}

/** One chunk; gives the lines matched so far, or null when there is none left. */
async function matchChunk(
  ref: PlanRef,
  ports: ListPorts,
  pads: SuppressionPads | null,
  signal: AbortSignal,
): Promise<number | null> {
  return ports.db.transaction(
    async (tx) => {
      const row = await lockPlan(tx, ref);
      const { rows } = await tx.query<Chunk>(forList('chunk_end', ref.broadcastId), [
        row.matchedLine,
        ports.matchChunkLines ?? CHUNK_LINES,
        ref.broadcastId,
      ]);
      const { line: to, lines, settled } = rows[0]!;
      if (to === null) {
        if (keysShareContacts(row.profile.plan)) await tx.query(audienceSql.point_to_winner, [ref.broadcastId]);
        return null;
      }
      await tx.query(`set local work_mem = '${WORK_MEM}'`);
      // Without an index, a plan made for few lines would read all contacts once a line.
      if (comparesText(row.profile.plan)) await tx.query('set local enable_nestloop = off');
      await tx.query(audienceSql.hold_erasures);
      const frozen = await freezeChunk(tx, row, to, settled, pads, ports);
      await tx.query(
        `update broadcasts set matched_line = $2, matched_lines = matched_lines + $3, recipients = recipients + $4,
           quota = $5, updated_at = sluice_now()
         where id = $1`,
        [
          ref.broadcastId,
          to,
          lines,
          frozen.recipients,
          row.quota && JSON.stringify({ ...row.quota, newcomers: row.quota.newcomers + frozen.newcomers }),
        ],
      );
      return row.matchedLines + lines;
    },
    { signal },
  );
}

async function freezeChunk(
  tx: Transaction,
  row: PlanRow,
  to: string,
  settled: boolean,
  pads: SuppressionPads | null,
  ports: ListPorts,
): Promise<{ recipients: number; newcomers: number }> {
  const { plan } = row.profile;
  const fields = plan.sources.map((source) => ('contact' in source ? source.contact : null));
  const { quota } = row;
  const { rows } = await tx.query<{ recipients: number; newcomers: number }>(matchStatement(row.broadcastId, plan), [
    row.broadcastId,
    row.channelId,
    row.matchedLine,
    to,
    row.recipients,
    row.options.ambiguous,
    createsContacts(plan),
    fields.some((field) => field !== null) ? fields : null,
    pads !== null,
    pads?.inner ?? Buffer.alloc(0),
    pads?.outer ?? Buffer.alloc(0),
    quota !== null,
    quota?.since ?? null,
    quota?.contactId ?? null,
    quota ? quota.free - quota.newcomers : null,
    settled,
    ...rulesOf(row, ports),
  ]);
  return rows[0]!;
}

/** What the provider refuses in the values of the message's places: patterns and codes, or nulls where no place has a rule. */
function rulesOf(row: PlanRow, ports: ListPorts): [string[] | null, string[] | null] {
  const rules = ports.provider(row.profile.plan.channelKind).valueRules(row.message, row.parameterNames);
  if (rules.every((rule) => rule === null)) return [null, null];
  return [rules.map((rule) => rule?.pattern ?? null) as string[], rules.map((rule) => rule?.code ?? null) as string[]];
}

/**
 * Whether an unknown key becomes a contact: where it is the address. Literal text is no address, so it creates nobody.
 */
export function createsContacts(plan: { channelKind: ChannelKind; matchBy: string; phoneMatch: string }): boolean {
  if (plan.matchBy !== KINDS[plan.channelKind].addressField) return false;
  return plan.matchBy !== 'phone' || plan.phoneMatch === 'e164';
}

/** Two contacts can be one account: one by its number, one by the name under which it hides that number. */
async function suppressSameNumber(row: PlanRow, db: Queryable): Promise<void> {
  const { rows } = await db.query<{ found: boolean }>(audienceSql.has_business_scoped, [row.broadcastId]);
  if (rows[0]?.found) await db.query(audienceSql.suppress_same_number, [row.broadcastId, row.channelId]);
}

/** Chunks are matched at different instants: whoever moved to another key in between could be there twice. */
async function refuseTwiceAddressed(ref: PlanRef, ports: ListPorts): Promise<void> {
  const { rows } = await ports.db.query<{ found: boolean }>(audienceSql.twice_addressed, [ref.broadcastId]);
  if (rows[0]?.found !== true) return;
  await ports.db.transaction(async (tx) => {
    await lockPlan(tx, ref);
    await dropRecipients(tx, ref.broadcastId);
    await tx.query('update broadcasts set matched_line = null where id = $1', [ref.broadcastId]);
  });
  throw new PipelineError('audience_moved', 'Contacts changed while the list was matched; it is matched anew.', {
    retry: 'later',
    hint: 'If this comes again and again, plan when no import runs.',
  });
}

/** Lines by outcome, and how many had several contacts. */
export async function countMatches(
  db: Queryable,
  broadcastId: string,
): Promise<{ outcomes: MatchCounts; several: number }> {
  const { rows } = await db.query<{ outcome: LineMatch; lines: string; several: string }>(audienceSql.count_outcomes, [
    broadcastId,
  ]);
  const outcomes = emptyMatches();
  let several = 0;
  for (const row of rows) {
    outcomes[row.outcome] = Number(row.lines);
    if (row.outcome === 'matched') several = Number(row.several);
  }
  return { outcomes, several };
}

async function balanced(db: Queryable, broadcastId: string): Promise<MatchResult> {
  const row = await readPlan(db, broadcastId);
  const { outcomes } = await countMatches(db, broadcastId);
  const judged = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  if (judged === row.lines && row.matchedLines === row.lines)
    return { lines: row.lines, outcomes, recipients: row.recipients };
  throw new PipelineError('plan_unbalanced', `Broadcast ${broadcastId}: ${row.lines} lines, ${judged} outcomes.`, {
    hint: 'Nothing was sent. Please report this; the list can be planned again.',
  });
}
