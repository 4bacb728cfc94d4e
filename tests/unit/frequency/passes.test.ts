// Passes over divided files: every contact in exactly one of them, and no file opened that cannot hold its contacts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openEvents, passesOf, type EventScope } from '../../../pipelines/frequency/lake-events.ts';
import type { Duck } from '../../../ports/duck.ts';
import type { LakeFile } from '../../../pipelines/lake/manifest.ts';
import type { LakeWorld } from '../../../pipelines/lake/ports.ts';

const world = {
  timeZone: 'UTC',
  division: { unitRows: 0, countedRows: 3 },
  lakeFolder: { at: (name: string) => name },
} as unknown as LakeWorld;

const scopeOf = (part: number, parts: number): EventScope => ({
  knownAtUs: 10n,
  fromMs: Date.parse('2026-03-01T00:00:00Z'),
  toMs: Date.parse('2026-03-05T00:00:00Z'),
  part,
  parts,
  channel: null,
});

const filesOf = (unit: number, buckets: number, watermark: bigint): LakeFile[] =>
  Array.from({ length: buckets }, (_, bucket) => ({
    id: `${unit}-${bucket}`,
    path: `events/${unit}.${bucket}of${buckets}`,
    kind: 'events',
    from: `2026-03-0${unit + 1}`,
    to: `2026-03-0${unit + 2}`,
    bucket,
    buckets,
    rows: 1,
    bytes: 1,
    sha256: '',
    watermark,
  }));

/** The files that a scope's view reads, and whether it asks each row whose it is. */
async function opened(files: LakeFile[], scope: EventScope): Promise<{ path: string; asked: boolean }[]> {
  let view = '';
  const run = (sql: string) => {
    view = sql;
    return Promise.resolve();
  };
  await openEvents(world, { run } as Duck, files, scope);
  return view.split('union all').flatMap((source) =>
    [...source.matchAll(/'(events\/[^']+)'/g)].map((found) => ({
      path: found[1]!,
      asked: source.includes(`contact_id % ${scope.parts} = ${scope.part}`),
    })),
  );
}

it('every contact of every file is counted in exactly one pass of one part', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ buckets: fc.constantFrom(1, 4, 8, 16), watermark: fc.constantFrom(5n, 20n) }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.constantFrom(1, 2, 4, 8),
      fc.integer({ min: 0, max: 1_000 }),
      async (units, parts, contact) => {
        const files = units.flatMap(({ buckets, watermark }, unit) => filesOf(unit, buckets, watermark));
        const read: string[] = [];
        for (let part = 0; part < parts; part += 1)
          for (const pass of passesOf(world, files, scopeOf(part, parts)))
            for (const { path, asked } of await opened(files, pass)) {
              const { bucket, buckets } = files.find((file) => file.path === path)!;
              const holds = contact % buckets === bucket;
              if (holds && (!asked || contact % pass.parts === pass.part)) read.push(path);
            }
        const wanted = files.filter(({ bucket, buckets }) => contact % buckets === bucket).map(({ path }) => path);
        expect(read.sort()).toEqual(wanted.sort());
      },
    ),
  );
});

it('there is one pass when there are few rows, or the scope is a quarter or less', () => {
  expect(passesOf(world, filesOf(0, 1, 5n), scopeOf(0, 1))).toHaveLength(1);
  expect(passesOf(world, filesOf(0, 16, 5n), scopeOf(0, 8))).toHaveLength(1);
  expect(passesOf(world, filesOf(0, 4, 5n), scopeOf(0, 1))).toHaveLength(4);
  expect(passesOf(world, filesOf(0, 8, 5n), scopeOf(1, 2))).toHaveLength(2);
  expect(passesOf(world, filesOf(0, 16, 5n), scopeOf(7, 8))).toHaveLength(1);
});
