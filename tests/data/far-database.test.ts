// A database some milliseconds away: slots are still met, no second holds too many requests, and what cannot be used of the rate is
// said. Before, every slot was missed from 10 ms on, without a word.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../adapters/postgres/database.ts';
import type { Database } from '../../ports/database.ts';
import { freezePlan } from '../../bench/broadcast-world.ts';
import { readStatus } from '../../pipelines/broadcast/status.ts';
import { deliverSlice } from '../../pipelines/delivery/deliver-slice.ts';
import { leaseTerms } from '../../pipelines/limiter/lease.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { openDelayProxy } from '../delay-proxy.ts';
import { ACCEPTED, deliveryPorts, start } from '../delivery-harness.ts';
import { addTestChannel } from '../import-harness.ts';
import { control } from '../plan-harness.ts';

let database: TestDatabase;
let near: Database;
beforeAll(async () => {
  database = await openTestDatabase();
  near = openDatabase({ url: database.databaseUrl, poolSize: 2 });
});
afterAll(async () => {
  await near?.end();
  await database?.drop();
});

const RATE = 80;
const RECIPIENTS = 120;

/** The most arrivals in any window of one second. */
function busiestSecond(arrivals: number[]): number {
  let most = 0;
  for (let last = 0, first = 0; last < arrivals.length; last++) {
    while (arrivals[first]! <= arrivals[last]! - 1_000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

test.each([5, 20, 80])('%i ms away', async (roundTripMs) => {
  const url = new URL(database.databaseUrl);
  const target = { host: url.hostname, port: Number(url.port) };
  const proxy = await openDelayProxy(() => target, roundTripMs);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  const far = openDatabase({ url: url.toString(), poolSize: 6 });
  try {
    const channel = `far-${roundTripMs}`;
    await addTestChannel(near, channel, 'whatsapp');
    await near.query(`update channels set rates = '{"*": 80}' where id = $1`, [channel]);
    const plan = await freezePlan(near, {
      ...{ channel, kind: 'whatsapp', recipients: RECIPIENTS, from: roundTripMs * 1_000 },
      ...{ sliceSize: 1_000, chunkSize: 1, endpoint: 'message' },
    });
    const started = await start(near, { digest: plan.digest, again: false, maxPlanAgeHours: 1 });
    const arrivals: number[] = [];
    const ports = deliveryPorts(far, () => {
      arrivals.push(performance.now());
      return ACCEPTED;
    });
    const ref = { broadcastId: started.broadcastId, attempt: started.attempt, channel, slice: 0 };
    expect(await deliverSlice(ref, ports, control)).toMatchObject({ stopped: 'done', waitMs: null });

    expect(arrivals.length).toBe(RECIPIENTS);
    expect(busiestSecond(arrivals)).toBeLessThanOrEqual(RATE);
    const { permits } = ports.lanes.get(channel)!.inFlight;
    expect(permits.free).toBe(permits.limit);
    const { grantedShare, fates } = await readStatus(near, started.broadcastId);
    expect(fates).toMatchObject({ accepted: RECIPIENTS });
    // Fewer slots are granted, as many as what is not known of the clock asks for, and the status says how many.
    expect(grantedShare).toBeLessThanOrEqual(leaseTerms(roundTripMs).share);
    // The first round trips open connections, and a busy machine adds to each.
    expect(grantedShare).toBeGreaterThan(leaseTerms(5 * roundTripMs + 100).share);
  } finally {
    await far.end();
    await proxy.close();
  }
});
