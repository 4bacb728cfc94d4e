// Records the histories of tagFrequency that tests/replay replays, as record-histories.mjs does for imports: run it after a
// deliberate change of the workflow with a new suffix, and keep the old files.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillTagLog } from '../dist/bench/tag-log-rows.js';
import { openDatabase } from '../dist/adapters/postgres/database.js';
import { migrate } from '../dist/adapters/postgres/migrate.js';
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
  await fillTagLog(db, 10_000, () => undefined);
  await record('plain', {});
  const parts = await record('parts', { fanOut: 4, channel: 'bench', formats: ['parquet', 'csv'], report: false });
  await record('recognised', { asOf: parts.asOf, knownAt: parts.knownAt, channel: 'bench', report: false });
  await record('refused', {
    maxAgeHours: 1,
    asOf: new Date(Date.now() + 50 * 60_000).toISOString(),
    windows: ['2020-01-01..2020-02-01'],
  });
  await record('wrong-input', { windows: ['never'] });
} finally {
  await client.connection.close();
  await db.end();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function record(name, input) {
  const options = { taskQueue: 'pipeline', workflowId: `tag-frequency/${name}`, args: [input] };
  const handle = await client.workflow.start('tagFrequency', options);
  let result = null;
  const end = await handle.result().then(
    (value) => {
      result = value;
      return value.recognised ? 'recognised' : 'published';
    },
    (error) => error.cause?.message ?? error.message,
  );
  const show = ['workflow', 'show', '--workflow-id', options.workflowId, '--output', 'json'];
  const shown = execFileSync(temporal.path, [...show, '--address', stack.temporalAddress], { maxBuffer: 2 ** 26 });
  const history = JSON.parse(shown.toString());
  // Whose machine, and where its folders were, is nobody's business.
  const text = JSON.stringify(history, (key, value) => (key === 'identity' ? 'worker' : value)).replaceAll(
    folder,
    '/data',
  );
  writeFileSync(join(target, `tag-frequency-${name}-${suffix}.json`), `${text}\n`);
  say(`${name}: ${history.events.length} events, ended: ${end}`);
  return result;
}
