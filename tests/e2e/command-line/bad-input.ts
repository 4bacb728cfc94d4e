// Input that cannot be imported: exit code 1, what is wrong and what to do next on stderr and in JSON, nothing applied.
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { WorkflowFailedError } from '@temporalio/client';
import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import type { ImportResult } from '../../../contracts/import.ts';
import { PIPELINE_QUEUE } from '../../../contracts/task-queues.ts';
import type { StackWorld } from '../../stack-world.ts';
import { countContacts, HEADER, line, person, sluice, type ErrorDocument } from './command-line.ts';

interface Case {
  what: string;
  content?: string | Uint8Array;
  args?: string[];
  code: string;
  /** What the message must name, and the next action. */
  says: RegExp[];
}

const good = `${HEADER}\n${line(900)}\n`;
const zipped = gzipSync(Buffer.from(good.repeat(50)));

const CASES: Case[] = [
  { what: 'a missing file', code: 'file_missing', says: [/no file “.*a missing file.csv”/, /Check the path/] },
  { what: 'an empty file', content: '', code: 'file_empty', says: [/an empty file.csv” is empty/, /Export it again/] },
  {
    what: 'a PNG image',
    content: Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
    code: 'file_binary',
    says: [/a PNG image.csv/, /PNG/, /CSV/],
  },
  {
    what: 'an Excel file',
    content: Buffer.concat([Buffer.from('504b030414000600', 'hex'), Buffer.alloc(64)]),
    code: 'file_binary',
    says: [/an Excel file.csv/, /xlsx/, /CSV/],
  },
  {
    what: 'a cut gzip',
    content: zipped.subarray(0, zipped.length - 20),
    code: 'file_corrupt',
    says: [/a cut gzip.csv” is damaged/, /copy it again/],
  },
  {
    what: 'Big5 declared as UTF-8',
    content: iconv.encode(`${HEADER}\n${line(901)}\n`, 'big5'),
    args: ['--encoding', 'utf-8'],
    code: 'encoding_wrong',
    says: [/is not utf-8: line 1/, /--encoding big5/],
  },
  {
    what: 'an encoding nobody knows',
    content: good,
    args: ['--encoding', 'klingon'],
    code: 'encoding_unknown',
    says: [/“klingon”/, /big5/i],
  },
  {
    what: 'a map to a column that is not there',
    content: good,
    args: ['--map', 'member_id=會員編號'],
    code: 'map_column_missing',
    says: [/no column “會員編號”/, /The columns are “LINE UID”, “姓名”/],
  },
  {
    what: 'a map of something that is no field',
    content: good,
    args: ['--map', 'shoe_size=姓名'],
    code: 'map_target_unknown',
    says: [/“shoe_size”/, /member_id.*tag:NAME/],
  },
  {
    what: 'two columns of one name',
    content: `LINE UID,姓名,姓名\n${person(902).uid},甲,乙\n`,
    code: 'field_duplicate',
    says: [/“#2”, “#3” both mean display_name/, /--map display_name=#3/],
  },
  {
    what: 'no identifier',
    content: '姓名,備註\n甲,乙\n',
    code: 'no_identifier',
    says: [/No column of the file identifies/, /--map social_id=COLUMN.*“姓名”, “備註”/],
  },
  {
    what: 'people without a header and without an identifier',
    content: `${person(903).name},台北\n${person(904).name},高雄\n`,
    code: 'no_identifier',
    says: [/No column of the file identifies/, /sluice inspect FILE/],
  },
  {
    what: 'dates to be read in two ways',
    content: `LINE UID,訂閱時間\n${person(905).uid},05/06/2024\n`,
    code: 'date_format_ambiguous',
    says: [/“訂閱時間”/, /--date-format/],
  },
  {
    what: 'an unknown channel',
    content: good,
    args: ['--channel', 'nowhere'],
    code: 'channel_unknown',
    says: [/no channel "nowhere"/, /There are: .*bad-input/],
  },
];

/** Registers the tests. They need the channel `bad-input`. */
export function badInputTests(world: () => StackWorld): void {
  const refused = async (file: string, { code, says, args = [] }: Pick<Case, 'code' | 'says' | 'args'>) => {
    const before = await countContacts(world());
    const ran = await sluice(world(), 'contacts', 'import', file, '--channel', 'bad-input', ...args, '--json');
    expect(ran.code).toBe(1);
    const { error } = ran.json<ErrorDocument>();
    expect(error.code).toBe(code);
    for (const pattern of says) {
      expect(`${error.message} ${error.hint}`).toMatch(pattern);
      expect(ran.stderr).toMatch(pattern);
    }
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    expect(await countContacts(world())).toBe(before);
  };

  for (const given of CASES)
    test(given.what, async () => {
      const name = `${given.what}.csv`;
      if (given.content !== undefined) await world().file(name, given.content);
      await refused(name, given);
    });

  test('a folder', async () => {
    await mkdir(path.join(world().folder, 'folder'), { recursive: true });
    await refused('folder', { code: 'file_unreadable', says: [/folder” is a folder/, /Name one file/] });
  });

  // Root may read everything, so the mode of a file refuses nothing to it.
  test.skipIf(process.getuid?.() === 0)('a file that this user may not read', async () => {
    await chmod(await world().file('secret.csv', good), 0o000);
    await refused('secret.csv', { code: 'file_unreadable', says: [/secret.csv” cannot be read/, /may read it/] });
  });

  test('too many invalid lines: nothing is applied, the rejects file says why', async () => {
    const lines = [line(910), line(911, { uid: 'broken' }), line(912, { uid: '' })];
    await world().file('invalid.csv', `${[HEADER, ...lines].join('\n')}\n`);
    const before = await countContacts(world());
    const ran = await sluice(world(), 'contacts', 'import', 'invalid.csv', '--channel', 'bad-input', '--json');
    expect(ran.code).toBe(1);
    const result = ran.json<ImportResult>();
    expect(result).toMatchObject({ state: 'rejected', lines: 3, outcomes: { create: 1, invalid: 2 } });
    expect(ran.stderr).toMatch(
      /2 of 3 lines are invalid \(66\.7 %, allowed 10\.0 %\): nothing was applied.*rejects file/,
    );
    expect(await countContacts(world())).toBe(before);
    expect((await stat(result.rejectsFile!)).mode & 0o777).toBe(0o600);
    const rejects = await readFile(result.rejectsFile!, 'utf8');
    expect(rejects).toMatch(/^broken,.*,3,invalid,social_id_invalid,/m);
    expect(rejects).toMatch(/^,.*,4,invalid,social_id_missing,/m);
    expect(rejects).not.toContain(person(910).uid);
  });

  test('fields that importContacts does not know, typed by hand into Temporal, are all named', async () => {
    const handle = await world().client.workflow.start('importContacts', {
      taskQueue: PIPELINE_QUEUE,
      workflowId: 'import/typed-by-hand',
      args: [{ file: 'relative.csv', channel: 'bad-input', colour: 'red', size: 3, dryRun: 'yes' }],
    });
    const failure: unknown = await handle.result().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    const { cause } = failure as WorkflowFailedError;
    expect(cause).toMatchObject({ type: 'import_input', nonRetryable: true });
    for (const problem of ['"colour" is not', '"size" is not', '"file" must', '"dryRun" must be true or false'])
      expect(cause?.message).toContain(problem);
  });

  test('a refused file leaves no half-written copy in the spool, and no import that seems to run', async () => {
    expect((await readdir(path.join(world().dataDir, 'spool'))).filter((name) => name.includes('.part'))).toEqual([]);
    const { rows } = await world().db.query(
      `select state, count(*)::int as imports from imports where channel_id = 'bad-input' group by 1`,
    );
    expect(rows).toEqual([{ state: 'rejected', imports: 1 }]);
  });
}
