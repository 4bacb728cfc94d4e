// Records the histories of broadcast and deliverChannel that tests/replay replays, as record-histories.mjs does for imports:
// with a pause, a retry, a cancel, a continue-as-new. Run it after a deliberate change of a workflow, and keep the old files.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addChannel } from '../dist/pipelines/channels/channel-store.js';
import { recordHistories } from './history-recorder.mjs';

let people = 0;

await recordHistories(recordBroadcasts, { secrets: { SLUICE_SECRET_RECORD: 'record' }, simulator: true });

async function recordBroadcasts({ stack, db, client, folder, run, write }) {
  await addChannel(db, {
    ...{ id: 'wa', kind: 'whatsapp', baseUrl: `${stack.simulatorUrl}/v23.0`, senderId: 'wa', rates: { message: 60 } },
    ...{ secretEnv: 'SLUICE_SECRET_RECORD', defaultCountry: 'TW', timeZone: 'Asia/Taipei', enabled: true },
  });
  // A new channel's deliveries are picked up within seconds; nothing waits for them here.
  const plain = await plan(20);
  await record('plain', plain, { plan: plain.digest });
  const paused = await plan(120);
  await record('paused', paused, { plan: paused.digest }, async (handle) => {
    await sent(paused, 20);
    await handle.executeUpdate('pause');
    await handle.signal('setRateSignal', { perSecond: 50 });
    await handle.executeUpdate('resume');
  });
  const cancelled = await plan(200);
  await record('cancelled', cancelled, { plan: cancelled.digest }, async (handle) => {
    await sent(cancelled, 20);
    await handle.executeUpdate('cancel');
  });
  await record('retried', cancelled, { retry: { broadcastId: cancelled.broadcastId, scope: 'cancelled' } });
  const list = await listOf(30);
  await record('approved', null, { list }, (handle) => handle.executeUpdate('approve'));
  await record('wrong-input', null, { plan: 'nonsense' });
  const long = await plan(120);
  await record('handed-over', long, { plan: long.digest, events: 60 }, async (handle) => {
    await sent(long, 10);
    for (let round = 0; round < 4; round++) {
      await handle.executeUpdate('pause');
      await handle.executeUpdate('resume');
    }
  });
  await recordContinued(await plan(90));

  /** The input of a plan for new people. */
  async function listOf(recipients) {
    const csv = join(folder, `${people}.csv`);
    const phone = (n) => `+8869${String(people + n).padStart(8, '0')}`;
    writeFileSync(csv, `手機\n${Array.from({ length: recipients }, (_, n) => phone(n)).join('\n')}\n`);
    people += recipients;
    const message = { type: 'template', template: { name: 'record', language: { code: 'en' } } };
    return { channel: 'wa', csv, message, settleSeconds: 0 };
  }

  async function plan(recipients) {
    const args = [await listOf(recipients)];
    return client.workflow.execute('planBroadcast', { taskQueue: 'pipeline', workflowId: `plan/${people}`, args });
  }

  async function sent({ broadcastId }, enough) {
    const query = `select from broadcast_ledger where broadcast_id = $1 and fate = 'accepted'`;
    while ((await db.query(query, [broadcastId])).rowCount < enough) await new Promise((done) => setTimeout(done, 20));
  }

  async function record(name, planned, input, disturb) {
    const workflowId = `broadcast/${planned?.broadcastId ?? name}/${name}`;
    await run('broadcast', workflowId, [input], disturb);
    write(`broadcast-${name}`, workflowId);
    const attempt = name === 'retried' ? 2 : 1;
    if (planned) write(`deliver-channel-${name}`, `${workflowId}/wa/${attempt}`);
  }

  /** Many small slices and few events to a run. */
  async function recordContinued({ broadcastId }) {
    await db.query(
      `update broadcasts set attempt = 1, state = 'running', workflow_id = 'record', run_id = 'record' where id = $1`,
      [broadcastId],
    );
    await db.query('delete from broadcast_slices where broadcast_id = $1', [broadcastId]);
    await db.query(
      `insert into broadcast_slices (broadcast_id, slice, from_ordinal, to_ordinal)
     select $1, n, n * 3, n * 3 + 3 from generate_series(0, 29) n`,
      [broadcastId],
    );
    await db.query(
      `insert into contacts (channel_id, social_id, source)
     select 'wa', address, 'record' from broadcast_recipients where broadcast_id = $1 on conflict do nothing`,
      [broadcastId],
    );
    const workflowId = `broadcast/${broadcastId}/continued/wa`;
    const input = { broadcastId, attempt: 1, channel: 'wa', resolveOnly: false, events: 60 };
    const handle = await client.workflow.start('deliverChannel', { taskQueue: 'pipeline', workflowId, args: [input] });
    const first = (await handle.describe()).runId;
    await handle.result();
    write('deliver-channel-continued-first', workflowId, first);
    write('deliver-channel-continued-last', workflowId);
  }
}
