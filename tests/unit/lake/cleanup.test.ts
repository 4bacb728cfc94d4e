// Which files of the lake are swept, seen by a process that stands still for hours between two of its steps.
import { expect, it } from 'vitest';
import { removeOutdated } from '../../../pipelines/lake/cleanup.ts';
import { lakeSql } from '../../../pipelines/lake/lake-sql.ts';
import type { LakeWorld } from '../../../pipelines/lake/ports.ts';

const TWO_HOURS_MS = 7_200_000;

/** A lake whose folder holds `files`; `meanwhile` is called between the first two steps of whoever cleans up. */
function lakeOf(files: string[], known: string[], meanwhile: (files: string[], known: string[]) => void) {
  let steps = 0;
  const step = () => {
    if (++steps === 2) meanwhile(files, known);
  };
  const removed: string[] = [];
  const world = {
    graceSeconds: 60,
    db: {
      query: async (statement: string) => {
        if (statement !== lakeSql.known_paths) return { rows: [], rowCount: 0 };
        step();
        return { rows: known.map((path) => ({ path })), rowCount: known.length };
      },
    },
    lakeFolder: {
      list: async (folder: string) => {
        step();
        const inside = files.filter((file) => (folder === '.' ? !file.includes('/') : file.startsWith(`${folder}/`)));
        return inside.map((file) => ({ name: file.slice(file.indexOf('/') + 1), ageMs: TWO_HOURS_MS }));
      },
      remove: async (path: string) => void removed.push(path),
    },
  } as unknown as LakeWorld;
  return { world, removed };
}

it('removes what nobody wrote down, and nothing that another refresh published meanwhile', async () => {
  const { world, removed } = lakeOf(['events/dead.parquet', '.dead.csv'], [], (files, known) => {
    files.push('events/live.parquet');
    known.push('events/live.parquet');
  });
  await removeOutdated(world);
  expect(removed).toEqual(['events/dead.parquet', '.dead.csv']);
});
