// Where PostgreSQL runs.
import type { PostgresBinaries } from './postgres-binaries.ts';

export interface PostgresPlace {
  binaries: PostgresBinaries;
  /** Real path of the cluster; it need not exist yet, its parent does and belongs to the user. */
  cluster: string;
}
