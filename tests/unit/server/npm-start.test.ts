// A signal to the process of `npm start` itself ends what it started: nothing between the two may swallow it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } };

/** Stands for the stack: says that it is there, and what it was told to stop by. */
const STACK = `for (const s of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(s, () => { console.log('told', s); process.exit(0); });
console.log('ready', process.pid);
setInterval(() => undefined, 1000);`;

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s to npm’s own process reaches the stack',
  async (signal) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-npm-start-'));
    let stack = 0;
    try {
      mkdirSync(path.join(folder, 'scripts'));
      copyFileSync('scripts/steps.mjs', path.join(folder, 'scripts', 'steps.mjs'));
      writeFileSync(path.join(folder, 'stack.mjs'), STACK);
      writeFileSync(
        path.join(folder, 'scripts', 'start.mjs'),
        `import { runAndForward } from './steps.mjs';\nprocess.exit(await runAndForward(process.execPath, ['stack.mjs']));`,
      );
      writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'x', version: '1.0.0', scripts }));
      // A group of its own: a terminal would signal all of it, a supervisor the one process only.
      const npm = spawn('npm', ['start'], { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
      let said = '';
      const closed = once(npm.stdout, 'close');
      await new Promise<void>((resolve) => {
        npm.stdout.on('data', (text) => {
          said += String(text);
          stack = Number(/ready (\d+)/.exec(said)?.[1] ?? 0);
          if (stack > 0) resolve();
        });
      });
      process.kill(npm.pid!, signal);
      // Its end of the pipe is the last one to close.
      await closed;
      expect(said).toContain(`told ${signal}`);
      stack = 0;
    } finally {
      if (stack > 0) process.kill(stack, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  },
  20_000,
);
