// Inspect, the part with a memory: spools the file, recognises an import of the same content, goes on with an unfinished
// one, or writes the row of a new one. The file itself is judged by inspect-file.ts.
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Queryable } from '../../ports/database.ts';
import { readChannel } from '../channels/channel-store.ts';
import type { AttributeType } from '../../contracts/contact-fields.ts';
import type { ImportResult, SkippedCounts } from '../../contracts/import.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { IMPORT_RULE_VERSION } from '../../contracts/version.ts';
import type { ImportProfile } from './import-store.ts';
import type { ImportPorts } from './ports.ts';
import { importResult } from './report.ts';

/** A file in the spool: UTF-8, under the SHA-256 of its text. */
export interface Spooled {
  sha256: string;
  path: string;
  bytes: number;
  encoding: string;
  /** Characters that could not be read; U+FFFD stands for each. */
  lostCharacters: number;
}

/** What a look into the file found, as far as the database must know it. */
export interface RegisteredFile<Profile = ImportProfile> {
  /** Stored as it is; later steps read the file by it. */
  profile: Profile;
  /** Records before the first data record. */
  skipped: SkippedCounts;
}

/** What registering must know of an input. */
export interface RegisterInput {
  file: string;
  channel: string;
  importId: string | null;
  map: Record<string, string>;
  dryRun: boolean;
  again: boolean;
}

/** What an import is of: an import is recognised among its own kind only. */
export interface ImportKind<Result> {
  kind: 'contacts' | 'tags';
  ruleVersion: number;
  result(db: Queryable, importId: string): Promise<Result>;
}

const CONTACTS: ImportKind<ImportResult> = {
  kind: 'contacts',
  ruleVersion: IMPORT_RULE_VERSION,
  result: importResult,
};

/** Where the lines begin. */
interface Placed {
  dataByte: number;
  dataLine: number;
}

export interface RegisterSteps<Profile = ImportProfile> {
  spool(): Promise<Spooled>;
  inspect(spooled: Spooled, definitions: { name: string; type: AttributeType }[]): Promise<RegisteredFile<Profile>>;
  /** Whether that workflow run still runs; asked before an unfinished import is taken over. */
  isRunning(workflowId: string, runId: string): Promise<boolean>;
}

export interface Registered<Result = ImportResult> {
  importId: string;
  attempt: number;
  /** The report of an earlier import of the same content; nothing is left to do. */
  recognised: Result | null;
  /** An unfinished import of the same content, that now goes on here. */
  resumed: boolean;
  bytes: number;
}

type Run = { workflowId: string; runId: string };

/** Registers a contact import; see {@link registerAs}. */
export function registerImport(
  input: RegisterInput,
  run: Run,
  ports: Pick<ImportPorts, 'db'>,
  steps: RegisterSteps,
): Promise<Registered> {
  return registerAs(CONTACTS, input, run, ports, steps);
}

/**
 * Gives the run the import it works on. Calling it again from the same run gives the same import.
 * @throws PipelineError `import_running` when another live workflow works on the same content, or what is wrong with the file
 */
export async function registerAs<Result, Profile extends Placed>(
  kind: ImportKind<Result>,
  input: RegisterInput,
  run: Run,
  ports: Pick<ImportPorts, 'db'>,
  steps: RegisterSteps<Profile>,
): Promise<Registered<Result>> {
  const channel = await readChannel(ports.db, input.channel);
  const spooled = await steps.spool();
  const digest = optionsDigest(input, [channel.defaultCountry, channel.timeZone]);
  const identity = [spooled.sha256, channel.id, digest, kind.ruleVersion, kind.kind];
  return ports.db.transaction(async (tx) => {
    // Two starts of one file at once: the second waits here, and then finds the first one's row.
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [identity.join(' ')]);
    const earlier = await findEarlier(tx, [...identity, run.runId]);
    if (earlier && !(earlier.state === 'done' && earlier.run_id !== run.runId && (input.again || input.dryRun)))
      return continueEarlier(kind, tx, earlier, run, spooled, steps);
    const { rows: definitions } = await tx.query<{ name: string; type: AttributeType }>(
      'select name, type from attribute_definitions order by name',
    );
    const inspected = await steps.inspect(spooled, definitions);
    const importId = await insertImport(kind, tx, input, run, spooled, digest, inspected);
    return { importId, attempt: 1, recognised: null, resumed: false, bytes: spooled.bytes };
  });
}

