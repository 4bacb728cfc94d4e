// The broadcasts of `npm start`: one on LINE and one on WhatsApp, to the simulated providers, planned from the sample lists,
// paused and resumed once each, with their reports.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import type { Database } from '../ports/database.ts';
import { readStatus } from '../pipelines/broadcast/status.ts';
import type { BroadcastStatus, PlanResult } from '../contracts/broadcast.ts';
import { parsePlanInput } from '../contracts/plan-input.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { packageRoot } from '../server/package-root.ts';
import { renderPlan } from './broadcast-plan.ts';
import { renderStatus } from './broadcast-status.ts';
import { say } from './output.ts';

interface Sample {
  channel: string;
  csv: string;
  message: string;
  matchBy: 'member_id' | 'phone';
}

const SAMPLES: Sample[] = [
  { channel: 'line-tw', csv: 'line-recipients.csv', message: 'line-message.json', matchBy: 'member_id' },
  { channel: 'wa-hk', csv: 'whatsapp-recipients.csv', message: 'whatsapp-message.json', matchBy: 'phone' },
];

/** Share of the recipients that have been sent to when the demonstration pauses. */
const PAUSE_AT = 0.25;
const LOOK_MS = 20;

/** Plans and sends each sample; one that an earlier start has sent already only shows its report. Gives the reports' text. */
export async function demoBroadcasts(db: Database, client: Client): Promise<{ text: string; complete: boolean }> {
  const reports: string[] = [];
  let complete = true;
  for (const sample of SAMPLES) {
    const { plan, status } = await demoBroadcast(db, client, sample);
    complete &&= status.state === 'completed';
    reports.push(plan === null ? renderStatus(status) : `${renderPlan(plan, [])}\n\n${renderStatus(status)}`);
  }
  return { text: reports.join('\n\n'), complete };
}

async function demoBroadcast(
  db: Database,
  client: Client,
  sample: Sample,
): Promise<{ plan: PlanResult | null; status: BroadcastStatus }> {
  const earlier = await sentBefore(db, sample);
  if (earlier !== null) {
    say(`examples/${sample.csv} was sent to ${sample.channel} before, as broadcast ${earlier}: this is its report.`);
    return { plan: null, status: await readStatus(db, earlier) };
  }
  say(`Planning a broadcast of examples/${sample.csv} on ${sample.channel} …`);
  const plan = await planOf(client, sample);
  const id = plan.broadcastId;
  say(`Sending broadcast ${id} to the simulated provider: ${plan.recipients} recipients …`);
  const handle = await client.workflow.start('broadcast', {
    taskQueue: PIPELINE_QUEUE,
    workflowId: `broadcast/${id}/1`,
    args: [{ plan: plan.digest }],
    staticSummary: `broadcast ${id} on ${sample.channel}`,
  });
  await untilSent(db, id, plan.recipients * PAUSE_AT);
  await handle.executeUpdate('pause');
  const { fates } = await readStatus(db, id);
  say(`Paused: ${fates.accepted} sent, ${fates.planned} to go, ${fates.claimed} under way. Resuming …`);
  await handle.executeUpdate('resume');
  await handle.result();
  return { plan, status: await readStatus(db, id) };
}

async function sentBefore(db: Database, { channel, csv }: Sample): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `select id from broadcasts where channel_id = $1 and file_name = $2 and state = 'completed' order by id desc limit 1`,
    [channel, csv],
  );
  return rows[0]?.id ?? null;
}

async function planOf(client: Client, sample: Sample): Promise<PlanResult> {
  const file = (name: string) => path.join(packageRoot(), 'examples', name);
  const input = parsePlanInput({
    channel: sample.channel,
    csv: file(sample.csv),
    message: JSON.parse(await readFile(file(sample.message), 'utf8')) as unknown,
    matchBy: sample.matchBy,
  });
  return (await client.workflow.execute('planBroadcast', {
    taskQueue: PIPELINE_QUEUE,
    workflowId: `plan/${randomUUID()}`,
    args: [input],
    staticSummary: `plan for ${sample.channel}`,
  })) as PlanResult;
}

/** Until so many are through, or everything is. */
async function untilSent(db: Database, id: string, enough: number): Promise<void> {
  for (;;) {
    const { fates, state, recipients } = await readStatus(db, id);
    if (fates.accepted >= enough || recipients === fates.suppressed + fates.rejected) return;
    if (state !== 'running' && state !== 'planned') return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
