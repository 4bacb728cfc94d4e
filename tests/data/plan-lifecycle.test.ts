// A plan in the making over time: steps asked twice, older tries, contacts that move meanwhile, what is left of one given up.
import { beforeEach, expect, test } from 'vitest';
import { matchList } from '../../pipelines/audience/match-list.ts';
import { stageList } from '../../pipelines/audience/stage-list.ts';
import { abandonPlan } from '../../pipelines/broadcast/plan-cleanup.ts';
import { freezePlan } from '../../pipelines/broadcast/plan-freeze.ts';
import { beginPlanStep } from '../../pipelines/broadcast/plan-store.ts';
import { planStepNumber } from '../../contracts/plan.ts';
import { lineId } from '../import-harness.ts';
import { addContact, control, finishPlan, matchesByLine, planWorld, type GivenPlan } from '../plan-harness.ts';

const world = planWorld();
beforeEach(async () => {
  await world.db.query(
    'truncate contacts, broadcasts, broadcast_lines, broadcast_recipients, broadcast_ledger, broadcast_slices',
  );
});

let files = 0;
const csv = (...lines: string[]) => world.file(`list-${++files}.csv`, `${lines.join('\n')}\n`);
const text = (words: string) => ({ messages: [{ type: 'text', text: words }] });
const plan = async (given: Partial<GivenPlan>, ...lines: string[]) =>
  world.plan({ channel: 'line', csv: await csv(...lines), ...given });

test('the same run gets the same plan again; steps asked twice change nothing', async () => {
  const list = await csv('LINE UID', lineId(1), lineId(2));
  const ref = await world.register({ channel: 'line', csv: list }, 'one');
  expect(await world.register({ channel: 'line', csv: list }, 'one')).toEqual(ref);
  await stageList(ref, world.deps, control);
  expect(await stageList(ref, world.deps, control)).toBe(2);
  await matchList(ref, world.deps, control);
  expect(await matchList(ref, world.deps, control)).toMatchObject({ lines: 2, recipients: 2 });
  const result = await freezePlan(ref, world.deps);
  expect(await freezePlan(ref, world.deps)).toEqual(result);
  await expect(matchList(ref, world.deps, control)).rejects.toMatchObject({ code: 'plan_ended' });
  const twin = await world.register({ channel: 'line', csv: list });
  const recognised = await finishPlan(world.deps, twin);
  expect(await freezePlan(twin, world.deps)).toEqual(recognised);
  expect(recognised).toMatchObject({ broadcastId: result.broadcastId, recognised: true });
});

test('an older try of a step may write nothing once the next has begun', async () => {
  const ref = await world.register({ channel: 'line', csv: await csv('LINE UID', lineId(1)) });
  const [older, newer] = [1, 2].map((n) => ({ ...ref, step: planStepNumber('staging', n) }));
  await beginPlanStep(world.db, older!);
  await beginPlanStep(world.db, newer!);
  await expect(stageList(older!, world.deps, control)).rejects.toMatchObject({ code: 'plan_superseded' });
  await stageList(newer!, world.deps, control);
  await beginPlanStep(world.db, { ...ref, step: planStepNumber('matching', 1) });
  await expect(stageList(newer!, world.deps, control)).rejects.toMatchObject({ code: 'plan_superseded' });
});

test('a contact that moves to another key between two chunks is not there twice: matching begins anew', async () => {
  await addContact(world.db, { channel: 'line', socialId: lineId(1), memberId: '1' });
  const ref = await world.register({ channel: 'line', csv: await csv('會員編號', '1', '2', '3') });
  await stageList(ref, world.deps, control);
  world.deps.matchChunkLines = 1;
  try {
    const stopping = new AbortController();
    const onProgress = () => stopping.abort();
    await expect(matchList(ref, world.deps, { signal: stopping.signal, onProgress })).rejects.toThrow();
    await world.db.query("update contacts set member_id = '2'");
    await expect(matchList(ref, world.deps, control)).rejects.toMatchObject({ code: 'audience_moved', retry: 'later' });
    expect(await matchList(ref, world.deps, control)).toMatchObject({ recipients: 1 });
  } finally {
    delete world.deps.matchChunkLines;
  }
  expect(await matchesByLine(world.db, ref.broadcastId)).toEqual(['2 unmatched', '3 matched', '4 unmatched']);
});

test('what an unfinished plan leaves goes when the next one starts, if nobody works on it', async () => {
  const list = await csv('LINE UID', lineId(1), lineId(2));
  for (const run of ['dead', 'alive']) {
    const ref = await world.register({ channel: 'line', csv: list, message: text(run) }, run);
    world.running.add('alive').add('dead');
    await stageList(ref, world.deps, control);
    await matchList(ref, world.deps, control);
  }
  world.running.delete('dead');
  const partitions = async () =>
    (await world.db.query(`select from pg_class where relname like 'broadcast_staging_%' and relkind = 'r'`)).rowCount;
  const before = await partitions();
  const done = await plan({ message: text('next') }, 'LINE UID', lineId(1));
  const { rows } = await world.db.query<{ run_id: string }>('select plan_run_id as run_id from broadcasts order by id');
  expect(rows.map((row) => row.run_id)).toEqual(['alive', expect.any(String)]);
  expect((await world.db.query('select distinct broadcast_id from broadcast_ledger')).rowCount).toBe(2);
  expect(await partitions()).toBe(before - 1);
  const alive = (await world.db.query<{ id: string }>("select id from broadcasts where plan_run_id = 'alive'")).rows[0]!
    .id;
  await abandonPlan(world.db, alive, 'Cancelled.');
  await abandonPlan(world.db, done.broadcastId, 'Cancelled.');
  expect(await matchesByLine(world.db, alive)).toEqual([]);
  expect(await matchesByLine(world.db, done.broadcastId)).toEqual(['2 created']);
  await expect(freezePlan({ broadcastId: alive, step: planStepNumber('freezing', 1) }, world.deps)).rejects.toThrow();
  world.running.clear();
});
