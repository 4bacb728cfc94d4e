// What the lake and the tag frequency need of the world, as arguments.
import type { Folder } from '../../adapters/files/folder.ts';
import type { Database } from '../../adapters/postgres/database.ts';
import type { WithDuck } from '../contracts/duck.ts';
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
