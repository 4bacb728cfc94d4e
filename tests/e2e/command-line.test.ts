// The compiled command line against one running stack: answers on stdout, words on stderr, exit codes 0, 1 and 2.
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Channel } from '../../contracts/channel.ts';
import { openStackWorld, type StackWorld } from '../stack-world.ts';
import { badInputTests } from './command-line/bad-input.ts';
import { answerOf, HEADER, launch, line, person, sluice, type ErrorDocument } from './command-line/command-line.ts';
import { contactsTests } from './command-line/contacts.ts';
import { durableImportTests } from './command-line/durable-import.ts';

let world: StackWorld;
beforeAll(async () => {
  world = await openStackWorld({ SLUICE_IMPORT_SLICE_LINES: '500' });
});
afterAll(() => world.close());

const facts = (id: string) => [
  ...['channels', 'add', id, '--kind', 'line', '--base-url', 'https://line.example.com'],
  ...['--sender-id', 'U0', '--secret-env', 'SHOP_TOKEN'],
];

describe('channels', () => {
  test('add gives the channel as it is; the same again changes nothing, whatever the order of its rates', async () => {
    const rates = ['--rate', 'push=500', '--rate', 'multicast=2.5'];
    const added = await answerOf<Channel>(world, ...facts('shop'), ...rates);
    expect(added).toEqual({
      id: 'shop',
      kind: 'line',
      baseUrl: 'https://line.example.com',
      senderId: 'U0',
      secretEnv: 'SHOP_TOKEN',
      rates: { push: 500, multicast: 2.5 },
      defaultCountry: 'TW',
      timeZone: 'Asia/Taipei',
      enabled: true,
    });
    const { rows: before } = await world.db.query('select * from channels');
    expect(await answerOf(world, ...facts('shop'), ...rates)).toEqual(added);
    const turned = ['--rate', 'multicast=2.5', '--rate', 'push=500'];
    expect(await answerOf(world, ...facts('shop'), ...turned)).toEqual(added);
    expect((await world.db.query('select * from channels')).rows).toEqual(before);
  });

  test('the same id with other facts is refused, and told how to change it', async () => {
    const ran = await sluice(world, ...facts('shop'), '--country', 'JP', '--json');
    expect(ran.code).toBe(1);
    expect(ran.json<ErrorDocument>().error).toMatchObject({
      code: 'channel_exists',
      hint: expect.stringContaining('sluice channels set shop'),
    });
    const { channels } = await answerOf<{ channels: Channel[] }>(world, 'channels', 'list');
    expect(channels).toMatchObject([{ id: 'shop', defaultCountry: 'TW' }]);
  });

  test('bad facts are all named at once, and nothing is added', async () => {
    const ran = await sluice(
      world,
      ...['channels', 'add', 'Bad!', '--kind', 'line', '--base-url', 'ftp://x', '--sender-id', ' '],
      ...['--secret-env', 'a-secret', '--country', 'taiwan', '--time-zone', 'Mars/Base', '--json'],
    );
    expect(ran.code).toBe(1);
    for (const problem of ['the id', 'base URL', 'sender id', 'environment variable', 'country', '"Mars/Base"']) {
      expect(ran.json<ErrorDocument>().error.message).toContain(problem);
      expect(ran.stderr).toContain(problem);
    }
    expect((await answerOf<{ channels: Channel[] }>(world, 'channels', 'list')).channels).toHaveLength(1);
  });

  test('set changes what is given and nothing else; an unknown channel is named beside those there are', async () => {
    const changed = await answerOf<Channel>(world, 'channels', 'set', 'shop', '--base-url', 'http://127.0.0.1:9');
    expect(changed).toMatchObject({
      baseUrl: 'http://127.0.0.1:9',
      rates: { push: 500, multicast: 2.5 },
      enabled: true,
    });
    expect(await answerOf(world, 'channels', 'set', 'shop', '--disable')).toEqual({ ...changed, enabled: false });
    const { channels } = await answerOf<{ channels: Channel[] }>(world, 'channels', 'list');
    expect(channels).toEqual([{ ...changed, enabled: false }]);
    await answerOf(world, 'channels', 'set', 'shop', '--enable');
    expect((await sluice(world, 'channels', 'list')).stdout).toMatch(/^id +kind.*\nshop +line +http:/);
    const ran = await sluice(world, 'channels', 'set', 'shoop', '--enable');
    expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/"shoop".*There are: shop/) });
  });
});

