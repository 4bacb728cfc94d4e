// Days whose local midnight comes twice or never: lake, log and windows mean the same days, the first of two midnights everywhere.
import { afterEach, expect, test } from 'vitest';
import type { PublishRequest } from '../../contracts/tag-frequency.ts';
import { contactFrequency } from '../../pipelines/frequency/contact-frequency.ts';
import { countPart } from '../../pipelines/frequency/count-part.ts';
import { resolveWindow } from '../../pipelines/frequency/windows.ts';
import { refreshLake } from '../../pipelines/lake/refresh.ts';
import { verifyLake } from '../../pipelines/lake/verify.ts';
import { countFrequency, frequencyOn, resultLines, runFrequency, type TestFrequency } from '../frequency-harness.ts';
import { addContacts, addEvents, control, openTestLake } from '../lake-world.ts';

let world: TestFrequency;
afterEach(() => world.lake.close());

async function open(timeZone: string, contacts = 2): Promise<void> {
  world = frequencyOn(await openTestLake({ timeZone }));
  await addContacts(world.db, contacts);
}

/** Times of all tags of everybody in a window, from the lake and from the log. */
async function times(window: string, asOf: string): Promise<{ lake: number; log: number }> {
  const { windows } = await runFrequency(world, { windows: [window], asOf });
  const { fromMs, toMs } = resolveWindow(window, Date.parse(asOf), world.timeZone);
  const span = { fromUs: BigInt(fromMs) * 1000n, toUs: BigInt(toMs) * 1000n, knownAtUs: BigInt(Date.now()) * 1000n };
  let log = 0;
  for (const id of ['1', '2']) for (const row of await contactFrequency(world.db, id, span)) log += row.times;
  expect(await resultLines(world, windows[0]!.folder)).toHaveLength(windows[0]!.rows);
  return { lake: windows[0]!.times, log };
}

/** Zone, the first of two midnights, and how long until the second. */
const TWICE: [string, string, number][] = [
  // The first of a month and the first of a unit: clocks go from 1:00 back to 0:00.
  ['America/Havana', '2020-11-01T04:00:00Z', 60],
  // From 0:01 back to 23:01 of the day before: a minute of the new day, an hour of the old one, then the new one again.
  ['America/St_Johns', '2010-11-07T02:30:00Z', 60],
  // From 0:00 back to 23:00: midnight comes once, an hour later.
  ['America/Sao_Paulo', '2018-02-18T03:00:00Z', 0],
  ['Atlantic/Azores', '2020-10-25T00:00:00Z', 60],
];

for (const [zone, first, minutes] of TWICE)
  for (const earlier of [false, true])
    test(`${zone}: events around a midnight that comes twice${earlier ? ', when the day before was there already' : ''}`, async () => {
      await open(zone);
      const at = (minute: number) => new Date(Date.parse(first) + minute * 60_000).toISOString();
      const day = at(0).slice(0, 10);
      if (earlier) {
        await addEvents(world.db, [{ contact: 1, tag: 'before', at: at(-600) }]);
        await refreshLake(world, false, control);
      }
      const minutesOf = [-61, -1, 0, 1, 2, 30, minutes - 1, minutes, minutes + 30, 23 * 60];
      await addEvents(
        world.db,
        minutesOf.map((minute, n) => ({ contact: 1 + (n % 2), tag: `t${n}`, at: at(minute) })),
      );
      await refreshLake(world, false, control);
      const count = minutesOf.length + (earlier ? 1 : 0);
      expect(await verifyLake(world, control)).toMatchObject({ rows: count, problems: [] });
      const year = Number(day.slice(0, 4));
      expect(await times(`${year}-01-01..${year + 1}-01-01`, at(86_400))).toEqual({ lake: count, log: count });
      const since = minutesOf.filter((minute) => minute >= 0).length;
      expect(await times(`${day}..${year + 1}-01-01`, at(86_400))).toEqual({ lake: since, log: since });
      // One more, late, in the hour between: only its day is written again, and nothing is lost or doubled.
      await addEvents(world.db, [{ contact: 1, tag: 'late', at: at(minutes / 2) }]);
      await refreshLake(world, false, control);
      expect(await verifyLake(world, control)).toMatchObject({ rows: count + 1, problems: [] });
      await refreshLake(world, true, control);
      expect(await verifyLake(world, control)).toMatchObject({ rows: count + 1, problems: [] });
      // A window that ends between the two midnights still finds what is before its end.
      expect((await times('1d', at(45))).lake).toBe((await times('1d', at(45))).log);
    });

test('Cairo: a day that begins at one has 23 hours', async () => {
  await open('Africa/Cairo');
  await addEvents(
    world.db,
    ['2026-04-23T21:59:59Z', '2026-04-23T22:00:00Z', '2026-04-24T20:59:59Z', '2026-04-24T21:00:00Z'].map((at, n) => ({
      contact: 1,
      tag: `t${n}`,
      at,
    })),
  );
  const asOf = '2026-04-25T00:00:00+03:00';
  expect(resolveWindow('day', Date.parse(asOf), 'Africa/Cairo')).toEqual({
    name: 'day',
    fromMs: Date.parse('2026-04-23T22:00:00Z'),
    toMs: Date.parse('2026-04-24T21:00:00Z'),
  });
  expect(await times('day', asOf)).toEqual({ lake: 2, log: 2 });
  expect(await verifyLake(world, control)).toMatchObject({ rows: 4, problems: [] });
});

test('a day that was left out altogether', async () => {
  await open('Pacific/Apia');
  await addEvents(
    world.db,
    ['2011-12-30T09:59:59Z', '2011-12-30T10:00:00Z', '2011-12-31T09:59:59Z'].map((at, n) => ({
      contact: 1,
      tag: `t${n}`,
      at,
    })),
  );
  await refreshLake(world, false, control);
  expect(await verifyLake(world, control)).toMatchObject({ rows: 3, problems: [] });
});

test('a version is counted by the zone it was written in, whatever the counting process believes', async () => {
  await open('Asia/Taipei');
  await addEvents(world.db, [{ contact: 1, tag: 'a', at: '2026-03-01T00:30:00+08:00' }]);
  const windows = ['2026-02-28T16:00:00Z..2026-02-28T17:00:00Z'];
  const request = (await countFrequency(world, { windows })) as PublishRequest;
  const elsewhere = { ...world, timeZone: 'Pacific/Kiritimati' };
  const west = { ...world, timeZone: 'Pacific/Pago_Pago' };
  for (const other of [elsewhere, west]) {
    const part = await countPart(other, { ...request, channel: null, part: 0, parts: 1 }, control);
    expect(part.windows.map((counted) => counted.times)).toEqual([1]);
  }
});
