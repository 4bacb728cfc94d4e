// Runs the steps of a contact import in this process, against a real database, without Temporal: for tests of what the
// steps mean. A "crash" is a thrown error between or inside steps; the next run goes on from the database alone.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openDatabase } from '../adapters/postgres/database.ts';
import type { Database } from '../ports/database.ts';
import { addChannel } from '../pipelines/channels/channel-store.ts';
import type { ChannelKind } from '../contracts/channel-kinds.ts';
import { parseImportInput, type ImportInput, type ImportResult } from '../contracts/import.ts';
import { applySlices } from '../pipelines/import/apply.ts';
import { registerImport, type Registered } from '../pipelines/import/register.ts';
import { reportImport } from '../pipelines/import/report.ts';
import { resolveLines } from '../pipelines/import/resolve.ts';
import { stageLines } from '../pipelines/import/stage.ts';
import type { ActivityDeps } from '../activities/index.ts';
import { activityDeps } from '../server/activity-deps.ts';
import { loadConfig } from '../server/config.ts';
import { inlineNormaliser, inlineTagReader } from '../server/normaliser-threads.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';

export const TEST_KEY = 'a key for tests only';

export interface ImportWorld {
  db: Database;
  deps: ActivityDeps;
  folder: string;
  /** Writes a file into the world's folder and gives its path. */
  file(name: string, content: string | Uint8Array): Promise<string>;
  /** All steps of one import, as the workflow would call them. */
  run(input: Partial<ImportInput> & { file: string; channel: string }, runId?: string): Promise<ImportResult>;
  /** Inspect alone: the import row, and what is left to do. */
  register(input: Partial<ImportInput> & { file: string; channel: string }, runId?: string): Promise<Registered>;
  close(): Promise<void>;
}

/** A world for the tests of one file, with a database of its own; whoever calls it empties what it needs empty. */
export function importWorld(): ImportWorld & { databaseUrl: string } {
  const held = {} as ImportWorld & { databaseUrl: string };
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
    Object.assign(held, await openImportWorld(database.databaseUrl), { databaseUrl: database.databaseUrl });
  });
  afterAll(async () => {
    await held.close();
    await database.drop();
  });
  return held;
}

const control = { signal: new AbortController().signal, onProgress: () => undefined };

/** A database, a folder, and three channels: `line`, `wa`, `fb`. */
export async function openImportWorld(databaseUrl: string): Promise<ImportWorld> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-import-'));
  const config = loadConfig({
    env: { SLUICE_SUPPRESSION_KEY: TEST_KEY, SLUICE_IMPORT_SLICE_LINES: '100' },
    overrides: { dataDir: folder },
  });
  const db = openDatabase({ url: databaseUrl, poolSize: 6 });
  for (const [id, kind] of [
    ['line', 'line'],
    ['wa', 'whatsapp'],
    ['fb', 'messenger'],
  ] as [string, ChannelKind][])
    await addTestChannel(db, id, kind);
  const running = new Set<string>();
  const temporal = {
    workflow: {
      getHandle: (_id: string, runId: string) => ({
        describe: async () => ({ status: { name: running.has(runId) ? 'RUNNING' : 'COMPLETED' } }),
      }),
    },
  } as unknown as Parameters<typeof activityDeps>[2];
  const deps: ActivityDeps = {
    ...activityDeps(config, db, temporal),
    openNormaliser: inlineNormaliser,
    openTagReader: inlineTagReader,
  };
  let runs = 0;
  const register: ImportWorld['register'] = async (given, runId = `run-${++runs}`) => {
    const input = parseImportInput(given);
    return registerImport(
      input,
      { workflowId: `test/${runId}`, runId },
      deps,
      deps.registerSteps(input, control.signal, () => undefined),
    );
  };
  return {
    db,
    deps,
    folder,
    register,
    file: async (name, content) => {
      const target = path.join(folder, name);
      await writeFile(target, content);
      return target;
    },
    run: async (given, runId) => {
      const registered = await register(given, runId);
      if (registered.recognised) return registered.recognised;
      return finishImport(deps, registered, given.dryRun ?? false);
    },
    close: async () => {
      await db.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Stage to report, as the workflow calls them. */
export async function finishImport(deps: ActivityDeps, ref: Registered, dryRun: boolean): Promise<ImportResult> {
  const { importId, attempt } = ref;
  const fenced = { importId, attempt };
  await stageLines(fenced, deps, deps.openSpool, control);
  const resolved = await resolveLines(fenced, deps, control);
  if (!resolved.rejected && !dryRun) await applySlices(fenced, deps, control);
  return reportImport(fenced, resolved.rejected ? 'rejected' : 'done', deps);
}

export async function addTestChannel(db: Database, id: string, kind: ChannelKind): Promise<void> {
  await addChannel(db, {
    id,
    kind,
    baseUrl: 'http://127.0.0.1:9',
    senderId: 'test',
    secretEnv: 'TEST_TOKEN',
    rates: {},
    defaultCountry: 'TW',
    timeZone: 'Asia/Taipei',
    enabled: true,
  });
}

/** A LINE user id out of any number, always the same. */
export function lineId(seed: number | string): string {
  return `U${createHash('md5').update(String(seed)).digest('hex')}`;
}

/** design.md §4: MD5 over sorted (channel, social_id, business columns); no surrogate ids, no audit times. Tags included. */
export async function contactChecksum(db: Pick<Database, 'query'>): Promise<string> {
  const { rows } = await db.query<{ sum: string }>(`
    select md5(coalesce(string_agg(line, E'\\n' order by line collate "C"), '')) as sum from (
      select concat_ws(E'\\x1f', channel_id, social_id, coalesce(display_name, '-'), coalesce(avatar_url, '-'),
        coalesce(time_zone, '-'), coalesce(member_id, '-'), coalesce(email, '-'), coalesce(email_key, '-'),
        coalesce(phone, '-'), coalesce(phone_raw, '-'), subscribed, extract(epoch from last_interaction_at), attributes::text,
        (select string_agg(tag, E'\\x1e' order by tag) from contact_tags t where t.contact_id = contacts.id)) as line
      from contacts) l`);
  return rows[0]!.sum;
}

/** Outcome by line of an import, `duplicate of k` spelled out; the surrogate contact ids left away. */
export async function outcomesByLine(db: Pick<Database, 'query'>, importId: string): Promise<string[]> {
  const { rows } = await db.query<{ text: string }>(
    `select line || ' ' || outcome || coalesce(' of ' || duplicate_of, '') || coalesce(' (' || reason || ')', '') as text
     from import_lines where import_id = $1 order by line`,
    [importId],
  );
  return rows.map((row) => row.text);
}
