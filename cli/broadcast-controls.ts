// `sluice broadcast approve|pause|resume|cancel|give-up|set-rate`: what people want of a broadcast, and a sentence about what became
// of the wish.
import type { Command } from 'commander';
import { claimedNow, setRateCap } from '../pipelines/broadcast/control.ts';
import { unknownBroadcast } from '../pipelines/broadcast/find-plan.ts';
import { readStatus } from '../pipelines/broadcast/status.ts';
import { ENDED_STATES, type BroadcastState } from '../contracts/broadcast.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { parseBroadcastId, parseRateCap } from './broadcast-options.ts';
import { answer } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';

interface Said {
  broadcastId: string;
  state: string;
  /** Recipients whose requests were still under way. */
  underWay: number;
  /** 0: it was never started. */
  attempt: number;
  /** Why it cannot end now, as in the status; null: it can. */
  waiting: string | null;
}

interface ControlCommand {
  update: string;
  description: string;
  /** The state that says that the wish has arrived, where it was sent as a signal; null: any. */
  arrives: string[] | null;
  sentence: (said: Said) => string;
}

const rest = (n: number) => (n === 0 ? '' : ` ${n} ${n === 1 ? 'request is' : 'requests are'} still under way.`);

const CONTROLS: Record<string, ControlCommand> = {
  approve: {
    update: 'approve',
    description: 'let a broadcast that waits for approval go out',
    arrives: null,
    sentence: ({ broadcastId: id }) => `Broadcast ${id} is approved and goes out.`,
  },
  pause: {
    update: 'pause',
    description: 'stop sending within a moment; answers when nothing is under way',
    arrives: ['paused'],
    sentence: ({ broadcastId: id, underWay, attempt }) =>
      attempt === 0
        ? `Broadcast ${id} waits for approval; once it is approved it stays paused until: sluice broadcast resume ${id}.`
        : `Broadcast ${id} is paused: nothing new goes out.${rest(underWay)} Go on with: sluice broadcast resume ${id}.`,
  },
  resume: {
    update: 'resume',
    description: 'go on sending',
    arrives: ['running', 'settling'],
    sentence: ({ broadcastId: id, state, attempt }) =>
      attempt === 0
        ? `Broadcast ${id} waits for approval; once it is approved it goes out at once.`
        : ['running', 'settling', 'planned'].includes(state)
          ? `Broadcast ${id} goes on.`
          : `Broadcast ${id} is ${state}: it does not go on.`,
  },
  cancel: {
    update: 'cancel',
    description: 'end it; what was not sent is recorded as cancelled, requests nobody knows the end of as uncertain',
    arrives: null,
    sentence: ({ broadcastId: id, underWay, attempt, waiting }) =>
      attempt === 0
        ? `Broadcast ${id} is not approved and nothing was sent. Its plan stays; to send it after all: sluice broadcast start ${id}.`
        : waiting !== null
          ? `Nothing of broadcast ${id} goes out any more; it becomes cancelled when a worker comes: ${waiting}.`
          : `Broadcast ${id} is cancelled: what was not sent stays unsent.${rest(underWay)} To send it after all: sluice broadcast retry ${id} --scope cancelled.`,
  },
  'give-up': {
    update: 'giveUp',
    description: 'stop asking about requests nobody knows the end of: their recipients become uncertain',
    arrives: null,
    sentence: ({ broadcastId: id, underWay, attempt }) =>
      attempt === 0
        ? `Broadcast ${id} waits for approval: no request was made that could be given up.`
        : `Broadcast ${id} asks no more about requests nobody knows the end of; where there are any, their recipients are uncertain.${rest(underWay)}`,
  },
};

