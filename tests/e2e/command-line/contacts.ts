// Contacts by the command line: import with all its ways out, search, show, export, and the list of suppressions.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ImportResult } from '../../../contracts/import.ts';
import { until, type StackWorld } from '../../stack-world.ts';
import { answerOf, countContacts, HEADER, launch, line, person, sluice, type ErrorDocument } from './command-line.ts';

interface Page {
  contacts: Record<string, unknown>[];
  next: string | null;
}

const mode = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);

/** Registers the tests, which build on each other. They need the channel `shop`. */
export function contactsTests(world: () => StackWorld): void {
  const importing = (file: string, ...more: string[]) =>
    answerOf<ImportResult>(world(), 'contacts', 'import', file, '--channel', 'shop', ...more);
  const search = (...filter: string[]) => answerOf<Page>(world(), 'contacts', 'search', ...filter);
  let first: ImportResult;

  test('suppressions import counts what was new, known and no address; list and check tell of them', async () => {
    // Line numbers are those of the file: the blank line counts.
    await world().file('stop.txt', `${person(9).uid}\n\n${person(8).email}\nnot an address\n`);
    const ran = await sluice(world(), 'suppressions', 'import', 'stop.txt', '--reason', 'complaint', '--json');
    expect(ran.code).toBe(1);
    expect(ran.json()).toEqual({ added: 2, known: 0, invalid: 1, invalidLines: [4] });
    await world().file('stop.txt', `${person(9).uid}\n`);
    expect(await answerOf(world(), 'suppressions', 'import', 'stop.txt')).toMatchObject({ added: 0, known: 1 });
    const { suppressions } = await answerOf<{ suppressions: unknown[] }>(world(), 'suppressions', 'list');
    expect(suppressions).toMatchObject([{ channel: '*', reason: 'complaint', source: 'cli', addresses: 2 }]);
    const check = (address: string) => answerOf(world(), 'suppressions', 'check', address, '--channel', 'shop');
    expect(await check(person(9).uid)).toMatchObject({ suppressed: true, matches: [{ reason: 'complaint' }] });
    expect(await check(person(8).email.toUpperCase())).toMatchObject({ suppressed: true });
    expect(await check(person(7).uid)).toEqual({ suppressed: false, matches: [] });
    const missing = await sluice(world(), 'suppressions', 'import', 'gone.txt', '--json');
    expect([missing.code, missing.json<ErrorDocument>().error.code]).toEqual([1, 'file_unreadable']);
    expect(missing.stderr).toContain('gone.txt');
  });

  test('contacts import answers with a fate for every line, and writes the rejects for the owner alone', async () => {
    const lines = [
      line(1, { tags: 'VIP,熟客', subscribed: '是' }),
      line(2, { subscribed: '否' }),
      line(3, { name: '測試人3舊' }),
      line(3),
      '',
      line(4, { uid: 'broken' }),
      line(9),
    ];
    await world().file('members.csv', `${[HEADER, ...lines].join('\n')}\n`);
    first = await importing('members.csv', '--max-invalid', '50');
    for (const key of ['importId', 'state', 'lines', 'skipped', 'outcomes', 'rejectsFile'])
      expect(Object.keys(first)).toContain(key);
    expect(first).toMatchObject({ state: 'done', channel: 'shop', dryRun: false, recognised: false, lines: 6 });
    expect(first.skipped).toEqual({ blank: 1, preamble: 0, header: 1, footer: 0 });
    expect(first.outcomes).toEqual({
      create: 3,
      update: 0,
      unchanged: 0,
      duplicate: 1,
      ambiguous: 0,
      invalid: 1,
      suppressed: 1,
    });
    expect(await countContacts(world(), 'shop')).toBe(3);
    expect(await mode(first.rejectsFile!)).toBe('600');
    const rejects = await readFile(first.rejectsFile!, 'utf8');
    expect(rejects).toMatch(/^broken,測試人4,.*,7,invalid,social_id_invalid,/m);
    expect(rejects).toMatch(new RegExp(`^${person(9).uid},.*,8,suppressed,complaint,`, 'm'));
    expect(rejects.trimEnd().split('\n')).toHaveLength(3);
  });

  test('a rejects file, mended, is a file that imports', async () => {
    const rejects = await readFile(first.rejectsFile!, 'utf8');
    await world().file('mended.csv', rejects.replace('broken', person(4).uid));
    const { outcomes } = await importing('mended.csv');
    expect(outcomes).toMatchObject({ create: 1, suppressed: 1, invalid: 0 });
  });

  test('the same again is recognised, and with --again it finds nothing to change', async () => {
    const known = await importing('members.csv', '--max-invalid', '50');
    expect(known).toEqual({ ...first, recognised: true });
    const again = await importing('members.csv', '--max-invalid', '50', '--again');
    expect(again).toMatchObject({ state: 'done', recognised: false, outcomes: { create: 0, update: 0, unchanged: 3 } });
    expect(again.importId).not.toBe(first.importId);
    const { stdout } = await sluice(
      world(),
      ...['contacts', 'import', 'members.csv', '--channel', 'shop', '--max-invalid', '50'],
    );
    expect(stdout).toMatch(/imported before.*\n6 lines;[^]*unchanged +3\n[^]*Rejects: \//);
  });

  test('a dry run shows old and new and changes nothing', async () => {
    await world().file('change.csv', `${HEADER}\n${line(1, { name: '測試人1新' })}\n${line(5)}\n`);
    const before = await search('--channel', 'shop');
    const dry = await importing('change.csv', '--dry-run');
    expect(dry).toMatchObject({ state: 'done', dryRun: true, outcomes: { create: 1, update: 1 } });
    expect(await mode(dry.diffFile!)).toBe('600');
    expect((await readFile(dry.diffFile!, 'utf8')).split('\n')).toEqual([
      '\ufeffline,contact_id,field,old,new',
      expect.stringMatching(/^2,[0-9]+,display_name,測試人1,測試人1新$/),
      '',
    ]);
    expect(await search('--channel', 'shop')).toEqual(before);
  });

  test('--no-wait answers at once with the workflow, which then ends by itself', async () => {
    await world().file('later.csv', `${HEADER}\n${line(6)}\n`);
    const started = await answerOf<{ importId: string; workflowId: string; state: string }>(
      world(),
      ...['contacts', 'import', 'later.csv', '--channel', 'shop', '--no-wait'],
    );
    expect(started).toEqual({
      importId: expect.stringMatching(/^[0-9]+$/),
      workflowId: `import/${started.importId}`,
      state: 'inspecting',
    });
    const handle = world().client.workflow.getHandle(started.workflowId);
    await until('the end of the workflow', 60_000, async () =>
      (await handle.describe()).status.name === 'COMPLETED' ? true : null,
    );
    expect(await handle.result()).toMatchObject({ importId: started.importId, state: 'done', outcomes: { create: 1 } });
  });

  test('contacts search finds by every identifier, and gives pages', async () => {
    const expected = { socialId: person(1).uid, displayName: '測試人1', tags: ['VIP', '熟客'], subscribed: true };
    for (const filter of [
      ['--social-id', person(1).uid],
      ['--email', person(1).email.toUpperCase()],
      ['--phone', person(1).phone],
      ['--phone', '+886 987 600 001', '--channel', 'shop'],
      ['--name', '試人1', '--channel', 'shop'],
      ['--tag', 'VIP', '--channel', 'shop'],
    ])
      expect(await search(...filter), filter.join(' ')).toMatchObject({ contacts: [expected], next: null });
    const [found] = (await search('--social-id', person(1).uid)).contacts;
    for (const key of ['contactId', 'channelId', 'memberId', 'email', 'phone'])
      expect(Object.keys(found!)).toContain(key);
    const ids: unknown[] = [];
    for (let after = '0'; ;) {
      const page = await search('--channel', 'shop', '--limit', '2', '--after', after);
      expect(page.contacts.length).toBeLessThanOrEqual(2);
      ids.push(...page.contacts.map((contact) => contact['contactId']));
      if (page.next === null) break;
      after = page.next;
    }
    expect(new Set(ids).size).toBe(5);
    expect(ids).toHaveLength(5);
    const wrong = await sluice(world(), 'contacts', 'search', '--phone', 'twelve', '--json');
    expect([wrong.code, wrong.json<ErrorDocument>().error.code]).toEqual([1, 'phone_invalid']);
  });

  test('contacts show gives one contact, says when there is none, and what an id is', async () => {
    const [contact] = (await search('--social-id', person(2).uid)).contacts;
    expect(await answerOf(world(), 'contacts', 'show', String(contact!['contactId']))).toEqual(contact);
    expect(contact).toMatchObject({ subscribed: false, phone: '+886987600002' });
    const none = await sluice(world(), 'contacts', 'show', '999999999', '--json');
    expect(none.code).toBe(1);
    expect(none.json<ErrorDocument>().error).toMatchObject({
      code: 'contact_unknown',
      hint: expect.stringContaining('search'),
    });
    for (const args of [
      ['contacts', 'show', 'abc'],
      ['contacts', 'search', '--after', 'abc'],
    ]) {
      const wrong = await sluice(world(), ...args);
      expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('a contact id is a number') });
    }
  });

  test('an exported CSV imports as unchanged, every line of it', async () => {
    const written = await answerOf(world(), 'contacts', 'export', '--channel', 'shop', '--out', 'export.csv');
    expect(written).toEqual({ contacts: 5, file: 'export.csv' });
    expect(await mode(path.join(world().folder, 'export.csv'))).toBe('600');
    const { outcomes } = await importing('export.csv');
    expect(outcomes).toMatchObject({ unchanged: 5, create: 0, update: 0, invalid: 0, suppressed: 0 });
    const { stdout, stderr } = await sluice(world(), 'contacts', 'export', '--channel', 'shop');
    expect(stdout).toBe(await readFile(path.join(world().folder, 'export.csv'), 'utf8'));
    expect(stderr).toContain('5 contacts');
  });

  test('JSON lines hold the contacts as search gives them', async () => {
    const { stdout } = await sluice(world(), 'contacts', 'export', '--channel', 'shop', '--format', 'jsonl');
    const contacts = stdout
      .trimEnd()
      .split('\n')
      .map((text): unknown => JSON.parse(text));
    expect(contacts).toEqual((await search('--channel', 'shop')).contacts);
  });

  test('an export that cannot be written says so; one whose reader has gone ends in peace', async () => {
    const ran = await sluice(world(), 'contacts', 'export', '--out', 'no/such/folder.csv', '--json');
    expect(ran.code).toBe(1);
    expect(ran.json<ErrorDocument>().error.code).toBe('out_unwritable');
    expect(ran.stderr).toMatch(
      /^sluice: The file “no\/such\/folder.csv” cannot be written \(ENOENT\)\. Choose another/,
    );
    const left = launch(['contacts', 'export', '--data-dir', world().dataDir], world().folder);
    left.closeStdout();
    const { code, stderr } = await left.ended;
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|\n\s+at /);
  });
}
