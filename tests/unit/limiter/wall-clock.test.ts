// A worker whose wall clock is off by an hour must not send an hour late: sending and the limiter never ask this machine for the
// time of day, only the database's clock and a monotonic one.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ServerClock } from '../../../pipelines/limiter/server-clock.ts';

const FOLDERS = ['pipelines/delivery', 'pipelines/limiter'];

test.each(FOLDERS)('%s asks no wall clock', (folder) => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const asking = files.filter((name) => /Date\.now\(|new Date\(/.test(readFileSync(path.join(folder, name), 'utf8')));
  expect(files.length).toBeGreaterThan(1);
  expect(asking).toEqual([]);
});

test("the database's time is known whatever this machine's clock says", () => {
  let local = 5;
  const clock = new ServerClock(() => local);
  const databaseMs = Date.UTC(2026, 0, 1) + 3_600_000;
  clock.observe(databaseMs, 4, 5);
  local += 250;
  expect(clock.earliest()).toBe(databaseMs + 250);
  expect(clock.latest()).toBe(databaseMs + 251);
});
