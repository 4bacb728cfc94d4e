// `sluice bench match`: a recipient list to a frozen plan, through Temporal, against bare SQL on the same keys and contacts.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import type { Database } from '../ports/database.ts';
import { addChannel } from '../pipelines/channels/channel-store.ts';
import type { PlanResult } from '../contracts/broadcast.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import type { Stack } from '../server/embedded/embedded-stack.ts';
import { connectToStack } from '../server/services.ts';
import { inBenchStack } from './bench-stack.ts';
import { readHistory, type HistoryFigures } from './history.ts';
import { describeMachine, residentMiB, watchMemory, type Machine } from './machine.ts';
import { runMatchFloor, type MatchFloor } from './match-floor.ts';

export interface MatchBench {
  bench: 'match';
  machine: Machine;
  figures: {
    lines: number;
    contacts: number;
    seconds: number;
    linesPerSecond: number;
    requests: number;
    memory: { idleMiB: number; aboveIdleMiB: number };
    history: HistoryFigures;
  };
  floors: MatchFloor;
  ratios: { match: number };
}

/** Lines and contacts written at a time; only speed. */
const CHUNK = 5_000;

/** Each measured thing is done this often, and the middle one counts: one run in three meets a checkpoint or a neighbour. */
const RUNS = 3;

/** Runs the bench in a stack of its own, in a temporary folder that is removed again. */
export async function benchMatch(lines: number, contacts: number, say: (text: string) => void): Promise<MatchBench> {
  return inBenchStack(say, ({ stack, db, folder }) => measure(stack, db, folder, { lines, contacts }, say));
}

async function measure(
  stack: Stack,
  db: Database,
  folder: string,
  { lines, contacts }: { lines: number; contacts: number },
  say: (text: string) => void,
): Promise<MatchBench> {
  say(`writing ${contacts} contacts`);
  await prepareContacts(db, contacts);
  const keys = Array.from({ length: lines }, (_, line) => lineKey(line, lines, contacts));
  const list = path.join(folder, 'list.csv');
  await writeList(list, keys);
  const small = path.join(folder, 'small.csv');
  await writeList(small, keys.slice(0, Math.ceil(lines / 10)));
  const idleMiB = residentMiB(stack.pidOf('worker')!);
  say('warm-up');
  await timedPlan(stack, small, 'warm-up');
  await runMatchFloor(stack.databaseUrl, keys.slice(0, Math.ceil(lines / 10)));
  const runs: TimedPlan[] = [];
  const floors: MatchFloor[] = [];
  const memory = watchMemory(stack.pidOf('worker')!);
  for (let run = 1; run <= RUNS; run++) {
    say(`floor and plan, ${run} of ${RUNS}`);
    floors.push(await runMatchFloor(stack.databaseUrl, keys));
    await db.query('checkpoint');
    // Another text each time: the same plan would only be recognised.
    runs.push(await timedPlan(stack, list, `run ${run}`));
  }
  const run = middle(runs, (timed) => timed.seconds);
  const floor = middle(floors, (timed) => timed.total);
  if (run.result.outcomes.matched !== lines || run.result.recipients !== lines)
    throw new Error(`the bench expected ${lines} recipients, and got ${JSON.stringify(run.result)}`);
  return {
    bench: 'match',
    machine: describeMachine(),
    figures: {
      lines,
      contacts,
      seconds: run.seconds,
      linesPerSecond: lines / run.seconds,
      requests: run.result.requests,
      memory: { idleMiB, aboveIdleMiB: memory.peak() - idleMiB },
      history: run.history,
    },
    floors: floor,
    ratios: { match: run.seconds / floor.total },
  };
}

function middle<T>(values: T[], of: (value: T) => number): T {
  return [...values].sort((a, b) => of(a) - of(b))[Math.floor(values.length / 2)]!;
}

function socialId(contact: number): string {
  return `U${createHash('md5').update(`contact ${contact}`).digest('hex')}`;
}

/** The lines are spread over all contacts, in no order that the table has. */
function lineKey(line: number, lines: number, contacts: number): string {
  return socialId(Math.floor((line * contacts) / lines));
}

async function prepareContacts(db: Database, contacts: number): Promise<void> {
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
  await db.query(
    `insert into contacts (channel_id, social_id, display_name, member_id, email, email_key, phone, phone_raw,
       subscribed_since, last_interaction_at, source)
     select 'bench', 'U' || md5('contact ' || n), '客戶' || n, lpad(n::text, 9, '0'), 'user' || n || '@example.com',
       'user' || n || '@example.com', '+8869' || lpad((10000000 + n)::text, 8, '0'), '09' || lpad((10000000 + n)::text, 8, '0'),
       '2024-01-01'::timestamptz + n * interval '1 second', '2026-01-01'::timestamptz + n * interval '1 second', 'bench'
     from generate_series(0, $1::integer - 1) n`,
    [contacts],
  );
  await db.query('vacuum analyze contacts');
}

async function writeList(file: string, keys: string[]): Promise<void> {
  const out = createWriteStream(file);
  out.write('LINE UID,姓名,折扣碼\n');
  for (let from = 0; from < keys.length; from += CHUNK) {
    const text = keys.slice(from, from + CHUNK).map((key, n) => `${key},客戶${from + n},C${from + n}\n`);
    if (!out.write(text.join(''))) await once(out, 'drain');
  }
  out.end();
  await finished(out);
}

interface TimedPlan {
  result: PlanResult;
  seconds: number;
  history: HistoryFigures;
}

/** One plan from start to result, as a client sees it. */
async function timedPlan(stack: Stack, csv: string, title: string): Promise<TimedPlan> {
  const client = await connectToStack(stack);
  const message = { messages: [{ type: 'text', text: `${title}: {{姓名}}, {{折扣碼}}` }] };
  try {
    const start = process.hrtime.bigint();
    const handle = await client.workflow.start('planBroadcast', {
      taskQueue: PIPELINE_QUEUE,
      workflowId: `bench/${title}`,
      args: [{ channel: 'bench', csv, message }],
    });
    const result = (await handle.result()) as PlanResult;
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    return { result, seconds, history: await readHistory(handle) };
  } finally {
    await client.connection.close();
  }
}
