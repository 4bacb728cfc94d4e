// The library links that an install without scripts leaves out: made, made relative, made once, and only inside the folder.
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { missingLibraryLinks, repairLibraryLinks } from '../../../server/embedded/postgres-binaries.ts';

let folder: string;
let native: string;
const LINKS = [
  { source: 'native/lib/liba.so.1.2', target: 'native/lib/liba.so' },
  { source: 'native/lib/liba.so.1.2', target: 'native/lib/liba.so.1' },
];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-links-'));
  native = join(folder, 'native');
  mkdirSync(join(native, 'lib'), { recursive: true });
  writeFileSync(join(native, 'lib', 'liba.so.1.2'), 'library');
  name(LINKS);
});
afterEach(() => rmSync(folder, { recursive: true }));

const name = (links: unknown): void => writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links));
const link = (file: string): string => readlinkSync(join(native, 'lib', file));

test('missing links are made, relative, and the second time there is nothing to do', () => {
  expect(repairLibraryLinks(native)).toBe(2);
  expect([link('liba.so'), link('liba.so.1')]).toEqual(['liba.so.1.2', 'liba.so.1.2']);
  expect(repairLibraryLinks(native)).toBe(0);
  renameSync(native, join(folder, 'moved'));
  expect(readFileSync(join(folder, 'moved', 'lib', 'liba.so.1'), 'utf8')).toBe('library');
});

test('a broken link is replaced, a real file in its place is kept', () => {
  symlinkSync('gone.so', join(native, 'lib', 'liba.so'));
  writeFileSync(join(native, 'lib', 'liba.so.1'), 'real');
  expect(missingLibraryLinks(native).map((missing) => missing.link)).toEqual([join(native, 'lib', 'liba.so')]);
  expect(repairLibraryLinks(native)).toBe(1);
  expect(link('liba.so')).toBe('liba.so.1.2');
  expect(readFileSync(join(native, 'lib', 'liba.so.1'), 'utf8')).toBe('real');
});

test('a link that would lie, or point, outside of the folder is not made', () => {
  writeFileSync(join(folder, 'outside'), '');
  name([
    { source: 'native/lib/liba.so.1.2', target: 'evil' },
    { source: 'outside', target: 'native/lib/evil' },
  ]);
  expect(repairLibraryLinks(native)).toBe(0);
});

test('a package without a list of links, or whose library is absent, needs nothing', () => {
  name([{ source: 'native/lib/absent.so.9', target: 'native/lib/absent.so' }]);
  expect(repairLibraryLinks(native)).toBe(0);
  rmSync(join(native, 'pg-symlinks.json'));
  expect(repairLibraryLinks(native)).toBe(0);
});
