// kill -9 of worker, Temporal and Postgres while an import stages, resolves and applies; each down for 30 s; all at once.
// The end must be, row by row, that of the same import undisturbed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ImportResult } from '../../contracts/import.ts';
import { addTestChannel, lineId } from '../import-harness.ts';
import { openStackWorld, until, type StackWorld } from '../stack-world.ts';

/** Enough, with the long remark, for several transactions of stage (8 MiB each) and a resolve that can be hit. */
const LINES = 65_000;
/** Bytes of each line's remark: makes stage long without more slices, of which each costs every case its time. */
const REMARK = 170;
const VICTIMS = ['worker', 'temporal', 'postgres'] as const;
const STAGES = ['staging', 'resolving', 'applying'] as const;

let world: StackWorld;
let first: string;
let second: string;
let calm: ImportResult;
const hits: string[] = [];

beforeAll(async () => {
  world = await openStackWorld({ SLUICE_IMPORT_SLICE_LINES: '1000' });
  first = await world.file('first.csv', contacts(0, 8_000, '舊'));
  second = await world.file('second.csv', contacts(4_000, LINES, '新'));
  calm = await storm('calm', async () => undefined);
  expect(calm).toMatchObject({ state: 'done', lines: LINES });
  expect(Object.values(calm.outcomes).filter((count) => count > 0).length).toBeGreaterThanOrEqual(5);
});
afterAll(async () => {
  process.stdout.write(`hits:\n  ${hits.join('\n  ')}\n`);
  await world.close();
});

/** Lines of every kind: new, changed, unchanged, duplicate, invalid; with tags, so that the tag log is written too. */
function contacts(from: number, count: number, name: string): string {
  const lines = ['LINE UID,姓名,手機,Email,標籤,備註'];
  for (let line = 0; line < count; line++) {
    const seed = line % 50 === 7 ? from + line - 1 : from + line;
    const uid = line % 97 === 5 ? 'not a uid' : lineId(seed);
    const person = seed % 3 === 0 ? '同' : name;
    const phone = `09${String(10_000_000 + seed).padStart(8, '0')}`;
    lines.push(`${uid},${person}${seed},${phone},user${seed}@example.com,"VIP,t${seed % 5}",${'x'.repeat(REMARK)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Imports the first file into a new channel, then the second with `disturb` at its side. */
async function storm(channel: string, disturb: () => Promise<unknown>): Promise<ImportResult> {
  await addTestChannel(world.db, channel, 'line');
  await (await world.start({ file: first, channel }, `chaos/${channel}/first`)).result();
  const started = await world.start({ file: second, channel }, `chaos/${channel}/second`);
  await disturb();
  return started.result();
}

interface Point {
  state: string;
  staged: string;
  slices: string;
}

/** Waits until the channel's newest import is in the middle of `stage`. */
function middleOf(channel: string, stage: (typeof STAGES)[number]): Promise<Point> {
  return until(`${channel} in ${stage}`, 60_000, async () => {
    const { rows } = await world.db.query<Point & Record<string, unknown>>(
      `select state, staged_lines as staged, (select count(*) from import_slices s where s.import_id = i.id) as slices
       from imports i where channel_id = $1 and spool_bytes > 8000000 order by id desc limit 1`,
      [channel],
    );
    const point = rows[0];
    if (!point || point.state !== stage) return null;
    if (stage === 'staging' && Number(point.staged) === 0) return null;
    if (stage === 'applying' && Number(point.slices) < 5) return null;
    return point;
  });
}

/** Everything that must be equal, without surrogate ids and audit times; compared in the database, both ways. */
async function expectSameEnd(channel: string, result: ImportResult): Promise<void> {
  expect({ ...result, importId: '', channel: '', rejectsFile: '' }).toEqual({
    ...calm,
    importId: '',
    channel: '',
    rejectsFile: '',
  });
  const differences = await world.db.query<{ what: string; rows: string }>(
    `with lines as (
       select import_id, line, outcome, reason, duplicate_of from import_lines where import_id in ($1, $2)),
     people as (
       select channel_id, social_id, display_name, member_id, email, email_key, phone, phone_raw, subscribed, attributes,
         (select array_agg(tag order by tag) from contact_tags t where t.contact_id = c.id) as tags
       from contacts c where channel_id in ($3, $4)),
     log as (
       select e.channel_id, c.social_id, e.kind, e.tag, e.source
       from tag_events e join contacts c on c.id = e.contact_id where e.channel_id in ($3, $4)),
     images as (
       select b.import_id, b.line, b.before ->> 'display_name' as name, b.tags
       from import_before_images b where import_id in ($1, $2))
     select 'outcomes' as what, count(*) as rows from (
       (select line, outcome, reason, duplicate_of from lines where import_id = $1
        except all select line, outcome, reason, duplicate_of from lines where import_id = $2)
       union all
       (select line, outcome, reason, duplicate_of from lines where import_id = $2
        except all select line, outcome, reason, duplicate_of from lines where import_id = $1)) d
     union all
     select 'contacts', count(*) from (
       (select to_jsonb(people) - 'channel_id' from people where channel_id = $3
        except all select to_jsonb(people) - 'channel_id' from people where channel_id = $4)
       union all
       (select to_jsonb(people) - 'channel_id' from people where channel_id = $4
        except all select to_jsonb(people) - 'channel_id' from people where channel_id = $3)) d
     union all
     select 'tag events', count(*) from (
       (select social_id, kind, tag, source from log where channel_id = $3
        except all select social_id, kind, tag, source from log where channel_id = $4)
       union all
       (select social_id, kind, tag, source from log where channel_id = $4
        except all select social_id, kind, tag, source from log where channel_id = $3)) d
     union all
     select 'before-images', count(*) from (
       (select line, name, tags from images where import_id = $1
        except all select line, name, tags from images where import_id = $2)
       union all
       (select line, name, tags from images where import_id = $2
        except all select line, name, tags from images where import_id = $1)) d`,
    [calm.importId, result.importId, 'calm', channel],
  );
  expect(differences.rows).toEqual(
    ['outcomes', 'contacts', 'tag events', 'before-images'].map((what) => ({ what, rows: '0' })),
  );
}

for (const victim of VICTIMS)
  for (const stage of STAGES)
    test(`kill -9 ${victim} while ${stage}`, async () => {
      const channel = `${victim}-${stage}`;
      const result = await storm(channel, async () => {
        const point = await middleOf(channel, stage);
        const before = world.stack.pidOf(victim);
        expect(world.stack.kill(victim, 'SIGKILL')).toBe(true);
        hits.push(`${victim} (pid ${before}) at ${point.state}: ${point.staged} lines staged, ${point.slices} slices`);
      });
      await expectSameEnd(channel, result);
    });

test('all three killed at once, while applying', async () => {
  const result = await storm('all', async () => {
    const point = await middleOf('all', 'applying');
    for (const victim of VICTIMS) world.stack.kill(victim, 'SIGKILL');
    hits.push(`all three at ${point.state}: ${point.slices} slices`);
  });
  await expectSameEnd('all', result);
});

for (const victim of ['temporal', 'postgres'] as const)
  test(`${victim} gone for 30 s while applying`, async () => {
    const channel = `${victim}-gone`;
    const result = await storm(channel, async () => {
      const point = await middleOf(channel, 'applying');
      const release = world.stack.hold(victim);
      // The length of the outage is what is tested.
      await new Promise((resolve) => setTimeout(resolve, 30_000));
      release();
      hits.push(`${victim} for 30 s at ${point.state}: ${point.slices} slices`);
    });
    await expectSameEnd(channel, result);
  });
