// What a plan is, as one number: the same channel, message, options and recipients give the same digest, whatever the file
// was called and however its columns stood. The format is fixed; another one would make every plan look new.
//
//   digest = SHA-256 of: head, LF, block digest 0, LF, block digest 1, LF … in lower-case hex
//   head   = canonical JSON (keys sorted, no white space) of ["sluice plan 1", channel id, message, options, recipients]; with
//            several places ["sluice plan 2", …, names of the places]: parameters stand in the order of the names, which is that
//            of the message's keys as written, and canonical JSON does not show it
//   block  = SHA-256 over its recipients (5,000 each, by ordinal) of: address, U+001F, SHA-256 of the parameters as 32 bytes,
//            U+001F, suppression reason or nothing, U+001E
//   parameters = the values joined by U+001F, a missing one as U+001D; no place at all: nothing. Values hold no such marks.
import { createHash } from 'node:crypto';
import type { Queryable } from '../../ports/database.ts';
import { planSql } from './plan-sql.ts';
import type { PlanRow } from './plan-store.ts';

/** `before`: as plans were digested before names were part of it, so that what was sent then is known to have been sent. */
export interface PlanDigest {
  digest: string;
  before: string | null;
}

/** JSON with sorted keys and no white space: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}

type Digested = Pick<PlanRow, 'channelId' | 'message' | 'options' | 'recipients' | 'parameterNames'>;

/** The digest out of what describes the plan and the digests of its blocks (hex). Pure. */
export function combineDigest(plan: Digested, blocks: string[]): PlanDigest {
  const { channelId, message, options, recipients, parameterNames } = plan;
  const one = sha256(canonicalJson(['sluice plan 1', channelId, message, options, recipients]), blocks);
  if (parameterNames.length < 2) return { digest: one, before: null };
  const head = canonicalJson(['sluice plan 2', channelId, message, options, recipients, parameterNames]);
  return { digest: sha256(head, blocks), before: one };
}

function sha256(head: string, blocks: string[]): string {
  return createHash('sha256')
    .update([head, ...blocks, ''].join('\n'))
    .digest('hex');
}

/**
 * The digest of a matched plan. Reads every recipient once, in Postgres; only block digests leave it. `suppressed`: whether
 * any of them is, else their reasons need not be looked up.
 */
export async function planDigest(db: Queryable, row: PlanRow, suppressed: boolean): Promise<PlanDigest> {
  const { rows } = await db.query<{ digest: string }>(planSql.digest_blocks, [row.broadcastId, suppressed]);
  return combineDigest(
    row,
    rows.map((block) => block.digest),
  );
}
