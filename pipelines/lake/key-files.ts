// Files beside the lake's events: the addresses of their contacts and the names of their tags, so that no event repeats them.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { holdingErased, withoutErased } from './erased.ts';
import { lakeFilesSql, lakeSql } from './lake-sql.ts';
import { pathsOf, type LakeFile, type NewFile } from './manifest.ts';
import type { Duck } from '../../ports/duck.ts';
import type { LakeWorld } from './ports.ts';

/** Files of one kind after which they are written anew as one. Too low: much is written for few keys; too high: many small files. */
const MOST_FILES = 16;

const statements = {
  contacts: {
    unknown: lakeFilesSql.unknown_contacts,
    all: lakeFilesSql.all_contacts,
    copy: lakeSql.copy_contacts,
    missing: lakeSql.missing_contacts,
    write: lakeFilesSql.write_contacts,
  },
  tags: {
    unknown: lakeFilesSql.unknown_tags,
    all: lakeFilesSql.all_tags,
    copy: lakeSql.copy_tags,
    missing: lakeSql.missing_tags,
    write: lakeFilesSql.write_tags,
  },
};

type KeyKind = keyof typeof statements;

export interface KeyWork {
  watermark: bigint;
  /** Files of events of the version to come, and those of them that are new. */
  events: readonly NewFile[];
  fresh: readonly NewFile[];
  /** All files of the version it is built on. */
  present: readonly LakeFile[];
  /** Nothing that was written before is used. */
  anew: boolean;
  /** Somebody was erased: who is in the table `erased` leaves the present files, and with them the names of tags that nobody has. */
  erased: boolean;
}

export interface KeyFiles {
  /** What was missing. */
  added: NewFile[];
  /** What is written anew in them. */
  removed: LakeFile[];
  /** The numbers of all tags that the version has, when the tag files were written anew; null when they were not. */
  tagsLeft: number[] | null;
  /** Contacts with events that Postgres does not have: erased a moment ago, or their erasure was never finished. */
  gone: string[];
}

/** Writes what the keys of events stand for, as far as no present file has it. @throws PipelineError `lake_keys_gone` */
export async function writeKeyFiles(
  world: LakeWorld,
  duck: Duck,
  work: KeyWork,
  control: StepControl,
): Promise<KeyFiles> {
  const contacts = await writeContacts(world, duck, work, control);
  const tags = await writeTags(world, duck, work, control);
  return {
    added: [...contacts.added, ...tags.added],
    removed: [...contacts.removed, ...tags.removed],
    tagsLeft: tags.anew ? await numbersIn(world, duck, tags.added[0] ?? null) : null,
    gone: contacts.gone,
  };
}

/** Of new contacts from Postgres; the erased leave the present files, without anybody being copied out of Postgres again. */
async function writeContacts(
  world: LakeWorld,
  duck: Duck,
  work: KeyWork,
  control: StepControl,
): Promise<{ added: NewFile[]; removed: LakeFile[]; gone: string[] }> {
  const present = work.present.filter(({ kind }) => kind === 'contacts');
  const anew = work.anew || present.length === 0;
  const { file, missing } = await writeKeys(world, duck, 'contacts', { ...work, anew, present }, control);
  const added = file ? [file] : [];
  if (anew) return { added, removed: present, gone: missing };
  const holding = work.erased ? await holdingErased(world, duck, present) : [];
  // Too many files become one.
  const groups = present.length >= MOST_FILES ? [present] : holding.map((one) => [one]);
  for (const group of groups) {
    const rest = await withoutErased(world, duck, group);
    if (rest) added.push({ ...rest, watermark: work.watermark });
  }
  return { added, removed: groups.flat(), gone: missing };
}

async function writeTags(
  world: LakeWorld,
  duck: Duck,
  work: KeyWork,
  control: StepControl,
): Promise<{ added: NewFile[]; removed: LakeFile[]; anew: boolean }> {
  const present = work.present.filter(({ kind }) => kind === 'tags');
  const anew = work.anew || work.erased || present.length === 0 || present.length >= MOST_FILES;
  const { file, missing } = await writeKeys(world, duck, 'tags', { ...work, anew, present }, control);
  if (missing.length > 0) {
    if (file) await world.lakeFolder.remove(file.path);
    throw new PipelineError('lake_keys_gone', 'Tags went while their events were being copied.', {
      retry: 'later',
      hint: 'The step is tried again and leaves them out.',
    });
  }
  return { added: file ? [file] : [], removed: anew ? present : [], anew };
}

/** What `events` (anew), or the fresh ones of them, need and no present file has; and what of it Postgres does not have either. */
async function writeKeys(
  world: LakeWorld,
  duck: Duck,
  kind: KeyKind,
  work: KeyWork,
  control: StepControl,
): Promise<{ file: NewFile | null; missing: string[] }> {
  const from = work.anew ? work.events : work.fresh;
  if (from.length === 0) return { file: null, missing: [] };
  const sql = statements[kind];
  const statement = work.anew
    ? withLiterals(sql.all, { events: pathsOf(world, from) })
    : withLiterals(sql.unknown, { events: pathsOf(world, from), present: pathsOf(world, work.present) });
  const csv = `.${randomUUID()}.csv`;
  try {
    const { wanted, missing } = await copyKeys(world, duck.pages<{ key: string }>(statement), kind, csv, control);
    if (wanted === missing.length) return { file: null, missing };
    const path = `${kind}/${randomUUID()}.parquet`;
    const places = { csv: world.lakeFolder.at(csv), path: world.lakeFolder.at(path) };
    const written = await duck.rows<{ Count: string }>(withLiterals(sql.write, places));
    const sealed = await world.lakeFolder.seal(path);
    const unit = { from: null, to: null, bucket: 0, buckets: 1 };
    const rows = Number(written[0]!.Count);
    return { file: { path, kind, ...unit, rows, ...sealed, watermark: work.watermark }, missing };
  } finally {
    await world.lakeFolder.remove(csv);
  }
}

async function numbersIn(world: LakeWorld, duck: Duck, file: NewFile | null): Promise<number[]> {
  if (file === null) return [];
  const statement = withLiterals(lakeFilesSql.numbers_of_tags, { path: world.lakeFolder.at(file.path) });
  return (await duck.rows<{ tag_number: number }>(statement)).map((row) => row.tag_number);
}

async function copyKeys(
  world: LakeWorld,
  pages: AsyncIterable<{ key: string }[]>,
  kind: KeyKind,
  csv: string,
  { signal }: StepControl,
): Promise<{ wanted: number; missing: string[] }> {
  let wanted = 0;
  async function* keys(): AsyncIterable<Uint8Array> {
    for await (const page of pages) {
      wanted += page.length;
      yield Buffer.from(page.map(({ key }) => `${key}\n`).join(''));
    }
  }
  const { copy, missing } = statements[kind];
  return world.db.transaction(
    async (tx) => {
      await tx.query('create temp table lake_wanted (key bigint) on commit drop');
      await tx.copyIn('copy lake_wanted from stdin', keys());
      await tx.copyOut(copy, world.lakeFolder.sink(csv));
      const { rows } = await tx.query<{ id: string }>(missing);
      return { wanted, missing: rows.map(({ id }) => id) };
    },
    { signal },
  );
}
