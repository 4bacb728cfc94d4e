// Compiles the sources into dist/ and bundles the workflows. Does nothing when neither sources nor packages changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runStep, say } from './steps.mjs';

const stampFile = join(root, 'dist', '.built.json');
const bundler = join(root, 'dist', 'server', 'bundle-workflows.js');
const bundlerSource = join(root, 'server', 'bundle-workflows.ts');

/** Name, size and time of all that goes into dist/. */
function sourcesDigest() {
  const config = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'));
  const files = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
  for (const folder of config.include.filter((name) => existsSync(join(root, name)))) {
    for (const entry of readdirSync(join(root, folder), { recursive: true })) {
      if (entry.endsWith('.ts')) files.push(join(folder, entry));
    }
  }
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return { digest: '', emitted: [] };
  }
}

const stamp = readStamp();
const digest = sourcesDigest();
if (stamp.digest === digest && stamp.emitted.every((file) => existsSync(join(root, file)))) process.exit(0);

say('Building (tsc).');
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const compiled = spawnSync(
  process.execPath,
  [tsc, '-p', 'tsconfig.build.json', '--listEmittedFiles', '--pretty', 'false'],
  {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  },
);
const lines = (compiled.stdout ?? '').split('\n');
const emitted = lines
  .filter((line) => line.startsWith('TSFILE: '))
  .map((line) => line.slice(8).replace(`${root}/`, ''));
// What was emitted is remembered also when the build fails, else a later one could not clear it away.
mkdirSync(join(root, 'dist'), { recursive: true });
writeFileSync(stampFile, JSON.stringify({ digest: '', emitted: [...new Set([...stamp.emitted, ...emitted])] }));
if (compiled.status !== 0) {
  say(lines.filter((line) => line && !line.startsWith('TSFILE: ')).join('\n') + (compiled.stderr ?? ''));
  say('The build failed: the messages of the compiler stand above.');
  process.exit(1);
}
// A source that was renamed or removed must not live on as an old file in dist/.
for (const file of stamp.emitted.filter((name) => !emitted.includes(name))) rmSync(join(root, file), { force: true });

if (existsSync(bundlerSource)) {
  say('Bundling the workflows.');
  if (!runStep(process.execPath, [bundler])) {
    say('The workflows could not be bundled: the reason stands above.');
    process.exit(1);
  }
}
writeFileSync(stampFile, JSON.stringify({ digest, emitted }));
