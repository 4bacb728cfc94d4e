// What the lake and the tag frequency need of the world, as arguments.
import type { Folder } from '../../ports/folder.ts';
import type { Database } from '../../ports/database.ts';
import type { WithDuck } from '../../ports/duck.ts';
import type { Division } from './units.ts';

export interface LakeWorld {
  db: Database;
  withDuck: WithDuck;
  /** The lake's files; shared by all workers. */
  lakeFolder: Folder;
  /** Business time zone: its midnights divide the files. */
  timeZone: string;
  /** Seconds that a file stays after the last manifest it belongs to. Too low: a reader under way loses its files. */
  graceSeconds: number;
  /** DIVISION but for tests, which have few rows. */
  division: Division;
}
