// `sluice bench import`: contacts from a CSV through Temporal into Postgres, against bare SQL on the same rows, in one run.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { migrate } from '../adapters/postgres/migrate.ts';
import type { Database } from '../ports/database.ts';
import { addChannel } from '../pipelines/channels/channel-store.ts';
import type { ImportResult } from '../contracts/import.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import type { Stack } from '../server/embedded/embedded-stack.ts';
import { connectToStack } from '../server/services.ts';
import { inBenchStack } from './bench-stack.ts';
import { writeContacts } from './contact-rows.ts';
import { readHistory, type HistoryFigures } from './history.ts';
import { runFloor, type FloorTimes } from './import-floor.ts';
import { describeMachine, residentMiB, watchMemory, type Machine } from './machine.ts';

export interface ImportBench {
  bench: 'import';
  machine: Machine;
  figures: {
    rows: number;
    fileMiB: number;
    empty: ImportFigures;
    unchanged: ImportFigures;
    memory: { idleMiB: number; aboveIdleMiB: number; aboveIdleTenthMiB: number };
  };
  floors: { empty: FloorTimes; unchanged: FloorTimes };
  ratios: { empty: number; unchanged: number };
}

interface ImportFigures {
  seconds: number;
  rowsPerSecond: number;
  history: HistoryFigures;
}

/** Runs the bench in a stack of its own, in a temporary folder that is removed again. */
export async function benchImport(rows: number, say: (text: string) => void): Promise<ImportBench> {
  return inBenchStack(say, ({ stack, db, folder }) => measure(stack, db, folder, rows, say));
}

async function measure(
  stack: Stack,
  db: Database,
  folder: string,
  rows: number,
  say: (text: string) => void,
): Promise<ImportBench> {
  const files = { csv: path.join(folder, 'contacts.csv'), copy: path.join(folder, 'contacts.copy') };
  const tenth = { csv: path.join(folder, 'tenth.csv'), copy: path.join(folder, 'tenth.copy') };
  say(`writing ${rows} rows`);
  await writeContacts(files, rows);
  await writeContacts(tenth, Math.ceil(rows / 10));
  const floorUrl = await floorDatabase(stack.databaseUrl);
  await prepareChannel(db);
  const idleMiB = residentMiB(stack.pidOf('worker')!);
  say(`importing a tenth of it (warm-up; the worker takes ${idleMiB.toFixed(0)} MiB)`);
  const small = await timedImport(stack, db, tenth.csv, false);
  await db.query('truncate contacts, import_lines');
  say('floor, empty table');
  const floorEmpty = await runFloor(floorUrl, files.copy, 1);
  say('import, empty table');
  const empty = await timedImport(stack, db, files.csv, false);
  say('floor, unchanged rows');
  const floorUnchanged = await runFloor(floorUrl, files.copy, 2);
  say('import, unchanged rows');
  const unchanged = await timedImport(stack, db, files.csv, true);
  checkOutcomes(empty.result, 'create', rows);
  checkOutcomes(unchanged.result, 'unchanged', rows);
  return {
    bench: 'import',
    machine: describeMachine(),
    figures: {
      rows,
      fileMiB: (await stat(files.csv)).size / 2 ** 20,
      empty: figuresOf(empty, rows),
      unchanged: figuresOf(unchanged, rows),
      memory: {
        idleMiB,
        aboveIdleMiB: Math.max(empty.peakMiB, unchanged.peakMiB) - idleMiB,
        aboveIdleTenthMiB: small.peakMiB - idleMiB,
      },
    },
    floors: { empty: floorEmpty, unchanged: floorUnchanged },
    ratios: { empty: empty.seconds / floorEmpty.total, unchanged: unchanged.seconds / floorUnchanged.total },
  };
}

/** A database of its own for the floor, on the same server, with the same schema. */
async function floorDatabase(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('create database floor');
  await client.end();
  const url = new URL(databaseUrl);
  url.pathname = '/floor';
  await migrate(url.href);
  return url.href;
}

async function prepareChannel(db: Database): Promise<void> {
  await addChannel(db, {
    id: 'bench',
    kind: 'line',
    baseUrl: 'http://127.0.0.1:9',
    senderId: 'bench',
    secretEnv: 'BENCH_TOKEN',
    rates: {},
    defaultCountry: 'TW',
    timeZone: 'Asia/Taipei',
    enabled: true,
  });
  await db.query(`insert into attribute_definitions (name, type) values ('city', 'text'), ('points', 'number')`);
}

interface TimedImport {
  result: ImportResult;
  seconds: number;
  peakMiB: number;
  history: HistoryFigures;
}

/** One import from start to result, as a client sees it. */
async function timedImport(stack: Stack, db: Database, file: string, again: boolean): Promise<TimedImport> {
  const client = await connectToStack(stack);
  try {
    await db.query('checkpoint');
    const memory = watchMemory(stack.pidOf('worker')!);
    const start = process.hrtime.bigint();
    const handle = await client.workflow.start('importContacts', {
      taskQueue: PIPELINE_QUEUE,
      workflowId: `bench/${path.basename(file)}/${again}`,
      args: [{ file, channel: 'bench', again }],
    });
    const result = (await handle.result()) as ImportResult;
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    return { result, seconds, peakMiB: memory.peak(), history: await readHistory(handle) };
  } finally {
    await client.connection.close();
  }
}

function checkOutcomes(result: ImportResult, outcome: 'create' | 'unchanged', rows: number): void {
  if (result.state !== 'done' || result.outcomes[outcome] !== rows)
    throw new Error(`the bench expected ${rows} × ${outcome}, and got ${JSON.stringify(result)}`);
}

function figuresOf(run: TimedImport, rows: number): ImportFigures {
  return { seconds: run.seconds, rowsPerSecond: rows / run.seconds, history: run.history };
}
