// Processes whose zone, and databases whose clock, is not what the others believe.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeBusinessZone, requireBusinessZone } from '../../pipelines/lake/business-zone.ts';
import { verifyLake } from '../../pipelines/lake/verify.ts';
import { frequencyOn, runFrequency, type TestFrequency } from '../frequency-harness.ts';
import { addContacts, addEvents, control, openTestLake } from '../lake-world.ts';

let world: TestFrequency;
beforeEach(async () => {
  world = frequencyOn(await openTestLake());
  await addContacts(world.db, 2);
  await addEvents(world.db, [{ contact: 1, tag: 'a', at: '2026-03-01T00:30:00+08:00' }]);
});
afterEach(() => world.lake.close());

test('the first process decides on the zone; another one is told both zones and what to do', async () => {
  const elsewhere: TestFrequency = { ...world, timeZone: 'Europe/London' };
  expect((await runFrequency(world, { windows: ['2026-03-01..2026-03-02'] })).windows[0]!.times).toBe(1);
  await expect(runFrequency(elsewhere, { windows: ['2026-03-01..2026-03-02'] })).rejects.toMatchObject({
    code: 'business_time_zone_differs',
    message: expect.stringMatching(/Europe\/London.*Asia\/Taipei/) as string,
    hint: expect.stringMatching(/SLUICE_BUSINESS_TIME_ZONE=Asia\/Taipei.*--change-time-zone/) as string,
  });
  // Changed on purpose the days are others, and now the first process is refused.
  await changeBusinessZone(world.db, 'Europe/London');
  expect((await runFrequency(elsewhere, { windows: ['2026-03-01..2026-03-02'] })).windows[0]!.times).toBe(0);
  expect((await runFrequency(elsewhere, { windows: ['2026-02-28..2026-03-01'] })).windows[0]!.times).toBe(1);
  await expect(runFrequency(world, {})).rejects.toMatchObject({ code: 'business_time_zone_differs' });
  expect(await verifyLake(elsewhere, control)).toMatchObject({ problems: [] });
});

test('two names of one zone are one zone', async () => {
  await requireBusinessZone(world.db, 'Asia/Calcutta');
  await requireBusinessZone(world.db, 'Asia/Kolkata');
});

/** The clock of the database stands behind that of this process. */
async function clockBehind(ms: number): Promise<void> {
  await world.db.query(
    `create or replace function sluice_now() returns timestamptz language sql volatile parallel safe
     as 'select clock_timestamp() - interval ''${ms} ms'''`,
  );
}

test('known-at nominal waits for a database whose clock is slightly behind', async () => {
  await clockBehind(1_500);
  const result = await runFrequency(world, { windows: ['7d'], knownAt: 'nominal' });
  expect(Date.parse(result.knownAt)).toBe(Date.parse(result.asOf));
  const again = await runFrequency(world, { windows: ['7d'], knownAt: 'nominal', asOf: result.asOf });
  expect(again).toMatchObject({ recognised: true, windows: result.windows });
});

test('for one that is further behind the step is tried again when it has caught up; a time that is really to come is refused', async () => {
  await clockBehind(30_000);
  await expect(runFrequency(world, { windows: ['7d'], knownAt: 'nominal' })).rejects.toMatchObject({
    code: 'clock_behind',
    retry: { afterMs: expect.any(Number) as number },
  });
  const later = new Date(Date.now() + 1_800_000).toISOString();
  await expect(runFrequency(world, { windows: ['7d'], knownAt: 'nominal', asOf: later })).rejects.toMatchObject({
    code: 'frequency_input',
  });
});
