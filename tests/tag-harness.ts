// Runs the steps of an import of tag events in this process, against a real database, without Temporal; and looks at the log.
import { beforeEach } from 'vitest';
import { parseTagImportInput, type TagImportInput, type TagImportResult } from '../contracts/tag-import.ts';
import type { Registered } from '../pipelines/import/register.ts';
import { applyTags } from '../pipelines/tags/apply-tags.ts';
import { registerTags } from '../pipelines/tags/register-tags.ts';
import { reportTags } from '../pipelines/tags/report-tags.ts';
import { resolveTags } from '../pipelines/tags/resolve-tags.ts';
import { stageTags } from '../pipelines/tags/stage-tags.ts';
import { writeEvent, type NewEvent } from '../pipelines/tags/write-events.ts';
import type { Database } from '../ports/database.ts';
import type { ActivityDeps } from '../activities/index.ts';
import { importWorld, type ImportWorld } from './import-harness.ts';

export const control = { signal: new AbortController().signal, onProgress: () => undefined };

export interface TagWorld extends ImportWorld {
  databaseUrl: string;
}

/** A world for the tests of one file, emptied before each: nine people of the channel `line`, numbered from 1, and no event. */
export function tagWorld(): TagWorld {
  const held = importWorld();
  beforeEach(() => emptyTagWorld(held.db));
  return held;
}

export async function emptyTagWorld(db: Pick<Database, 'query'>): Promise<void> {
  await db.query(`truncate tag_events, tag_message_keys, contact_tags, contact_tag_removals, import_lines, import_slices,
    imports, contacts, tag_definitions, tag_erasures, suppressions, broadcast_recipients`);
  await db.query(`insert into contacts (id, channel_id, social_id, member_id, email, email_key, phone, source)
    select n, 'line', 'U' || md5(n::text), 'M' || n, n || '@Example.com', n || '@example.com', '+88691200000' || n, 'test'
    from generate_series(1, 9) n`);
}

type Given = Partial<TagImportInput> & { file: string; channel: string };
let runs = 0;

/** Inspect alone: the import row, and what is left to do. */
export async function registerTagFile(
  deps: ActivityDeps,
  given: Given,
  runId = `tag-run-${++runs}`,
): Promise<Registered<TagImportResult>> {
  const input = parseTagImportInput(given);
  const steps = deps.tagRegisterSteps(input, control.signal, () => undefined);
  return registerTags(input, { workflowId: `test/${runId}`, runId }, deps, steps);
}

/** All steps of one import, as the workflow would call them. */
export async function importTagFile(deps: ActivityDeps, given: Given, runId?: string): Promise<TagImportResult> {
  const registered = await registerTagFile(deps, given, runId);
  if (registered.recognised) return registered.recognised;
  return finishTags(deps, registered, given.dryRun ?? false);
}

/** Stage to report. */
export async function finishTags(
  deps: ActivityDeps,
  { importId, attempt }: { importId: string; attempt: number },
  dryRun: boolean,
): Promise<TagImportResult> {
  const ref = { importId, attempt };
  await stageTags(ref, deps, control);
  const { rejected } = await resolveTags(ref, deps, control);
  if (!rejected && !dryRun) await applyTags(ref, deps, control);
  return reportTags(ref, rejected ? 'rejected' : 'done', deps);
}

/** An event of the source `manual`; `at` null: now. */
export const event = (
  contactId: number | string,
  kind: NewEvent['kind'],
  tag: string,
  at: string | null,
): NewEvent => ({
  contactId: String(contactId),
  kind,
  tag,
  at,
  source: 'manual',
  messageId: null,
});

/** Imports a text as a file of the world's channel; any share of its lines may be invalid. */
export function tagImporter(world: {
  deps: ActivityDeps;
  file(name: string, content: string | Uint8Array): Promise<string>;
}) {
  return async (
    text: string | Uint8Array,
    options: Partial<TagImportInput> = {},
    name = 'tags.csv',
  ): Promise<TagImportResult> => {
    const file = await world.file(name, text);
    return importTagFile(world.deps, { file, channel: 'line', maxInvalid: 1, ...options });
  };
}

/** Puts single tags on and takes them off; `names`: what is on now, `contact tag`. */
export function singleEvents(world: { db: Database }) {
  return {
    put: (contactId: number, tag: string, at: string | null) =>
      writeEvent(world.db, event(contactId, 'applied', tag, at)),
    off: (contactId: number, tag: string, at: string | null) =>
      writeEvent(world.db, event(contactId, 'removed', tag, at)),
    names: async () => (await tagsNow(world.db)).map((line) => line.split('@')[0]),
  };
}

/** The log as text, in the order of time: `kind tag at contact's social id source`; retractions by the kind they retract. */
export async function logLines(db: Pick<Database, 'query'>): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>(`
    select concat_ws(' ', e.kind, e.tag, to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.source) as line
    from tag_events e order by e.occurred_at, e.tag, e.kind, e.id`);
  return rows.map(({ line }) => line);
}

/** Tags on contacts now, `tag@time`, by contact and tag. */
export async function tagsNow(db: Pick<Database, 'query'>): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>(`
    select t.contact_id || ' ' || t.tag || '@' || extract(epoch from t.applied_at) || coalesce(' until ' || extract(epoch from t.expires_at), '') as line
    from contact_tags t order by t.contact_id, t.tag`);
  return rows.map(({ line }) => line);
}

/** Tags now as the log alone says: what every writer must arrive at. Without their ends. */
export async function tagsByLog(db: Pick<Database, 'query'>): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>(`
    with live as (
      select * from tag_events e where kind <> 'retracted' and not exists (
        select from tag_events r where r.kind = 'retracted' and r.retracts = e.id)
    ), said as (
      select contact_id, tag, max(occurred_at) filter (where kind = 'applied') as on_at,
        max(occurred_at) filter (where kind <> 'applied') as off_at
      from live group by 1, 2
    )
    select contact_id || ' ' || tag || '@' || extract(epoch from on_at) as line from said
    where on_at is not null and (off_at is null or on_at > off_at) order by contact_id, tag`);
  return rows.map(({ line }) => line);
}
