// `npm test`: does its own set-up, then format, lint and type checks and all tests; stops at the first step that fails.
// Its last line is the count: `N passed, N failed` (`, N skipped` when there are any).
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endLeftovers, MARK } from './leftovers.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root, runAndForward, runStep, say } from './steps.mjs';

const results = join(root, '.test', 'results.json');
const bin = (...path) => [join(root, 'node_modules', ...path)];

const checks = [
  ['install', ensureInstalled],
  ['build', ensureBuilt],
  ['embedded servers', () => runStep(process.execPath, [join(root, 'dist/server/embedded/ensure-binaries.js')])],
  [
    'format',
    () => runStep(process.execPath, [...bin('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level=warn', '.']),
  ],
  ['lint', () => runStep(process.execPath, [...bin('eslint', 'bin', 'eslint.js'), '.'])],
  ['types', () => runStep(process.execPath, [...bin('typescript', 'bin', 'tsc'), '--noEmit'])],
  ['types of workflows', () => typecheck('tsconfig.workflows.json')],
];

function typecheck(project) {
  return runStep(process.execPath, [...bin('typescript', 'bin', 'tsc'), '-p', project, '--noEmit']);
}

function finish({ passed, failed, skipped = 0 }) {
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exit(failed > 0 ? 1 : 0);
}

/** The counts of the report; a file or set-up that failed without a failed test still counts as one. */
function readCounts(exitCode) {
  if (!existsSync(results)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(results, 'utf8'));
  const passed = report.numPassedTests ?? 0;
  const failed = report.numFailedTests ?? 0;
  const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
  const broken = failed === 0 && (exitCode !== 0 || report.success === false || passed === 0);
  return { passed, failed: broken ? 1 : failed, skipped };
}

requireNode();
for (const [name, run] of checks) {
  say(`== ${name}`);
  if (run()) continue;
  say(`The step "${name}" failed: no test was run.`);
  finish({ passed: 0, failed: 1 });
}

say('== tests');
mkdirSync(join(root, '.test'), { recursive: true });
rmSync(results, { force: true });
const mark = randomUUID();
process.chdir(root);
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
const args = [...bin('vitest', 'vitest.mjs'), 'run', ...reporters, ...process.argv.slice(2)];
const exitCode = await runAndForward(process.execPath, args, { ...process.env, [MARK]: mark });
const left = await endLeftovers(mark);
if (left.length > 0) say(`The tests left ${left.length} processes behind, now ended:\n  ${left.join('\n  ')}`);
finish(readCounts(exitCode));
