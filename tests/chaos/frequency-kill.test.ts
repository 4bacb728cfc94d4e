// kill -9 of worker, Temporal and Postgres while the lake is written, windows are counted, results are published. Nobody ever
// sees a half-published result, and the end is that of plain SQL over the log.
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fillTagLog } from '../../bench/tag-log-rows.ts';
import type { FrequencyResult } from '../../contracts/tag-frequency.ts';
import { PIPELINE_QUEUE } from '../../contracts/task-queues.ts';
import { instantUs } from '../../pipelines/frequency/windows.ts';
import { plainFrequency } from '../frequency-harness.ts';
import { openStackWorld, until, untilAnswered, type StackWorld } from '../stack-world.ts';

const EVENTS = 300_000;
const VICTIMS = ['worker', 'temporal', 'postgres'] as const;
const STEPS = ['refreshLake', 'countPart', 'publishFrequency'] as const;
const WINDOWS = ['7d', '30d', '90d', 'week', 'month'];

let world: StackWorld;
const hits: string[] = [];

beforeAll(async () => {
  world = await openStackWorld();
  await fillTagLog(world.db, EVENTS, () => undefined);
}, 300_000);
afterAll(async () => {
  process.stdout.write(`hits:\n  ${hits.join('\n  ')}\n`);
  await world.close();
});

/** Every result that readers may find is whole: its row, its manifest, all its files. Gives the number of results. */
async function expectNothingHalf(): Promise<number> {
  // Postgres may just have been killed.
  const { rows } = await until('the results', 60_000, () =>
    world.db.query<{ folder: string; checksum: string; rows: string }>(
      'select folder, checksum::text as checksum, rows from tag_frequencies',
    ),
  );
  const root = path.join(world.dataDir, 'frequency');
  for (const row of rows) {
    const manifest = JSON.parse(readFileSync(path.join(root, row.folder, 'manifest.json'), 'utf8')) as {
      checksum: string;
      rows: number;
      files: { name: string }[];
    };
    expect({ checksum: manifest.checksum, rows: manifest.rows }).toEqual({
      checksum: row.checksum,
      rows: Number(row.rows),
    });
    for (const { name } of manifest.files) expect(existsSync(path.join(root, row.folder, name))).toBe(true);
  }
  for (const window of WINDOWS) {
    const link = path.join(root, '_all', window, 'current');
    const points = existsSync(link) ? readlinkSync(link) : null;
    if (points !== null) expect(existsSync(path.join(root, '_all', window, points, 'manifest.json'))).toBe(true);
  }
  return rows.length;
}

async function inStep(workflowId: string, step: string): Promise<void> {
  await until(`${workflowId} in ${step}`, 60_000, async () => {
    const { raw } = await world.client.workflow.getHandle(workflowId).describe();
    const pending = raw.pendingActivities ?? [];
    // 2: PENDING_ACTIVITY_STATE_STARTED.
    const started = pending.some(({ activityType, state }) => activityType?.name === step && Number(state) === 2);
    return started ? true : null;
  });
}

/** Late events on every day, so that the whole lake has to be written again. */
function touchEveryDay(tag: string): Promise<unknown> {
  return until('late events', 60_000, () =>
    world.db.query(
      `insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key)
       select 'bench', (select min(id) from contacts) + n, 'applied', $1, now() - n * interval '1 day' - interval '2 minutes', 'manual', gen_random_uuid()
       from generate_series(0, 119) n`,
      [tag],
    ),
  );
}

/** Files of a refresh that has not published its version. */
async function drafts(): Promise<number> {
  const { rows } = await world.db.query<{ n: string }>('select count(*) as n from lake_files where added_in is null');
  return Number(rows[0]!.n);
}

for (const victim of VICTIMS)
  for (const step of STEPS)
    test(`kill -9 ${victim} in ${step}`, { timeout: 240_000 }, async () => {
      await touchEveryDay(`${victim} ${step}`);
      const workflowId = `chaos/${victim}-${step}`;
      const input = { windows: WINDOWS, fanOut: 2, formats: ['parquet', 'csv', 'json', 'arrow'] };
      const handle = await world.client.workflow.start('tagFrequency', {
        taskQueue: PIPELINE_QUEUE,
        workflowId,
        args: [input],
      });
      await inStep(workflowId, step);
      if (step === 'refreshLake')
        await until('files in the making', 60_000, async () => ((await drafts()) > 2 ? true : null));
      expect(world.stack.kill(victim, 'SIGKILL')).toBe(true);
      const made = await until('Postgres', 60_000, drafts);
      hits.push(
        `${victim} in ${step}: ${made} files of the lake in the making, ${await expectNothingHalf()} results published`,
      );
      const result = await untilAnswered(() => handle.result() as Promise<FrequencyResult>);
      expect(await expectNothingHalf()).toBeGreaterThanOrEqual(WINDOWS.length);
      for (const { from, to, checksum, rows } of result.windows.slice(0, 2)) {
        const plain = await plainFrequency(world.db, { from, to, knownAtUs: String(instantUs(result.knownAt)) });
        expect({ checksum, rows }).toEqual({ checksum: plain.checksum, rows: plain.lines.length });
      }
    });
