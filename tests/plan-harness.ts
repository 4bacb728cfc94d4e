// Runs the steps of a plan in this process, against a real database, without Temporal and without providers: for tests of
// what the steps mean. A "crash" is a thrown error between or inside steps.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openDatabase } from '../adapters/postgres/database.ts';
import type { Database } from '../ports/database.ts';
import { matchList } from '../pipelines/audience/match-list.ts';
import { stageList } from '../pipelines/audience/stage-list.ts';
import { freezePlan } from '../pipelines/broadcast/plan-freeze.ts';
import { registerPlan } from '../pipelines/broadcast/plan-register.ts';
import type { PlanResult } from '../contracts/broadcast.ts';
import type { ChannelKind } from '../contracts/channel-kinds.ts';
import { parsePlanInput, type PlanInput } from '../contracts/plan-input.ts';
import type { PlanRef } from '../contracts/plan.ts';
import type { ActivityDeps } from '../activities/index.ts';
import { activityDeps } from '../server/activity-deps.ts';
import { loadConfig } from '../server/config.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';
import { addTestChannel, TEST_KEY } from './import-harness.ts';

export const HELLO = { messages: [{ type: 'text', text: 'hello' }] };

export type GivenPlan = Partial<PlanInput> & { channel: string; csv: string };

export interface PlanWorld {
  db: Database;
  deps: ActivityDeps;
  folder: string;
  /** Runs that count as alive. */
  running: Set<string>;
  file(name: string, content: string | Uint8Array): Promise<string>;
  register(input: GivenPlan, runId?: string): Promise<PlanRef>;
  /** All steps of one plan, as the workflow would call them. */
  plan(input: GivenPlan, runId?: string): Promise<PlanResult>;
  close(): Promise<void>;
}

export const control = { signal: new AbortController().signal, onProgress: () => undefined };

/** The world of all tests of a file; its members are there once its tests run. */
export function planWorld(): PlanWorld & { databaseUrl: string } {
  const held = {} as PlanWorld & { databaseUrl: string };
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
    Object.assign(held, await openPlanWorld(database.databaseUrl), { databaseUrl: database.databaseUrl });
  });
  afterAll(async () => {
    await held.close?.();
    await database?.drop();
  });
  return held;
}

/** A database, a folder, and three channels: `line`, `wa`, `fb`. No provider answers; LINE takes every message. */
export async function openPlanWorld(databaseUrl: string): Promise<PlanWorld> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-plan-'));
  const config = loadConfig({ env: { SLUICE_SUPPRESSION_KEY: TEST_KEY }, overrides: { dataDir: folder } });
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
      // Each run has a workflow of its own here, named after it.
      getHandle: (id: string, runId = id.replace('test/', '')) => ({
        describe: async () => ({ runId, status: { name: running.has(runId) ? 'RUNNING' : 'COMPLETED' }, raw: {} }),
      }),
    },
  } as unknown as Parameters<typeof activityDeps>[2];
  const deps: ActivityDeps = {
    ...activityDeps(config, db, temporal),
    validateAtProvider: async () => [],
    quotaLeft: async () => null,
  };
  let runs = 0;
  const register: PlanWorld['register'] = (given, runId = `run-${++runs}`) => {
    const input = parsePlanInput({ message: HELLO, ...given });
    return registerPlan(input, { workflowId: `test/${runId}`, runId }, deps, control);
  };
  return {
    db,
    deps,
    folder,
    running,
    register,
    file: async (name, content) => {
      const target = path.join(folder, name);
      await writeFile(target, content);
      return target;
    },
    plan: async (given, runId) => finishPlan(deps, await register(given, runId)),
    close: async () => {
      await db.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Stage to freeze, as the workflow calls them. */
export async function finishPlan(deps: ActivityDeps, ref: PlanRef): Promise<PlanResult> {
  await stageList(ref, deps, control);
  await matchList(ref, deps, control);
  return freezePlan(ref, deps);
}

/** Outcome by line, spelled out, without surrogate ids. */
export async function matchesByLine(db: Pick<Database, 'query'>, broadcastId: string): Promise<string[]> {
  const { rows } = await db.query<{ text: string }>(
    `select line || ' ' || outcome || coalesce(' of ' || duplicate_of, '') || coalesce(' (' || reason || ')', '') as text
     from broadcast_lines where broadcast_id = $1 order by line`,
    [broadcastId],
  );
  return rows.map((row) => row.text);
}

/** `ordinal address fate(code) {parameters}` of each recipient, in order. */
export async function recipientsOf(db: Pick<Database, 'query'>, broadcastId: string): Promise<string[]> {
  const { rows } = await db.query<{ text: string }>(
    `select r.ordinal || ' ' || r.address || ' ' || l.fate || coalesce('(' || l.code || ')', '')
       || coalesce(' {' || array_to_string(r.parameters, '|', '∅') || '}', '') as text
     from broadcast_recipients r join broadcast_ledger l using (broadcast_id, ordinal)
     where broadcast_id = $1 order by ordinal`,
    [broadcastId],
  );
  return rows.map((row) => row.text);
}

export interface GivenContact {
  channel: string;
  socialId: string;
  memberId?: string;
  email?: string;
  phone?: string;
  phoneRaw?: string;
  name?: string;
  subscribed?: boolean;
  subscribedSince?: string;
  lastInteractionAt?: string;
  blockedAt?: string;
}

/** Puts a contact in; gives its id. */
export async function addContact(db: Pick<Database, 'query'>, contact: GivenContact): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `insert into contacts (channel_id, social_id, member_id, email, email_key, phone, phone_raw, display_name, subscribed,
       subscribed_since, last_interaction_at, blocked_at, source)
     values ($1, $2, $3, $4, lower($4), $5, coalesce($6, $5), $7, coalesce($8, true), coalesce($9::timestamptz, now()), $10,
       $11, 'test')
     returning id`,
    [
      contact.channel,
      contact.socialId,
      contact.memberId ?? null,
      contact.email ?? null,
      contact.phone ?? null,
      contact.phoneRaw ?? null,
      contact.name ?? null,
      contact.subscribed ?? null,
      contact.subscribedSince ?? null,
      contact.lastInteractionAt ?? null,
      contact.blockedAt ?? null,
    ],
  );
  return rows[0]!.id;
}
