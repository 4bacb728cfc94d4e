// Records the histories of importTags and expireTags that tests/replay replays, as record-histories.mjs does for contacts. Run it
// after a deliberate change of a workflow, and keep the old files.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
const config = loadConfig({ env: {}, overrides: { dataDir: join(folder, 'data') } });
const temporal = await ensureTemporal({ config, env: process.env, say });
const stack = await startStack({ config, env: process.env, say, worker: 1, ui: false, migrate });
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
  await db.query(`insert into contacts (channel_id, social_id, member_id, source)
    select 'line', 'U' || md5(n::text), 'M' || n, 'record' from generate_series(1, 1000) n`);
  const file = join(folder, 'tags.csv');
  const rows = Array.from({ length: 150_000 }, (_, n) => `M${(n % 1000) + 1},tag ${n % 20},${1_700_000_000 + n}`);
  writeFileSync(file, `member_id,tag,time\n${rows.join('\n')}\n`);
  const bad = join(folder, 'bad.csv');
  writeFileSync(bad, 'member_id,tag,time\nM1,x,never\n');
  const tags = (name, input, disturb) =>
    record('importTags', `import-tags-${name}`, [{ channel: 'line', ...input }], disturb);
  await tags('cancelled', { file }, cancelWhileApplying);
  await tags('resumed', { file });
  await tags('recognised', { file });
  await tags('dry-run', { file, dryRun: true });
  await tags('rejected', { file: bad });
  await tags('failed', { file: join(folder, 'missing.csv') });
  await tags('wrong-input', { file: 'relative.csv' });
  await record('expireTags', 'expire-tags-plain', [{}]);
  await record('expireTags', 'expire-tags-wrong-input', [{ batch: 0 }]);
} finally {
  await client.connection.close();
  await db.end();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function record(type, name, args, disturb = async () => undefined) {
  const options = { taskQueue: 'pipeline', workflowId: `record/${name}`, args };
  const handle = await client.workflow.start(type, options);
  await disturb(handle);
  const end = await handle.result().then(
    (result) => result.state ?? 'done',
    (error) => error.cause?.message ?? error.message,
  );
  const show = ['workflow', 'show', '--workflow-id', options.workflowId, '--output', 'json'];
  const shown = execFileSync(temporal.path, [...show, '--address', stack.temporalAddress], { maxBuffer: 2 ** 26 });
  const history = JSON.parse(shown.toString());
  const text = JSON.stringify(history, (key, value) => (key === 'identity' ? 'worker' : value));
  writeFileSync(join(target, `${name}-${suffix}.json`), `${text}\n`);
  say(`${name}: ${history.events.length} events, ended: ${end}`);
}

async function cancelWhileApplying(handle) {
  while ((await db.query('select from import_slices limit 1')).rowCount < 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await handle.cancel();
}
