// `npm run test:fuzz [FILES] [SEED]`: mutated files through the reader of records, 1,000,000 unless told otherwise.
import { join } from 'node:path';
import { ensureInstalled, requireNode, root, runAndForward } from './steps.mjs';

requireNode();
if (!ensureInstalled()) process.exit(1);
process.chdir(root);
const [files = '1000000', seed] = process.argv.slice(2);
const env = { ...process.env, FUZZ_FILES: files, ...(seed === undefined ? {} : { FUZZ_SEED: seed }) };
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const args = [vitest, 'run', '--project', 'unit', 'tests/unit/source/reader-fuzz.test.ts'];
process.exit(await runAndForward(process.execPath, args, env));
