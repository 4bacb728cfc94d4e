// Records the histories that tests/replay replays: runs importContacts on the real stack in its main courses and writes
// what Temporal kept. Run it after a deliberate change of a workflow (npm run record-histories NAME-SUFFIX), and keep the
// old files: runs of the old code must replay too.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeContacts } from '../dist/bench/contact-rows.js';
import { openDatabase } from '../dist/adapters/postgres/database.js';
import { migrate } from '../dist/adapters/postgres/migrate.js';
import { addChannel } from '../dist/pipelines/channels/channel-store.js';
import { loadConfig } from '../dist/server/config.js';
import { startStack } from '../dist/server/embedded/embedded-stack.js';
import { ensureTemporal } from '../dist/server/embedded/temporal-binary.js';
import { connectTemporal } from '../dist/server/services.js';
import { root, say } from './steps.mjs';

const suffix = process.argv[2] ?? 'v1';
const target = join(root, 'tests', 'replay', 'histories');
const folder = mkdtempSync(join(tmpdir(), 'sluice-histories-'));
chmodSync(folder, 0o711);
const env = { SLUICE_IMPORT_SLICE_LINES: '200' };
const config = loadConfig({ env, overrides: { dataDir: join(folder, 'data') } });
const temporal = await ensureTemporal({ config, env: process.env, say });
const stack = await startStack({
  config,
  env: { ...process.env, ...env },
  say,
  worker: 1,
  ui: false,
  migrate,
});
const db = openDatabase({ url: stack.databaseUrl });
const client = await connectTemporal({
  databaseUrl: stack.databaseUrl,
  temporal: { connection: { address: stack.temporalAddress }, namespace: stack.namespace },
  uiUrl: '',
});
try {
  mkdirSync(target, { recursive: true });
  await addChannel(db, {
    ...{ id: 'line', kind: 'line', baseUrl: 'http://127.0.0.1:9', senderId: 'x', secretEnv: 'X', rates: {} },
    ...{ defaultCountry: 'TW', timeZone: 'Asia/Taipei', enabled: true },
  });
  const file = join(folder, 'contacts.csv');
  await writeContacts({ csv: file, copy: join(folder, 'contacts.copy') }, 60_000);
  const bad = join(folder, 'bad.csv');
  writeFileSync(bad, 'LINE UID\nnot a uid\n');
  await record('cancelled', { file }, cancelWhileApplying);
  await record('resumed', { file });
  await record('recognised', { file });
  await record('rejected', { file: bad });
  await record('failed', { file: join(folder, 'missing.csv') });
  await record('wrong-input', { file: 'relative.csv' });
} finally {
  await client.connection.close();
  await db.end();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function record(name, input, disturb = async () => undefined) {
  const options = { taskQueue: 'pipeline', workflowId: `import/${name}`, args: [{ channel: 'line', ...input }] };
  const handle = await client.workflow.start('importContacts', options);
  await disturb(handle);
  const end = await handle.result().then(
    (result) => result.state,
    (error) => error.cause?.message ?? error.message,
  );
  const show = ['workflow', 'show', '--workflow-id', options.workflowId, '--output', 'json'];
  const shown = execFileSync(temporal.path, [...show, '--address', stack.temporalAddress], { maxBuffer: 2 ** 26 });
  const history = JSON.parse(shown.toString());
  const text = JSON.stringify(history, (key, value) => (key === 'identity' ? 'worker' : value));
  writeFileSync(join(target, `import-contacts-${name}-${suffix}.json`), `${text}\n`);
  say(`${name}: ${history.events.length} events, ended: ${end}`);
}

async function cancelWhileApplying(handle) {
  for (;;) {
    const { rowCount } = await db.query('select from import_slices limit 5');
    if (rowCount >= 5) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await handle.cancel();
}
