// `sluice schedules`: what runs by itself, and when. Temporal Schedules; a backfill recomputes the past.
import type { Command } from 'commander';
import { zoneClock } from '../pipelines/values/time-zone.ts';
import { parseBackfill } from '../contracts/schedules.ts';
import {
  backfillSchedule,
  deleteSchedule,
  listSchedules,
  pauseSchedule,
  readSchedule,
  triggerSchedule,
  type Triggered,
} from '../server/schedules.ts';
import { answer } from './output.ts';
import { renderSchedule, renderSchedules } from './schedule-page.ts';
import { registerCreateSchedule } from './schedules-create.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';

export function registerSchedules(program: Command): void {
  const schedules = program
    .command('schedules')
    .description('what runs by itself: create, list, show, pause, resume, trigger, backfill, delete');
  registerCreateSchedule(schedules);
  registerReading(schedules);
  registerPausing(schedules);
  registerRunning(schedules);
}

function registerReading(schedules: Command): void {
  shared(schedules.command('list').description('all schedules'), 'sluice schedules list').action(
    async (_options, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions>();
      await withSession(options, async (session) =>
        answer(options, { schedules: await listSchedules(await clientOf(session)) }, renderSchedules),
      );
    },
  );
  shared(
    schedules.command('show').argument('<id>').description('when it runs, what it starts, its last runs'),
    'sluice schedules show tag-frequency',
  ).action(async (id: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async (session) =>
      answer(options, await readSchedule(await clientOf(session), id), renderSchedule),
    );
  });
}

function registerPausing(schedules: Command): void {
  for (const [name, description, note] of [
    ['pause', 'start nothing until resume; what runs goes on', ' --note "until the shop has moved"'],
    ['resume', 'start again at the next time; what was due meanwhile is left out', ''],
  ] as const)
    shared(
      schedules.command(name).argument('<id>').description(description),
      `sluice schedules ${name} tag-frequency${note}`,
    )
      .option('--note <text>', 'why; stands beside the schedule in the Temporal UI')
      .action(async (id: string, _options, command: Command) => {
        const options = command.optsWithGlobals<SharedOptions & { note?: string }>();
        const why = options.note ?? `${name === 'pause' ? 'Paused' : 'Resumed'} by sluice schedules ${name}`;
        await withSession(options, async (session) =>
          answer(
            options,
            await pauseSchedule(await clientOf(session), id, { paused: name === 'pause', note: why }),
            renderSchedule,
          ),
        );
      });
}

function registerRunning(schedules: Command): void {
  shared(
    schedules.command('trigger').argument('<id>').description('run it now, unless a run is going on'),
    'sluice schedules trigger tag-frequency',
  ).action(async (id: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async (session) =>
      answer(options, { scheduleId: id, ...(await triggerSchedule(await clientOf(session), id)) }, renderTriggered),
    );
  });
  shared(
    schedules.command('backfill').argument('<id>').description('run it for the past, one nominal time after the other'),
    'sluice schedules backfill tag-frequency --from 2024-03-01 --to 2024-03-04',
  )
    .requiredOption('--from <time>', "first day or instant; a day begins at midnight in the schedule's zone")
    .requiredOption('--to <time>', 'day or instant up to which, without itself')
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions & { from: string; to: string }>();
      await withSession(options, async (session) => {
        const client = await session.temporal();
        const zone = zoneClock((await readSchedule(client.schedule, id)).timeZone);
        const midnight = (day: string) => zone.toEpochMs(Date.parse(`${day}T00:00:00Z`));
        const span = parseBackfill(options.from, options.to, { nowMs: Date.now(), midnight });
        answer(options, { scheduleId: id, nominalTimes: await backfillSchedule(client, id, span) }, renderBackfill);
      });
    });
  shared(
    schedules.command('delete').argument('<id>').description('remove the schedule; what it started goes on'),
    'sluice schedules delete tag-frequency',
  ).action(async (id: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async (session) => {
      await deleteSchedule(await clientOf(session), id);
      answer(options, { scheduleId: id, deleted: true }, () => `Schedule ${id} is gone.`);
    });
  });
}

async function clientOf(session: Session) {
  return (await session.temporal()).schedule;
}

function renderTriggered({ scheduleId, outcome, workflowId }: Triggered & { scheduleId: string }): string {
  if (outcome === 'started') return `Started ${workflowId}.`;
  if (outcome === 'skipped') return `Skipped: ${workflowId ?? 'a run'} is still going on.`;
  return `Asked for; Temporal has not started it yet. See: sluice schedules show ${scheduleId}`;
}

function renderBackfill({ scheduleId, nominalTimes }: { scheduleId: string; nominalTimes: string[] }): string {
  const runs = nominalTimes.length === 1 ? '1 run' : `${nominalTimes.length} runs, one after the other`;
  return [
    `Backfilling ${scheduleId}: ${runs}.`,
    ...nominalTimes.map((time) => `  ${time}`),
    `See: sluice schedules show ${scheduleId}`,
  ].join('\n');
}
