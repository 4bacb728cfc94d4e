// The addresses of the contacts in the lake's events: files beside them, so that no event repeats an address.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { StepControl } from '../import/ports.ts';
import { lakeFilesSql, lakeSql } from './lake-sql.ts';
import type { LakeFile, NewFile } from './manifest.ts';
import type { Duck } from '../contracts/duck.ts';
import type { LakeWorld } from './ports.ts';

/** Files of contacts after which they are written anew as one. Too low: much is written for few; too high: many small files. */
const MOST_FILES = 16;

export interface ContactWork {
  watermark: bigint;
  /** Files of events of the version to come, and those of them that are new. */
  events: readonly NewFile[];
  fresh: readonly NewFile[];
  present: readonly LakeFile[];
  /** Someone was erased: nothing that was written before may stay. */
  anew: boolean;
}

/** The file that is missing, or null when every contact is there; and whether it takes the place of all present ones. */
export async function writeContacts(
  world: LakeWorld,
  duck: Duck,
  work: ContactWork,
  control: StepControl,
): Promise<{ file: NewFile | null; anew: boolean }> {
  const anew = work.anew || work.present.length === 0 || work.present.length >= MOST_FILES;
  const from = anew ? work.events : work.fresh;
  if (from.length === 0) return { file: null, anew };
  const paths = (files: readonly NewFile[]) => files.map(({ path }) => world.lakeFolder.at(path));
  const statement = anew
    ? withLiterals(lakeFilesSql.all_contacts, { events: paths(from) })
    : withLiterals(lakeFilesSql.unknown_contacts, { events: paths(from), contacts: paths(work.present) });
  const csv = `.${randomUUID()}.csv`;
  const wanted = await copyContacts(world, duck.pages<{ contact_id: string }>(statement), csv, control);
  try {
    if (wanted === 0) return { file: null, anew };
    return { file: await writeFile(world, duck, csv, wanted, work.watermark), anew };
  } finally {
    await world.lakeFolder.remove(csv);
  }
}

async function copyContacts(
  world: LakeWorld,
  pages: AsyncIterable<{ contact_id: string }[]>,
  csv: string,
  { signal }: StepControl,
): Promise<number> {
  let wanted = 0;
  async function* ids(): AsyncIterable<Uint8Array> {
    for await (const page of pages) {
      wanted += page.length;
      yield Buffer.from(page.map((row) => `${row.contact_id}\n`).join(''));
    }
  }
  await world.db.transaction(
    async (tx) => {
      await tx.query('create temp table lake_wanted (contact_id bigint) on commit drop');
      await tx.copyIn('copy lake_wanted from stdin', ids());
      await tx.copyOut(lakeSql.copy_contacts, world.lakeFolder.sink(csv));
    },
    { signal },
  );
  return wanted;
}

async function writeFile(
  world: LakeWorld,
  duck: Duck,
  csv: string,
  wanted: number,
  watermark: bigint,
): Promise<NewFile> {
  const path = `contacts/${randomUUID()}.parquet`;
  const places = { csv: world.lakeFolder.at(csv), path: world.lakeFolder.at(path) };
  const written = await duck.rows<{ Count: string }>(withLiterals(lakeFilesSql.write_contacts, places));
  const rows = Number(written[0]!.Count);
  if (rows !== wanted) {
    await world.lakeFolder.remove(path);
    throw new PipelineError('lake_contacts_gone', 'Contacts were erased while their events were being copied.', {
      retry: 'later',
      hint: 'The step is tried again and leaves them out.',
    });
  }
  const { bytes, sha256 } = await world.lakeFolder.seal(path);
  return { path, kind: 'contacts', from: null, to: null, bucket: 0, buckets: 1, rows, bytes, sha256, watermark };
}
