// What the record-…-histories scripts share: a stack of their own, workflows run to their end, and what Temporal kept of them as
// files for tests/replay. Needs a build.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../dist/adapters/postgres/database.js';
import { migrate } from '../dist/adapters/postgres/migrate.js';
import { loadConfig } from '../dist/server/config.js';
import { startStack } from '../dist/server/embedded/embedded-stack.js';
import { ensureTemporal } from '../dist/server/embedded/temporal-binary.js';
import { connectToStack } from '../dist/server/services.js';
import { root, say } from './steps.mjs';

/** Starts it all, hands it to `work`, and removes it. `settings` and `secrets`: of the workers. */
export async function recordHistories(work, { settings = {}, secrets = {}, simulator = false } = {}) {
  const suffix = process.argv[2] ?? 'v1';
  const target = join(root, 'tests', 'replay', 'histories');
  const folder = mkdtempSync(join(tmpdir(), 'sluice-histories-'));
  chmodSync(folder, 0o711);
  const config = loadConfig({ env: settings, overrides: { dataDir: join(folder, 'data') } });
  const temporal = await ensureTemporal({ config, env: process.env, say });
  const env = { ...process.env, ...settings, ...secrets };
  const stack = await startStack({ config, env, say, worker: 1, simulator, ui: false, migrate });
  const db = openDatabase({ url: stack.databaseUrl });
  const client = await connectToStack(stack);

  /** Writes the history of a run, without what is only of this machine. */
  function write(name, workflowId, runId) {
    const show = ['workflow', 'show', '--workflow-id', workflowId, '--output', 'json'];
    if (runId) show.push('--run-id', runId);
    const shown = execFileSync(temporal.path, [...show, '--address', stack.temporalAddress], { maxBuffer: 2 ** 26 });
    const history = JSON.parse(shown.toString());
    const text = JSON.stringify(history, (key, value) => (key === 'identity' ? 'worker' : value));
    writeFileSync(join(target, `${name}-${suffix}.json`), `${text.replaceAll(folder, '/data')}\n`);
    say(`${name}: ${history.events.length} events, last ${history.events.at(-1).eventType}`);
  }

  /** Runs a workflow to its end, whatever that is; gives its result, or null when it failed. */
  async function run(type, workflowId, args, disturb = async () => undefined) {
    const handle = await client.workflow.start(type, { taskQueue: 'pipeline', workflowId, args });
    await disturb(handle);
    return handle.result().then(
      (result) => result,
      (error) => {
        say(`${workflowId} failed: ${error.cause?.message ?? error.message}`);
        return null;
      },
    );
  }

  try {
    mkdirSync(target, { recursive: true });
    await work({ stack, db, client, folder, write, run });
  } finally {
    await client.connection.close();
    await db.end();
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A LINE channel that nothing is sent on. */
export const LINE = {
  ...{ id: 'line', kind: 'line', baseUrl: 'http://127.0.0.1:9', senderId: 'x', secretEnv: 'X', rates: {} },
  ...{ defaultCountry: 'TW', timeZone: 'Asia/Taipei', enabled: true },
};

/** Waits until so many slices of imports are applied, then cancels. */
export function cancelAfterSlices(db, slices) {
  return async (handle) => {
    while ((await db.query(`select from import_slices limit ${slices}`)).rowCount < slices)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await handle.cancel();
  };
}
