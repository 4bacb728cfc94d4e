// Everyone who has to find a person's data reads one section of docs/operating.md: it must name every table and every folder.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${root}docs/operating.md`, 'utf8');
const section = /## Where personal data lies\n(.*?)\n### /s.exec(page)![1]!;

/** Tables that are there after all migrations. */
function tables(): string[] {
  const found = new Set<string>();
  for (const file of readdirSync(`${root}sql/migrations`).sort()) {
    const text = readFileSync(`${root}sql/migrations/${file}`, 'utf8');
    for (const [, made, from, to, gone] of text.matchAll(
      /^create table (\w+)|^alter table (\w+) rename to (\w+)|^drop table (\w+)/gm,
    )) {
      if (made) found.add(made);
      if (from && found.delete(from)) found.add(to!);
      if (gone) found.delete(gone);
    }
  }
  return [...found];
}

test('every table is named, as a place of personal data or as none', () => {
  expect(tables()).toContain('tag_events');
  expect(tables()).not.toContain('tag_events_0001');
  expect(tables().filter((table) => !section.includes(`\`${table}\``))).toEqual([]);
});

test('every folder for data is named', () => {
  // The settings, servers and logs of the data folder hold addresses of servers, not of people.
  const folders = [...page.matchAll(/^\| `(\w+\/)`/gm)]
    .map(([, name]) => name!)
    .filter((name) => !['postgres/', 'logs/'].includes(name));
  expect(folders).toContain('lake/');
  expect(folders.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
});
