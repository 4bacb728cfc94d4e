// The lines of one run, of an import or of a plan, in a partition of their own: made, filled by COPY, and dropped whole.
import type { Queryable } from '../../ports/database.ts';
import { namedStatements, withIdentifiers } from '../../sql/named.ts';

const partitionSql = namedStatements('staging/partition', ['create', 'attach', 'index', 'analyze', 'analyze_keys']);

/** Where the lines of a run are staged, by what it is of; and the column that names the run. */
const RUN_COLUMNS = {
  import_staging: 'import_id',
  tag_staging: 'import_id',
  broadcast_staging: 'broadcast_id',
} as const;

export type StagingTable = keyof typeof RUN_COLUMNS;

/** The name of a run's own partition. BigInt lets nothing but digits through. */
export function partition(parent: StagingTable, runId: string): string {
  return `${parent}_${BigInt(runId)}`;
}

function statementFor(name: keyof typeof partitionSql, parent: StagingTable, runId: string): string {
  const staging = partition(parent, runId);
  return withIdentifiers(partitionSql[name], { parent, staging, index: `${staging}_line` });
}

/** Makes the run's partition. Calling it again in a later transaction is a no-op. */
export async function createPartition(tx: Queryable, parent: StagingTable, runId: string): Promise<void> {
  if (await partitionExists(tx, parent, runId)) return;
  await tx.query(statementFor('create', parent, runId));
  await tx.query(`alter table ${partition(parent, runId)} alter ${RUN_COLUMNS[parent]} set default ${BigInt(runId)}`);
  // A partition bound cannot be a parameter.
  await tx.query(statementFor('attach', parent, runId).replace('$value', String(BigInt(runId))));
}

/** Lets lines be found by their number. Twice is a no-op. */
export async function indexPartition(db: Queryable, parent: StagingTable, runId: string): Promise<void> {
  await db.query(statementFor('index', parent, runId));
}

export async function analyzePartition(db: Queryable, parent: StagingTable, runId: string): Promise<void> {
  await db.query(statementFor(parent === 'broadcast_staging' ? 'analyze_keys' : 'analyze', parent, runId));
}

export async function partitionExists(db: Queryable, parent: StagingTable, runId: string): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    partition(parent, runId),
  ]);
  return rows[0]?.found === true;
}

/** Drops the run's staged lines. Calling it twice is a no-op. */
export async function dropPartition(db: Queryable, parent: StagingTable, runId: string): Promise<void> {
  await db.query(`drop table if exists ${partition(parent, runId)}`);
}
