// Random schedules of kill -9, frozen workers, lost answers, pauses, cancels and retries while requests are in flight: LINE takes
// each accepted recipient exactly once, WhatsApp at most once, and the ledger conserves at every look.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBroadcastWorld, type BroadcastWorld } from '../broadcast-world.ts';
import { runStorm, type Mode, type StormReport } from './broadcast-storm.ts';

/** `npm run test:chaos` runs more. */
const SCHEDULES = Number(process.env['CHAOS_SCHEDULES'] ?? 15);
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.floor(Date.now() / 1000) % 1_000_000);
const MODES: Mode[] = ['multicast', 'whatsapp', 'push'];

let world: BroadcastWorld;
const reports: StormReport[] = [];

beforeAll(async () => {
  // Answers that were lost are known to be lost soon: the provider of these tests is next door.
  world = await openBroadcastWorld({ SLUICE_REQUEST_TIMEOUT_MS: '3000' }, { farDatabase: true });
});
afterAll(async () => {
  process.stdout.write(`${reports.map(describe).join('\n')}\n`);
  await world.close();
});

function describe({
  seed,
  mode,
  recipients,
  hits,
  uncertain,
  uncertainBound,
  lostAnswers,
  looks,
  away,
  byList,
}: StormReport): string {
  const done = hits.map(({ what, claimed }) => `${what} (${claimed} in flight)`).join(', ');
  return `seed ${seed} ${mode}${byList ? ' by list' : ''}, database ${away} ms away: ${recipients} recipients; ${done}; ${uncertain} uncertain of at most ${uncertainBound}, ${lostAnswers} answers lost, ${looks} looks`;
}

for (let n = 0; n < SCHEDULES; n++)
  test(`schedule ${n + 1}, seed ${SEED + n}, ${MODES[n % 3]}`, async () => {
    const report = await runStorm(world, {
      seed: SEED + n,
      mode: MODES[n % 3]!,
      number: n + 1,
      away: Math.floor(n / 3) % 3 === 0 ? 20 : 0,
    });
    reports.push(report);
    const whileInFlight = report.hits.filter(({ what, claimed }) => claimed > 0 && !what.startsWith('retry'));
    expect(whileInFlight.length).toBeGreaterThanOrEqual(3);
  });
