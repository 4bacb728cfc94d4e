import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batches,
  bucketsFor,
  dayAfter,
  DIVISION,
  planUnits,
  spans,
  unitOf,
  type Unit,
} from '../../../pipelines/lake/units.ts';

const TODAY = '2026-11-25';

describe('units', () => {
  it('are days, then thirds of months, then months', () => {
    expect(unitOf('2026-11-25', TODAY)).toEqual({ from: '2026-11-25', to: '2026-11-26' });
    expect(unitOf('2026-11-11', TODAY)).toEqual({ from: '2026-11-11', to: '2026-11-12' });
    expect(unitOf('2026-11-11', '2026-11-28')).toEqual({ from: '2026-11-11', to: '2026-11-21' });
    expect(unitOf('2026-11-10', TODAY)).toEqual({ from: '2026-11-01', to: '2026-11-11' });
    expect(unitOf('2026-09-30', TODAY)).toEqual({ from: '2026-09-21', to: '2026-10-01' });
    expect(unitOf('2026-10-31', TODAY)).toEqual({ from: '2026-10-21', to: '2026-11-01' });
    expect(unitOf('2026-08-31', TODAY)).toEqual({ from: '2026-08-01', to: '2026-09-01' });
    expect(unitOf('2026-09-30', '2026-11-30')).toEqual({ from: '2026-09-01', to: '2026-10-01' });
    expect(unitOf('2024-02-29', TODAY)).toEqual({ from: '2024-02-01', to: '2024-03-01' });
    expect(unitOf('2024-02-29', '2024-03-08')).toEqual({ from: '2024-02-21', to: '2024-03-01' });
    expect(unitOf('2023-12-31', TODAY)).toEqual({ from: '2023-12-01', to: '2024-01-01' });
  });

  it('a late event rewrites the unit it lies in', () => {
    const present = ['2026-08-15', '2026-11-03', '2026-11-24', '2026-11-25'].map((day) => unitOf(day, TODAY));
    const dirty = ['2026-08-17', '2026-11-04', '2026-11-25'].map((day, index) => ({ day, rows: index + 1 }));
    expect(planUnits(dirty, present, TODAY)).toEqual([
      { unit: present[0], dirty: [dirty[0]], replaces: [present[0]], keeps: 0 },
      { unit: present[1], dirty: [dirty[1]], replaces: [present[1]], keeps: 0 },
      { unit: present[3], dirty: [dirty[2]], replaces: [present[3]], keeps: 0 },
    ]);
  });

  it('days and thirds that have grown old are merged, whether something in them changed or not', () => {
    const days = ['2026-11-01', '2026-11-10'].map((from) => ({ from, to: dayAfter(from) }));
    const third = { from: '2026-09-01', to: '2026-09-11' };
    const left = { unit: { from: '2026-11-01', to: '2026-11-11' }, dirty: [], replaces: days, keeps: 0 };
    const month = { unit: { from: '2026-09-01', to: '2026-10-01' }, replaces: [third], keeps: 0 };
    expect(planUnits([], [third, ...days], '2026-11-30')).toEqual([{ ...month, dirty: [] }, left]);
    const dirty = ['2026-09-05', '2026-09-30'].map((day) => ({ day, rows: 1 }));
    expect(planUnits(dirty, [third, ...days], '2026-11-30')).toEqual([{ ...month, dirty }, left]);
  });

  it('never overlap, cover every dirty day, and settle: planning again finds nothing to merge', () => {
    const day = fc.integer({ min: 0, max: 400 }).map((n) => dayAfter('2025-10-21', n));
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(day, { maxLength: 20 }), { maxLength: 5 }), (rounds) => {
        let present: Unit[] = [];
        for (const [round, days] of rounds.entries()) {
          const today = dayAfter('2026-11-25', round * 20);
          const works = planUnits(
            days.map((name) => ({ day: name, rows: 1 })),
            present,
            today,
          );
          const replaced = works.flatMap(({ replaces }) => replaces);
          present = [...present.filter((unit) => !replaced.includes(unit)), ...works.map(({ unit }) => unit)].sort(
            (a, b) => (a.from < b.from ? -1 : 1),
          );
          for (const [index, unit] of present.entries())
            expect(unit.from < unit.to && (index === 0 || present[index - 1]!.to <= unit.from)).toBe(true);
          for (const name of days)
            expect(
              works.filter(
                ({ unit, dirty }) => unit.from <= name && name < unit.to && dirty.some((d) => d.day === name),
              ),
            ).toHaveLength(1);
          expect(planUnits([], present, today)).toEqual([]);
        }
      }),
    );
  });
});

it('batches keep the order and stay under their size, but for what is larger alone', () => {
  const works = [3, 4, 20, 1, 1].map((rows, n) => ({
    unit: { from: String(n), to: String(n + 1) },
    dirty: [{ day: String(n), rows }],
    replaces: [],
    keeps: 0,
  }));
  expect(batches(works, 8).map((batch) => batch.map(({ dirty }) => dirty[0]!.rows))).toEqual([[3, 4], [20], [1, 1]]);
});

it('batches are bounded by all rows that they touch, those that are only kept too', () => {
  const dirty = [1, 2, 3, 4].map((day) => ({ day: `2026-11-2${day}`, rows: 1 }));
  const present = dirty.map(({ day }) => ({ ...unitOf(day, TODAY), rows: 3_000_000 }));
  expect(batches(planUnits(dirty, present, TODAY)).map((batch) => batch.length)).toEqual([1, 1, 1, 1]);
  const few = present.map((unit) => ({ ...unit, rows: 1_500_000 }));
  expect(batches(planUnits(dirty, few, TODAY)).map((batch) => batch.length)).toEqual([2, 2]);
});

it('spans join neighbours, and everything where gaps are empty', () => {
  const days = ['2026-03-01', '2026-02-28', '2026-03-05'];
  expect(spans(days, false)).toEqual([
    { from: '2026-02-28', to: '2026-03-02' },
    { from: '2026-03-05', to: '2026-03-06' },
  ]);
  expect(spans(days, true)).toEqual([{ from: '2026-02-28', to: '2026-03-06' }]);
});

it('buckets are powers of two', () => {
  const rows = [0, 1, 50_000, 50_001, 4_000_000, 4_000_001, 9_000_000];
  expect(rows.map((n) => bucketsFor(n, DIVISION))).toEqual([1, 1, 1, 4, 4, 8, 16]);
});