interface Earlier extends Record<string, unknown> {
  id: string;
  state: string;
  attempt: number;
  workflow_id: string;
  run_id: string;
  spool_bytes: string;
}

/**
 * Of an unfinished one that reads an attribute as another type than it has been defined as meanwhile nothing can be used: the file is
 * looked at anew. Not so for a later try of the run that it belongs to.
 */
async function findEarlier(tx: Queryable, identity: unknown[]): Promise<Earlier | undefined> {
  const { rows } = await tx.query<Earlier>(
    `select id, state, attempt, workflow_id, run_id, spool_bytes from imports
     where content_sha256 = $1 and channel_id = $2 and options_digest = $3 and rule_version = $4 and kind = $5
       and state not in ('undone', 'rejected')
       and (state = 'done' or run_id = $6 or not exists (
         select from jsonb_to_recordset(profile -> 'newAttributes') as n (name text, type text)
         join attribute_definitions d on d.name = n.name and d.type::text <> n.type
       ))
     order by id desc limit 1 for update`,
    identity,
  );
  return rows[0];
}

async function continueEarlier<Result>(
  kind: ImportKind<Result>,
  tx: Queryable,
  earlier: Earlier,
  run: Run,
  spooled: Spooled,
  steps: Pick<RegisterSteps, 'isRunning'>,
): Promise<Registered<Result>> {
  const base = { importId: earlier.id, bytes: Number(earlier.spool_bytes) };
  if (earlier.run_id === run.runId)
    return { ...base, attempt: earlier.attempt, recognised: null, resumed: earlier.attempt > 1 };
  if (earlier.state === 'done') {
    const recognised = { ...(await kind.result(tx, earlier.id)), recognised: true };
    return { ...base, attempt: earlier.attempt, recognised, resumed: false };
  }
  if (await steps.isRunning(earlier.workflow_id, earlier.run_id))
    throw new PipelineError('import_running', `Import ${earlier.id} of this content is running already.`, {
      hint: `Follow workflow ${earlier.workflow_id}, or cancel it first.`,
    });
  await tx.query(
    // What was resolved but not begun to be applied is resolved anew: contacts may have changed since.
    `update imports set attempt = attempt + 1, step = 0, workflow_id = $2, run_id = $3, spool_path = $4, state = 'staging',
       error = null,
       finished_at = null, updated_at = sluice_now(),
       outcomes = case when exists (select from import_slices where import_id = $1) then outcomes end
     where id = $1`,
    [earlier.id, run.workflowId, run.runId, spooled.path],
  );
  return { ...base, attempt: earlier.attempt + 1, recognised: null, resumed: true };
}

async function insertImport(
  { kind, ruleVersion }: ImportKind<unknown>,
  tx: Queryable,
  input: RegisterInput,
  run: Run,
  spooled: Spooled,
  digest: string,
  { profile, skipped }: RegisteredFile<Placed>,
): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into imports (id, channel_id, state, workflow_id, run_id, file_name, source_path, content_sha256, spool_path,
       spool_bytes, options, options_digest, rule_version, dry_run, profile, stage_byte, stage_line, skipped_blank,
       skipped_preamble, skipped_header, kind, skipped_footer)
     values (coalesce((select $1::bigint where not exists (select from imports where id = $1)), nextval('imports_id_seq')), $2, 'staging', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
       $13, $14, $15, $16, $17, $18, $19, $20, $21)
     returning id`,
    [
      input.importId,
      input.channel,
      run.workflowId,
      run.runId,
      path.basename(input.file),
      input.file,
      spooled.sha256,
      spooled.path,
      spooled.bytes,
      JSON.stringify(input),
      digest,
      ruleVersion,
      input.dryRun,
      JSON.stringify(profile),
      profile.dataByte,
      profile.dataLine,
      skipped.blank,
      skipped.preamble,
      skipped.header,
      kind,
      skipped.footer,
    ],
  );
  return rows[0]!.id;
}

/** Digest of every option that changes what comes out. The path, `again` and the id drawn beforehand do not. */
export function optionsDigest(input: RegisterInput, channelFacts: string[]): string {
  const { file: _file, again: _again, importId: _importId, map, ...options } = input;
  const canonical = JSON.stringify([
    Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)),
    Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)),
    channelFacts,
  ]);
  return createHash('sha256').update(canonical).digest('hex');
}
