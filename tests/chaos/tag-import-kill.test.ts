// kill -9 of the worker while an import of tag events stages, resolves and applies, and of Postgres while it applies. The end must
// be, row by row, that of the same import undisturbed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PIPELINE_QUEUE } from '../../contracts/task-queues.ts';
import type { TagImportResult } from '../../contracts/tag-import.ts';
import { addTestChannel } from '../import-harness.ts';
import { openStackWorld, until, untilAnswered, type StackWorld } from '../stack-world.ts';

/** Enough for two transactions of stage (8 MiB each), a resolve that can be hit, and five slices. */
const LINES = 100_000;
const PEOPLE = 3_000;

let world: StackWorld;
let before: string;
let file: string;
let calm: TagImportResult;
const hits: string[] = [];

beforeAll(async () => {
  world = await openStackWorld();
  // The last file overlaps the first, so that some of its events are known.
  before = await world.file('before.csv', events(4_000));
  file = await world.file('events.csv', events(LINES));
  calm = await storm('calm', async () => undefined);
  expect(calm).toMatchObject({ state: 'done', lines: LINES });
  for (const outcome of ['added', 'known', 'unmatched', 'invalid'] as const)
    expect(calm.outcomes[outcome], outcome).toBeGreaterThan(100);
});
afterAll(async () => {
  process.stdout.write(`hits:\n  ${hits.join('\n  ')}\n`);
  await world.close();
});

/** Events of every outcome: repeats, removals, messages, unknown people, bad times. */
function events(count: number): string {
  const lines = ['member_id,tag,time,kind,message id,source,remark'];
  for (let line = 0; line < count; line += 1) {
    const seed = line % 40 === 7 ? line - 1 : line;
    const person = (seed * 7919) % (PEOPLE + 100);
    const time = line % 97 === 5 ? 'some day' : 1_700_000_000 + ((seed * 7) % 2_000_000);
    const message = seed % 11 === 3 ? `m${seed % 5_000}` : '';
    lines.push(
      `M${person},tag ${seed % 13},${time},${seed % 9 === 4 ? 'removed' : ''},${message},bot,${'x'.repeat(80)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Imports the first file into a new channel, then the second with `disturb` at its side. */
async function storm(channel: string, disturb: () => Promise<unknown>): Promise<TagImportResult> {
  await addTestChannel(world.db, channel, 'line');
  await world.db.query(
    `insert into contacts (channel_id, social_id, member_id, source)
     select $1, 'U' || md5(n::text), 'M' || n, 'test' from generate_series(0, $2::integer - 1) n`,
    [channel, PEOPLE],
  );
  const start = async (source: string, name: string) => {
    const workflowId = `chaos/${channel}/${name}`;
    const options = { taskQueue: PIPELINE_QUEUE, workflowId, args: [{ file: source, channel }] };
    const handle = await world.client.workflow.start('importTags', options);
    return () => untilAnswered(() => handle.result() as Promise<TagImportResult>);
  };
  await (
    await start(before, 'before')
  )();
  const result = await start(file, 'events');
  await disturb();
  return result();
}

interface Point extends Record<string, unknown> {
  state: string;
  staged: string;
  slices: string;
}

/** Waits until the channel's newest import is in the middle of `stage`. */
function middleOf(channel: string, stage: string): Promise<Point> {
  return until(`${channel} in ${stage}`, 60_000, async () => {
    const { rows } = await world.db.query<Point>(
      `select state, staged_lines as staged, (select count(*) from import_slices s where s.import_id = i.id) as slices
       from imports i where channel_id = $1 and spool_bytes > 8000000 order by id desc limit 1`,
      [channel],
    );
    const point = rows[0];
    if (!point || point.state !== stage) return null;
    if (stage === 'staging' && Number(point.staged) === 0) return null;
    if (stage === 'applying' && Number(point.slices) < 2) return null;
    return point;
  });
}

/** What must be equal, by the same names for both: no surrogate ids, no audit times. */
const COMPARED = {
  outcomes: 'select line, outcome, reason, nth from import_lines where import_id = $1',
  log: `select c.social_id, e.kind, e.tag, e.occurred_at, e.source, e.message_id
    from tag_events e join contacts c on c.id = e.contact_id where e.channel_id = $2`,
  tags: `select c.social_id, t.tag, t.applied_at, t.expires_at
    from contact_tags t join contacts c on c.id = t.contact_id where c.channel_id = $2`,
  removals: `select c.social_id, r.tag, r.off_at
    from contact_tag_removals r join contacts c on c.id = r.contact_id where c.channel_id = $2`,
};

async function expectSameEnd(channel: string, result: TagImportResult): Promise<void> {
  const anyone = { importId: '', channel: '', rejectsFile: '' };
  expect({ ...result, ...anyone }).toEqual({ ...calm, ...anyone });
  for (const [what, ours] of Object.entries(COMPARED)) {
    const theirs = ours.replace('$1', '$3').replace('$2', '$4');
    const given = `(select $1::bigint, $2::text, $3::bigint, $4::text)`;
    const { rows } = await world.db.query<{ rows: string }>(
      `with given as ${given}, ours as (${ours}), theirs as (${theirs})
       select count(*) as rows from (
         (select * from ours except all select * from theirs) union all (select * from theirs except all select * from ours)
       ) d`,
      [result.importId, channel, calm.importId, 'calm'],
    );
    expect(rows, what).toEqual([{ rows: '0' }]);
  }
}

for (const [victim, stage] of [
  ['worker', 'staging'],
  ['worker', 'resolving'],
  ['worker', 'applying'],
  ['postgres', 'applying'],
] as const)
  test(`kill -9 ${victim} while ${stage}`, async () => {
    const channel = `${victim}-${stage}`;
    const result = await storm(channel, async () => {
      const point = await middleOf(channel, stage);
      const pid = world.stack.pidOf(victim);
      expect(world.stack.kill(victim, 'SIGKILL')).toBe(true);
      hits.push(`${victim} (pid ${pid}) at ${point.state}: ${point.staged} lines staged, ${point.slices} slices`);
    });
    await expectSameEnd(channel, result);
  });