describe('inspect', () => {
  const table = `${HEADER}\n${line(1)}\n${line(2)}\n`;
  const inspect = (...args: string[]) => launch(['inspect', ...args], world.folder).ended;

  test.each([
    ['utf-8', Buffer.from(table)],
    ['big5', iconv.encode(table, 'big5')],
  ])('a %s file: what it is and what its columns mean, as documented', async (encoding, content) => {
    await world.file(`${encoding}.csv`, content);
    const ran = await inspect(`${encoding}.csv`, '--json');
    expect(ran.code).toBe(0);
    const { uid, name, phone, email } = person(1);
    const column = (header: string, field: string) => ({ header, field, confidence: 1, why: 'word' });
    expect(ran.json()).toEqual({
      file: `${encoding}.csv`,
      encoding,
      empty: false,
      delimiter: ',',
      quote: '"',
      headerRow: 1,
      headerRows: [1],
      headerGuessed: false,
      lostCharacters: 0,
      oddQuotes: { count: 0, firstLine: null },
      swallowed: [],
      bareReturns: { count: 0, firstLine: null },
      warnings: [],
      columns: [
        column('LINE UID', 'social_id'),
        column('姓名', 'display_name'),
        column('手機', 'phone'),
        column('Email', 'email'),
        column('標籤', 'tags'),
        column('訂閱', 'subscribed'),
      ],
      records: 2,
      recordsExact: true,
      skipped: { blank: 0, preamble: 0, header: 1, footer: 0 },
      sample: [
        [uid, name, phone, email, '', ''],
        [person(2).uid, person(2).name, person(2).phone, person(2).email, '', ''],
      ],
      problem: null,
    });
  });

  test('--rows gives clean CSV; several files need a folder, and each gets its own there', async () => {
    await world.file(
      'messy.csv',
      iconv.encode('報表\r\n\r\n姓名;備註\r\n甲;"a,b"\r\n;\r\n乙;"say ""hi"""\r\n', 'big5'),
    );
    const clean = '姓名,備註\n甲,"a,b"\n乙,"say ""hi"""\n';
    expect(await inspect('messy.csv', '--rows', '--delimiter', ';')).toMatchObject({ code: 0, stdout: clean });
    const refused = await inspect('messy.csv', 'utf-8.csv', '--rows');
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--out DIR') });
    expect(await inspect('messy.csv', 'big5.csv', '--rows', '--out', 'clean')).toMatchObject({ code: 0, stdout: '' });
    expect(await readFile(path.join(world.folder, 'clean/messy.csv'), 'utf8')).toBe(clean);
    expect(await readFile(path.join(world.folder, 'clean/big5.csv'), 'utf8')).toBe(table.replaceAll('""', ''));
  });

  test('a file that is none is an error document', async () => {
    const ran = await inspect('nowhere.csv', '--json');
    expect([ran.code, ran.json<ErrorDocument>().error.code]).toEqual([1, 'file_missing']);
    expect(ran.stderr).toMatch(/nowhere\.csv.*Check the path/);
  });
});

describe('contacts and suppressions', () => contactsTests(() => world));

describe('bad input', () => {
  beforeAll(() => answerOf(world, ...facts('bad-input')));
  badInputTests(() => world);
});

