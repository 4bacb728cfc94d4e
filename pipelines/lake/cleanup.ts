// Removes files of the lake that no reader can be using any more, and what killed refreshes left behind.
import { lakeSql } from './lake-sql.ts';
import type { LakeWorld } from './ports.ts';

/** Files go first, then their rows: a kill in between leaves a row without a file, which is removed the next time. */
export async function removeOutdated(world: LakeWorld): Promise<number> {
  const { rows } = await world.db.query<{ id: string; path: string }>(lakeSql.outdated_files, [world.graceSeconds]);
  for (const { path } of rows) await world.lakeFolder.remove(path);
  await world.db.query(lakeSql.forget_files, [rows.map(({ id }) => id)]);
  return rows.length + (await removeStrays(world));
}

/**
 * Files that nobody wrote down: of a refresh that was killed before it could. Young ones may be in the making. What is known is asked
 * after the folders were read: a process that stands still in between must not take what another has written and published meanwhile
 * for a stray.
 */
async function removeStrays(world: LakeWorld): Promise<number> {
  const old: string[] = [];
  for (const folder of ['events', 'contacts', 'tags', '.'])
    for (const { name, ageMs } of await world.lakeFolder.list(folder))
      if (ageMs >= Math.max(world.graceSeconds, 3_600) * 1000 && (folder !== '.' || name.startsWith('.')))
        old.push(folder === '.' ? name : `${folder}/${name}`);
  const { rows } = await world.db.query<{ path: string }>(lakeSql.known_paths);
  const known = new Set(rows.map(({ path }) => path));
  const strays = old.filter((path) => !known.has(path));
  for (const path of strays) await world.lakeFolder.remove(path);
  return strays.length;
}