export function registerControls(broadcast: Command): void {
  for (const [name, control] of Object.entries(CONTROLS))
    shared(
      broadcast
        .command(name)
        .argument('<id>', 'as broadcast list shows it', parseBroadcastId)
        .description(control.description),
      `sluice broadcast ${name} 7`,
    ).action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions>();
      await withSession(options, async (session) => answer(options, await ask(session, id, control), control.sentence));
    });
  shared(
    broadcast
      .command('set-rate')
      .argument('<id>', 'as broadcast list shows it', parseBroadcastId)
      .argument('<per-second>', 'requests a second at most for this broadcast; none lifts the cap', parseRateCap)
      .description("cap this broadcast below its channel's rate, at once; it never raises the rate"),
    'sluice broadcast set-rate 7 40',
  ).action(async (id: string, perSecond: number | null, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async ({ db }) => {
      // Straight to the ledger: workers look there with every lease, and no workflow runs out of updates.
      await setRateCap(id, perSecond, db);
      answer(options, { broadcastId: id, perSecond }, () =>
        perSecond === null
          ? `Broadcast ${id} has no cap of its own any more: its channel's rate counts.`
          : `Broadcast ${id} sends at most ${perSecond} requests a second, within its channel's rate.`,
      );
    });
  });
}

/** Sends the wish to the workflow that runs the broadcast, or waits with it for approval. */
async function ask(session: Session, id: string, control: ControlCommand): Promise<Said> {
  const { rows } = await session.db.query<{ workflow_id: string | null; state: BroadcastState; attempt: number }>(
    `select case when $2 or attempt = 0 or asking_run_id is not null and state::text = any ($3::text[])
         then plan_workflow_id else workflow_id end as workflow_id, state, attempt
     from broadcasts where id = $1 and digest is not null`,
    [id, control.update === 'approve', ENDED_STATES],
  );
  const found = rows[0];
  if (!found) throw unknownBroadcast(id);
  if (!found.workflow_id)
    throw new PipelineError('broadcast_not_started', `Broadcast ${id} is not running.`, {
      hint: `Start it with: sluice broadcast start ${id}.`,
    });
  const handle = (await session.temporal()).workflow.getHandle(found.workflow_id);
  let said: Omit<Said, 'attempt' | 'waiting'> & { broadcastId: string | null };
  try {
    said = await handle.executeUpdate(control.update);
  } catch (cause) {
    const text = `${String(cause)} ${String((cause as Error).cause)}`;
    if (/not found|already completed|has ended|unknown update/i.test(text))
      throw notRunning(id, control.update, found, cause);
    // A run takes ten updates at once and 2,000 in its life; signals it always takes.
    if (!/RESOURCE_EXHAUSTED|limit/i.test(text)) throw cause;
    await handle.signal(`${control.update}Signal`);
    return arrived(session, id, control);
  }
  const { waiting } = await readStatus(session.db, id);
  return { ...said, broadcastId: said.broadcastId ?? id, attempt: found.attempt, waiting };
}

/** Why nobody takes the wish, and what to do: it waits for a start, was started otherwise, was stopped from outside, has ended. */
function notRunning(
  id: string,
  update: string,
  { state, attempt }: { state: BroadcastState; attempt: number },
  cause: unknown,
): PipelineError {
  const start = `sluice broadcast start ${id}`;
  const [words, hint] =
    state === 'planned'
      ? ['is planned; nothing of it runs', `Start it with: ${start}.`]
      : update === 'approve' && attempt > 0
        ? [`is ${state}; it does not wait for approval`, `See it with: sluice broadcast status ${id}.`]
        : ENDED_STATES.includes(state)
          ? [`is ${state}; its workflow has ended`, `See it with: sluice broadcast status ${id}.`]
          : [`was ${state} when its workflow was stopped from outside`, `Go on from the ledger with: ${start}.`];
  return new PipelineError('broadcast_not_running', `Broadcast ${id} ${words}.`, { hint, cause });
}

/** How long a wish that was sent as a signal is waited for, and how often it is looked for. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 250;

async function arrived(session: Session, id: string, control: ControlCommand): Promise<Said> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await session.db.query<{ state: string; attempt: number }>(
      'select state, attempt from broadcasts where id = $1',
      [id],
    );
    const { state, attempt } = rows[0]!;
    const underWay = await claimedNow({ broadcastId: id, attempt }, session.db);
    const there = control.arrives === null || control.arrives.includes(state);
    if ((there && underWay === 0) || performance.now() > deadline) {
      const { waiting } = await readStatus(session.db, id);
      return { broadcastId: id, state, underWay, attempt, waiting };
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