describe('around the commands', () => {
  test('doctor finds everything that runs, and shows no password', async () => {
    const ran = await sluice(world, 'doctor', '--json');
    const { ok, checks } = ran.json<{ ok: boolean; checks: { name: string; state: string; fix: string | null }[] }>();
    expect([ran.code, ok]).toEqual([0, true]);
    const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({
      'running stack': 'ok',
      Postgres: 'ok',
      migrations: 'ok',
      Temporal: 'ok',
      build: 'ok',
    });
    expect(ran.stdout).not.toContain(new URL(world.stack.databaseUrl).password);
  });

  test('--print-config shows every setting and masks the secrets', async () => {
    const { code, stdout } = await launch(['--print-config'], world.folder, {
      DATABASE_URL: 'postgres://shop:hunter2@db.example.com/shop',
      SLUICE_SUPPRESSION_KEY: 'correct horse',
      SLUICE_IMPORT_THREADS: '7',
    }).ended;
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/hunter2|correct horse/);
    expect(stdout).toMatch(/^databaseUrl = "postgres:\/\/shop:\*\*\*@db\.example\.com\/shop"/m);
    expect(stdout).toMatch(/^suppressionKey = "\*\*\*"/m);
    expect(stdout).toMatch(/^importThreads = 7 threads .*SLUICE_IMPORT_THREADS/m);
  });

  test.each([[['--help']], [['contacts', '--help']], [['contacts', 'import', '--help']]])(
    'help is no error: %j',
    async (args) => {
      const ran = await launch(args, world.folder).ended;
      expect(ran).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Usage: sluice') });
    },
  );

  test.each([
    ['an unknown option', ['channels', 'list', '--bogus'], /unknown option '--bogus'/],
    ['a missing argument', ['contacts', 'import', '--channel', 'shop'], /missing required argument 'file'/],
    ['a missing option', ['contacts', 'import', 'a.csv'], /required option '--channel/],
    ['a value out of its list', [...facts('x').with(4, 'fax')], /'fax' is invalid.*line, whatsapp/],
    ['a share that is none', ['contacts', 'import', 'a', '--channel', 'c', '--max-invalid', 'all'], /percentage/],
    ['a map that is none', ['contacts', 'import', 'a', '--channel', 'c', '--map', 'phone'], /FIELD=COLUMN/],
    ['an unknown command', ['contacts', 'improt'], /unknown command 'improt'/],
    ['an unknown first command', ['contcats'], /unknown command 'contcats'/],
  ])('%s is wrong usage: exit code 2 and a word on stderr', async (_what, args, says) => {
    const ran = await launch(args, world.folder).ended;
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
    expect(ran.stderr).toContain('--help');
  });

  test('where nothing runs, both ways to have something are named', async () => {
    const empty = path.join(world.folder, 'empty');
    await mkdir(empty);
    for (const command of [
      ['channels', 'list'],
      ['contacts', 'search'],
      ['contacts', 'import', 'a.csv', '--channel', 'c'],
    ]) {
      const ran = await launch([...command, '--json', '--data-dir', empty], world.folder).ended;
      expect(ran.code).toBe(1);
      const { error } = ran.json<ErrorDocument>();
      expect(error.code).toBe('nothing_running');
      expect(error.message).toContain(empty);
      expect(error.hint).toMatch(/sluice dev.*--embedded/);
      expect(ran.stderr).toMatch(/sluice dev.*--embedded/);
    }
  });

  test('a database that does not answer is an error document too, without a stack trace', async () => {
    const env = { DATABASE_URL: 'postgres://shop:hunter2@localhost:1/shop' };
    const ran = await launch(['channels', 'list', '--json'], world.folder, env).ended;
    expect(ran.code).toBe(1);
    const { error } = ran.json<ErrorDocument>();
    expect(error.message).toMatch(/ECONNREFUSED/);
    expect(error.hint).toContain('sluice doctor');
    expect(ran.stderr).not.toMatch(/hunter2|\n\s+at /);
  });
});

describe('imports in Temporal', () => {
  beforeAll(() => answerOf(world, ...facts('durable')));
  durableImportTests(() => world);
});
