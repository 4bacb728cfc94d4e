// A program of its own beside the supervisor: ends the children when the supervisor was killed before it could do so.
// Its standard input is a pipe that only the supervisor holds: `done` means an orderly stop, its end without that a death.
// argv: data folder. A start that comes meanwhile does the same work; both act on proven orphans only, so neither harms.
import { stopOrphans } from './orphans.ts';
import { identify, isSameProcess } from './process-identity.ts';
import { waitUntil } from './stop-process.ts';

/** A dying process closes its pipes before it counts as dead; until then its children are no orphans. */
const DEATH_MS = 10_000;

const [dataDir = ''] = process.argv.slice(2);
const supervisor = identify(process.ppid);
const say = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`);

// The terminal's signals are the supervisor's business: this program must outlive it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

let orderly = false;
process.stdin.on('data', () => (orderly = true));
process.stdin.on('close', () => {
  if (!orderly) void reap();
});

async function reap(): Promise<void> {
  await waitUntil(() => !supervisor || !isSameProcess(supervisor), DEATH_MS);
  say('The supervisor was killed.');
  const names = await stopOrphans(dataDir, say);
  say(`Stopped ${names.join(', ') || 'nothing'}.`);
}
