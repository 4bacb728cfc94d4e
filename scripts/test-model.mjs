// `npm run test:model [RUNS] [SEED] [broadcast|log]`: courses that seeds decide, of broadcasts and of imports with their log and answers;
// 300 of each from a random seed unless told otherwise. Course n has the seed SEED + n - 1; `npm run test:model 1 SEED log` repeats one.
import { join } from 'node:path';
import { ensureInstalled, requireNode, root, runAndForward } from './steps.mjs';

requireNode();
if (!ensureInstalled()) process.exit(1);
process.chdir(root);
const [runs = '300', seed = String(Math.floor(Math.random() * 1e9)), which = ''] = process.argv.slice(2);
const files = which === '' ? [] : [`tests/model/${which}-model.test.ts`];
const env = { ...process.env, MODEL_RUNS: runs, MODEL_SEED: seed };
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
process.exit(await runAndForward(process.execPath, [vitest, 'run', '--project', 'model', ...files], env));
