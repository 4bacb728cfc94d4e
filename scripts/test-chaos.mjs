// `npm run test:chaos [SCHEDULES] [SEED]`: random schedules of crashes, pauses, cancels and retries over broadcasts, 100 unless
// told otherwise.
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, runAndForward } from './steps.mjs';

requireNode();
if (!ensureInstalled() || !ensureBuilt()) process.exit(1);
process.chdir(root);
const [schedules = '100', seed] = process.argv.slice(2);
const env = { ...process.env, CHAOS_SCHEDULES: schedules, ...(seed === undefined ? {} : { CHAOS_SEED: seed }) };
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const args = [vitest, 'run', '--project', 'e2e', 'tests/chaos/broadcast-chaos.test.ts'];
process.exit(await runAndForward(process.execPath, args, env));
