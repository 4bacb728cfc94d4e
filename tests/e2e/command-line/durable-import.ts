// What the command line leaves behind in Temporal: the state people see, a cancel and going on, and no personal data.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { ImportResult } from '../../../contracts/import.ts';
import { until, type StackWorld } from '../../stack-world.ts';
import {
  answerOf,
  countContacts,
  HEADER,
  launch,
  line,
  PERSONAL,
  personalDataIn,
  textOf,
  type ErrorDocument,
} from './command-line.ts';

const LINES = 60_000;

/** What a person sees of a workflow in Temporal: its details, and its search attributes by name. */
async function seenOf(handle: WorkflowHandle): Promise<{ details: string; attributes: Record<string, unknown> }> {
  const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  const { typedSearchAttributes } = await handle.describe();
  const attributes = typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]);
  return { details: currentDetails, attributes: Object.fromEntries(attributes) };
}

/** Heartbeats of the running step that came after the server was told of the cancel. Each brings the worker the news. */
async function heardOfCancel(handle: WorkflowHandle, beats: Set<string>): Promise<true | null> {
  const step = (await handle.describe()).raw.pendingActivities?.[0];
  // 3: PENDING_ACTIVITY_STATE_CANCEL_REQUESTED
  if (Number(step?.state) !== 3) return null;
  beats.add(`${String(step?.lastHeartbeatTime?.seconds)}.${String(step?.lastHeartbeatTime?.nanos)}`);
  return beats.size > 2 ? true : null;
}

interface Slice extends Record<string, unknown> {
  line_from: string;
  created: number;
  applied_at: Date;
}

async function slicesOf({ db }: StackWorld, importId: string): Promise<Slice[]> {
  const text = 'select line_from, created, applied_at from import_slices where import_id = $1';
  return (await db.query<Slice>(text, [importId])).rows;
}

const createdBy = (slices: Slice[]) => slices.reduce((sum, slice) => sum + slice.created, 0);

/** Registers the tests. They need the channel `durable`; the last one looks at all that ran before it. */
export function durableImportTests(world: () => StackWorld): void {
  test('cancelled while it applies it stops between slices; the same command goes on and ends it', async () => {
    const { db, client, folder, dataDir } = world();
    const lines = Array.from({ length: LINES }, (_, index) => line(10_000 + index));
    await world().file('many.csv', `${[HEADER, ...lines].join('\n')}\n`);
    const command = ['contacts', 'import', 'many.csv', '--channel', 'durable', '--json', '--data-dir', dataDir];
    const waiting = launch(command, folder);
    const started = await until('the first slices', 120_000, async () => {
      const { rows } = await db.query<{ id: string; workflow_id: string }>(
        `select id, workflow_id from imports i where channel_id = 'durable'
           and exists (select from import_slices s where s.import_id = i.id)`,
      );
      return rows[0] ?? null;
    });
    const handle = client.workflow.getHandle(started.workflow_id);
    // With its row locked the import starts no further slice until the worker knows of the cancel.
    await db.transaction(async (tx) => {
      await tx.query('select from imports where id = $1 for update', [started.id]);
      await handle.cancel();
      const beats = new Set<string>();
      await until('the cancel at the worker', 30_000, () => heardOfCancel(handle, beats));
    });
    const left = await waiting.ended;
    expect(left.code).toBe(1);
    expect(left.json<ErrorDocument>().error).toMatchObject({ code: 'import_cancelled' });
    expect(left.stderr).toMatch(/was cancelled.*the same command goes on from there/);
    expect((await handle.describe()).status.name).toBe('CANCELLED');

    const { rows } = await db.query('select state from imports where id = $1', [started.id]);
    expect(rows).toEqual([{ state: 'cancelled' }]);
    const applied = await slicesOf(world(), started.id);
    expect(createdBy(applied)).toBeLessThan(LINES);
    expect(await countContacts(world(), 'durable')).toBe(createdBy(applied));
    const seen = await seenOf(handle);
    expect(seen.details).toContain(`**cancelled** import ${started.id}: 60,000 lines`);
    expect(seen.attributes).toMatchObject({ ImportId: started.id, Channel: 'durable', Stage: 'cancelled' });

    const again = await launch(command, folder).ended;
    expect(again.code).toBe(0);
    expect(again.json<ImportResult>()).toMatchObject({
      importId: started.id,
      state: 'done',
      recognised: false,
      lines: LINES,
      outcomes: { create: LINES, update: 0, unchanged: 0 },
    });
    expect(await countContacts(world(), 'durable')).toBe(LINES);
    const slices = await slicesOf(world(), started.id);
    expect(createdBy(slices)).toBe(LINES);
    // What was applied before the cancel was not applied again.
    expect(slices).toEqual(expect.arrayContaining(applied));
  });

  test('details and search attributes of a finished import say what its report says; its history is free of people', async () => {
    const content = `${HEADER}\n${line(700, { tags: 'VIP' })}\n${line(701)}\n\n${line(702, { uid: 'nobody' })}\n`;
    expect(personalDataIn(content)).toEqual(Object.keys(PERSONAL));
    await world().file('seen.csv', content);
    const result = await answerOf<ImportResult>(
      world(),
      ...['contacts', 'import', 'seen.csv', '--channel', 'durable', '--max-invalid', '50'],
    );
    const handle = world().client.workflow.getHandle(`import/${result.importId}`);
    const { details, attributes } = await seenOf(handle);
    expect(details).toContain(`**done** import ${result.importId}: 3 lines, 2 skipped`);
    expect(details).toContain('| create | 2 |');
    expect(details).toContain('| invalid | 1 |');
    expect(details).toContain(result.rejectsFile);
    expect(attributes).toMatchObject({
      ImportId: result.importId,
      Channel: 'durable',
      Stage: 'done',
      RowsDone: 3,
      RowsTotal: 3,
    });
    const history = textOf(await handle.fetchHistory());
    expect(history).toContain('seen.csv');
    expect(history).toContain('inspectFile');
    expect(personalDataIn(history)).toEqual([]);
  });

  test('after all of this no person stands in a log, nor anywhere in the store of Temporal', async () => {
    const { dataDir } = world();
    const texts = async (folder: string) => {
      const names = await readdir(path.join(dataDir, folder));
      const found = await Promise.all(names.map((name) => readFile(path.join(dataDir, folder, name), 'utf8')));
      return new Map(names.map((name, index) => [name, found[index] ?? '']));
    };
    const logs = await texts('logs');
    // The headerless file was refused by a message; had it named the columns, it would stand here.
    expect(logs.get('worker.log')).toContain('No column of the file identifies');
    for (const name of ['worker.log', 'postgres.log', 'temporal.log']) expect(logs.get(name), name).toBeDefined();
    const store = await texts('temporal');
    expect([...store.values()].join('')).toContain('many.csv');
    for (const [name, text] of [...logs, ...store]) expect(personalDataIn(text), name).toEqual([]);
  });
}
