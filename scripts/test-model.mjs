// `npm run test:model [RUNS] [SEED]`: courses of broadcasts that seeds decide, 300 from a random seed unless told otherwise. Run n
// has the seed SEED + n - 1; `npm run test:model 1 SEED` repeats one.
import { join } from 'node:path';
import { ensureInstalled, requireNode, root, runAndForward } from './steps.mjs';

requireNode();
if (!ensureInstalled()) process.exit(1);
process.chdir(root);
const [runs = '300', seed = String(Math.floor(Math.random() * 1e9))] = process.argv.slice(2);
const env = { ...process.env, MODEL_RUNS: runs, MODEL_SEED: seed };
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
process.exit(await runAndForward(process.execPath, [vitest, 'run', '--project', 'model'], env));
