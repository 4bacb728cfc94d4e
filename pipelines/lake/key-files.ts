// Files beside the lake's events: the addresses of their contacts and the names of their tags, so that no event repeats them.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { StepControl } from '../import/ports.ts';
import { lakeFilesSql, lakeSql } from './lake-sql.ts';
import { pathsOf, type LakeFile, type NewFile } from './manifest.ts';
import type { Duck } from '../contracts/duck.ts';
import type { LakeWorld } from './ports.ts';

/** Files of one kind after which they are written anew as one. Too low: much is written for few keys; too high: many small files. */
const MOST_FILES = 16;

const statements = {
  contacts: {
    unknown: lakeFilesSql.unknown_contacts,
    all: lakeFilesSql.all_contacts,
    copy: lakeSql.copy_contacts,
    write: lakeFilesSql.write_contacts,
  },
  tags: {
    unknown: lakeFilesSql.unknown_tags,
    all: lakeFilesSql.all_tags,
    copy: lakeSql.copy_tags,
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
  /** Someone was erased: nothing that was written before may stay. */
  anew: boolean;
}

export interface KeyFiles {
  /** What was missing. */
  added: NewFile[];
  /** What is written anew in them. */
  removed: LakeFile[];
  /** The numbers of all tags that the version has, when the tag files were written anew; null when they were not. */
  tagsLeft: number[] | null;
}

/** Writes what the keys of events stand for, as far as no present file has it. @throws PipelineError `lake_keys_gone` */
export async function writeKeyFiles(
  world: LakeWorld,
  duck: Duck,
  work: KeyWork,
  control: StepControl,
): Promise<KeyFiles> {
  const contacts = await writeKeys(world, duck, 'contacts', work, control);
  const tags = await writeKeys(world, duck, 'tags', work, control);
  return {
    added: [contacts, tags].flatMap(({ file }) => file ?? []),
    removed: [...contacts.removed, ...tags.removed],
    tagsLeft: tags.anew ? await numbersIn(world, duck, tags.file) : null,
  };
}

async function writeKeys(
  world: LakeWorld,
  duck: Duck,
  kind: KeyKind,
  work: KeyWork,
  control: StepControl,
): Promise<{ file: NewFile | null; removed: LakeFile[]; anew: boolean }> {
  const present = work.present.filter((file) => file.kind === kind);
  const anew = work.anew || present.length === 0 || present.length >= MOST_FILES;
  const done = { file: null, removed: anew ? present : [], anew };
  const from = anew ? work.events : work.fresh;
  if (from.length === 0) return done;
  const sql = statements[kind];
  const statement = anew
    ? withLiterals(sql.all, { events: pathsOf(world, from) })
    : withLiterals(sql.unknown, { events: pathsOf(world, from), present: pathsOf(world, present) });
  const csv = `.${randomUUID()}.csv`;
  try {
    const wanted = await copyKeys(world, duck.pages<{ key: string }>(statement), sql.copy, csv, control);
    if (wanted === 0) return done;
    const path = `${kind}/${randomUUID()}.parquet`;
    const places = { csv: world.lakeFolder.at(csv), path: world.lakeFolder.at(path) };
    const written = await duck.rows<{ Count: string }>(withLiterals(sql.write, places));
    const rows = Number(written[0]!.Count);
    if (rows !== wanted) {
      await world.lakeFolder.remove(path);
      throw new PipelineError('lake_keys_gone', 'Contacts or tags went while their events were being copied.', {
        retry: 'later',
        hint: 'The step is tried again and leaves them out.',
      });
    }
    const sealed = await world.lakeFolder.seal(path);
    const unit = { from: null, to: null, bucket: 0, buckets: 1 };
    return { ...done, file: { path, kind, ...unit, rows, ...sealed, watermark: work.watermark } };
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
  copy: string,
  csv: string,
  { signal }: StepControl,
): Promise<number> {
  let wanted = 0;
  async function* keys(): AsyncIterable<Uint8Array> {
    for await (const page of pages) {
      wanted += page.length;
      yield Buffer.from(page.map(({ key }) => `${key}\n`).join(''));
    }
  }
  await world.db.transaction(
    async (tx) => {
      await tx.query('create temp table lake_wanted (key bigint) on commit drop');
      await tx.copyIn('copy lake_wanted from stdin', keys());
      await tx.copyOut(copy, world.lakeFolder.sink(csv));
    },
    { signal },
  );
  return wanted;
}
