// `sluice schedules create`: reads what a schedule shall be, and makes it.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { readChannel } from '../pipelines/channels/channel-store.ts';
import { canonicalTimeZone } from '../pipelines/values/time-zone.ts';
import {
  cronProblem,
  DEFAULT_CATCH_UP_SECONDS,
  isScheduleId,
  LEAST_CATCH_UP_SECONDS,
  type ScheduleKind,
} from '../contracts/schedules.ts';
import {
  FREQUENCY_DEFAULTS,
  FREQUENCY_FORMATS,
  parseFrequencyInput,
  parseWindow,
  type FrequencyFormat,
} from '../contracts/tag-frequency.ts';
import { putSchedule } from '../server/schedules.ts';
import { parseDuration, parsePercent } from './option-values.ts';
import { answer } from './output.ts';
import { renderPut } from './schedule-page.ts';
import { shared, withSession, type SharedOptions } from './session.ts';

interface CreateOptions extends SharedOptions {
  id: string;
  replace?: boolean;
  cron: string;
  timeZone?: string;
  catchUp: number;
  jitter: number;
}

interface FrequencyOptions extends CreateOptions {
  windows: string[];
  channel?: string;
  formats: FrequencyFormat[];
  maxAge?: number;
  maxFall?: number;
  knownAt?: 'nominal';
  report: boolean;
}

export function registerCreateSchedule(schedules: Command): void {
  const create = schedules.command('create').description('make a schedule; the same again changes nothing');
  registerCreateFrequency(create);
  registerCreateExpiry(create);
}

function registerCreateFrequency(create: Command): void {
  timing(
    shared(
      create.command('tag-frequency').description('compute tag frequency; the windows end at the nominal time'),
      'sluice schedules create tag-frequency --cron "0 2 * * *" --windows 7d,30d,90d',
    ),
    { id: 'tag-frequency', cron: '0 2 * * *' },
  )
    .option('--windows <list>', 'such as 7d,30d,90d or day,week-to-date', windowList, FREQUENCY_DEFAULTS.windows)
    .option('--channel <id>', 'one channel; all unless told')
    .option('--formats <list>', `of ${FREQUENCY_FORMATS.join(', ')}`, formatList, FREQUENCY_DEFAULTS.formats)
    .option('--max-age <hours>', 'publish nothing when the newest event is older than this', hours)
    .option('--max-fall <percent>', 'publish nothing when rows fall by more than this', parsePercent)
    .addOption(
      new Option('--known-at <when>', 'nominal: count only what was known at the nominal time').choices(['nominal']),
    )
    .option('--no-report', 'without the HTML report')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<FrequencyOptions>();
      const input = parseFrequencyInput({
        windows: options.windows,
        knownAt: options.knownAt ?? null,
        channel: options.channel ?? null,
        formats: options.formats,
        maxAgeHours: options.maxAge ?? null,
        maxFall: options.maxFall ?? null,
        report: options.report,
      });
      await put('tag-frequency', input, options);
    });
}

function registerCreateExpiry(create: Command): void {
  timing(
    shared(
      create.command('expire-tags').description('expire the tags that are due'),
      'sluice schedules create expire-tags --cron "5 0 * * *"',
    ),
    { id: 'expire-tags', cron: '5 0 * * *' },
  ).action((_options, command: Command) => put('expire-tags', {}, command.optsWithGlobals<CreateOptions>()));
}

function timing(command: Command, { id, cron }: { id: string; cron: string }): Command {
  return command
    .option('--id <id>', 'name of the schedule', scheduleId, id)
    .option('--cron <expression>', 'minute, hour, day of month, month, day of week', cronExpression, cron)
    .option('--time-zone <zone>', 'zone of the cron expression (default: the business time zone)', timeZone)
    .addOption(
      new Option('--catch-up <time>', 'how late a run may start after the servers were away')
        .argParser(catchUp)
        .default(DEFAULT_CATCH_UP_SECONDS, '1h'),
    )
    .addOption(
      new Option('--jitter <time>', 'start up to this much later, at random')
        .argParser(parseDuration)
        .default(0, 'none'),
    )
    .option('--replace', 'change the schedule of that id when it differs');
}

async function put(kind: ScheduleKind, input: object, options: CreateOptions & { channel?: string }): Promise<void> {
  await withSession(options, async (session) => {
    // Now, and not at two in the night.
    if (options.channel !== undefined) await readChannel(session.db, options.channel);
    const request = {
      kind,
      id: options.id,
      cron: options.cron,
      timeZone: options.timeZone ?? session.config.businessTimeZone,
      catchUpSeconds: options.catchUp,
      jitterSeconds: options.jitter,
      input,
    };
    const { schedule: client } = await session.temporal();
    const { outcome, schedule } = await putSchedule(client, request, { replace: options.replace ?? false });
    answer(options, { outcome, ...schedule }, renderPut);
  });
}

function scheduleId(text: string): string {
  if (isScheduleId(text)) return text;
  throw new InvalidArgumentError('must be letters, digits, dot, dash and underscore, up to 100');
}

function cronExpression(text: string): string {
  const problem = cronProblem(text);
  if (problem === null) return text.trim();
  throw new InvalidArgumentError(problem);
}

function timeZone(text: string): string {
  const zone = canonicalTimeZone(text);
  if (zone !== null) return zone;
  throw new InvalidArgumentError('must be an IANA time zone such as Asia/Taipei');
}

function catchUp(text: string): number {
  const seconds = parseDuration(text);
  if (seconds >= LEAST_CATCH_UP_SECONDS) return seconds;
  throw new InvalidArgumentError(`must be at least ${LEAST_CATCH_UP_SECONDS}s`);
}

function list(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function windowList(text: string): string[] {
  const names = list(text);
  const wrong = names.find((name) => parseWindow(name) === null);
  if (wrong !== undefined)
    throw new InvalidArgumentError(`"${wrong}" is no window such as 7d, day, week-to-date or month`);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new InvalidArgumentError(`"${twice}" is there twice`);
  return names;
}

function formatList(text: string): FrequencyFormat[] {
  const wrong = list(text).find((name) => !(FREQUENCY_FORMATS as readonly string[]).includes(name));
  if (wrong === undefined) return list(text) as FrequencyFormat[];
  throw new InvalidArgumentError(`"${wrong}" is none of ${FREQUENCY_FORMATS.join(', ')}`);
}

function hours(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number > 0 && number <= 1e6) return number;
  throw new InvalidArgumentError('must be a number of hours above 0');
}
