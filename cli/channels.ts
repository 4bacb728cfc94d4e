// `sluice channels add|list|set`: the sender accounts.
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  addChannel,
  listChannels,
  rateOf,
  setChannel,
  type ChannelChanges,
} from '../pipelines/channels/channel-store.ts';
import type { Channel } from '../contracts/channel.ts';
import { CHANNEL_KINDS, type ChannelKind, KINDS } from '../contracts/channel-kinds.ts';
import { answer, table } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';

interface ChannelOptions extends SharedOptions {
  kind: ChannelKind;
  baseUrl: string;
  senderId: string;
  secretEnv: string;
  rate?: Record<string, number>;
  /** False: a rate of 0 is meant. */
  limit: boolean;
  country?: string;
  timeZone?: string;
  enable?: boolean;
  disable?: boolean;
}

type SetOptions = Omit<ChannelOptions, 'rate'> & { rate?: Record<string, number | null> };

export function registerChannels(program: Command): void {
  const channels = program.command('channels').description('sender accounts: add, list, set');
  shared(
    channels
      .command('add <id>')
      .description('add a channel; adding the same again changes nothing')
      .addOption(new Option('--kind <kind>').choices(CHANNEL_KINDS).makeOptionMandatory())
      .requiredOption('--base-url <url>', 'where the provider (or the simulator) answers')
      .requiredOption('--sender-id <id>', 'LINE bot id, WhatsApp phone number id, Facebook Page id')
      .requiredOption('--secret-env <name>', 'environment variable that holds the access token'),
    'sluice channels add line-tw --kind line --base-url https://line.example --sender-id U0 --secret-env LINE_TW_TOKEN',
  )
    .option('--rate <[endpoint=]n>', 'requests a second, for good; may be repeated', collectRate)
    .option('--no-limit', 'allow a rate of 0, which is no limit: never for a real provider')
    .option('--country <code>', 'how phones without a country code are read (default TW)')
    .option('--time-zone <zone>', 'how times without an offset are read (default Asia/Taipei)')
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<ChannelOptions>();
      checkNoLimit(options, command);
      await withSession(options, async ({ db, config }) => {
        const channel = await addChannel(db, {
          id,
          kind: options.kind,
          baseUrl: options.baseUrl,
          senderId: options.senderId,
          secretEnv: options.secretEnv,
          rates: options.rate ?? {},
          defaultCountry: options.country ?? 'TW',
          timeZone: options.timeZone ?? config.businessTimeZone,
          enabled: true,
        });
        answer(options, channel, () => `Channel ${channel.id} (${channel.kind}) is there.`);
      });
    });
  shared(channels.command('list').description('list the channels'), 'sluice channels list --json').action(
    async (_options, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions>();
      await withSession(options, async ({ db }) => {
        answer(options, { channels: await listChannels(db) }, ({ channels: all }) => render(all));
      });
    },
  );
  shared(
    channels
      .command('set <id>')
      .description('change a channel; its kind stays')
      .option('--base-url <url>')
      .option('--sender-id <id>')
      .option('--secret-env <name>')
      .option(
        '--rate <[endpoint=]n>',
        "requests a second, for good; may be repeated; default: the provider's own again",
        collectChange,
      )
      .option('--no-limit', 'allow a rate of 0, which is no limit: never for a real provider')
      .option('--country <code>')
      .option('--time-zone <zone>')
      .addOption(new Option('--enable', 'let it send').conflicts('disable'))
      .option('--disable', 'let it rest'),
    'sluice channels set line-tw --rate push=500',
  ).action(async (id: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SetOptions>();
    checkNoLimit(options, command);
    await withSession(options, async (session) => {
      const channel = await setChannel(session.db, id, changesOf(options));
      const woken = options.enable ? await wakeBroadcasts(session, id) : 0;
      answer(options, channel, () => [render([channel]), ...effectOf(options, id, woken)].join('\n'));
    });
  });
}

function changesOf(options: SetOptions): ChannelChanges {
  return {
    ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
    ...(options.senderId === undefined ? {} : { senderId: options.senderId }),
    ...(options.secretEnv === undefined ? {} : { secretEnv: options.secretEnv }),
    ...(options.rate === undefined ? {} : { rates: options.rate }),
    ...(options.country === undefined ? {} : { defaultCountry: options.country }),
    ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
    ...(options.enable ? { enabled: true } : {}),
    ...(options.disable ? { enabled: false } : {}),
  };
}

/** What the change does to broadcasts that run. */
function effectOf(options: SetOptions, id: string, woken: number): string[] {
  const text: string[] = [];
  if (options.disable)
    text.push(`Nothing is sent on ${id} from now on; its broadcasts wait until: sluice channels set ${id} --enable.`);
  if (options.enable)
    text.push(woken === 0 ? `${id} sends again.` : `${id} sends again; broadcasts that go on: ${woken}.`);
  if (options.rate !== undefined) text.push(`The rate counts for all broadcasts of ${id}, from now on and for good.`);
  return text;
}

/** Deliveries that sleep because their channel was disabled look again at once; those that are missed look within a minute. */
async function wakeBroadcasts(session: Session, channel: string): Promise<number> {
  const { rows } = await session.db.query<{ workflow_id: string; attempt: number }>(
    `select workflow_id, attempt from broadcasts where channel_id = $1 and state in ('running', 'settling') and workflow_id is not null`,
    [channel],
  );
  if (rows.length === 0) return 0;
  const client = await session.temporal();
  const woken = await Promise.allSettled(
    rows.map(({ workflow_id: id, attempt }) => client.workflow.getHandle(`${id}/${channel}/${attempt}`).signal('wake')),
  );
  return woken.filter(({ status }) => status === 'fulfilled').length;
}

/** A zero that was typed by mistake would send as fast as it goes. */
function checkNoLimit(options: SetOptions, command: Command): void {
  if (options.limit && Object.values(options.rate ?? {}).includes(0))
    command.error('error: a rate of 0 is no limit at all; say --no-limit as well if that is meant', { exitCode: 2 });
}

/** `push=500` or `500`; the latter is the rate of every endpoint, under the name `*`. 0: no limit. */
function collectRate(text: string, earlier: Record<string, number> = {}): Record<string, number> {
  const [, endpoint = '*', number] = /^(?:([\w/.-]+)=)?([0-9.]+)$/.exec(text) ?? [];
  if (number === undefined || !(Number(number) >= 0))
    throw new InvalidArgumentError('must be requests a second, such as 500 or push=500; 0 for no limit');
  return { ...earlier, [endpoint]: Number(number) };
}

/** The same, or `push=default`, `default`: the provider's own again. */
function collectChange(text: string, earlier: Record<string, number | null> = {}): Record<string, number | null> {
  const [whole, endpoint = '*'] = /^(?:([\w/.*-]+)=)?default$/.exec(text) ?? [];
  if (whole !== undefined) return { ...earlier, [endpoint]: null };
  return { ...earlier, ...collectRate(text) };
}

/** `push 2000/s, multicast 200/s`: as they are in force, the provider's own where the channel names none. */
function ratesOf(channel: Channel): string {
  return KINDS[channel.kind].endpoints
    .map((endpoint) => {
      const rate = rateOf(channel, endpoint);
      return rate === 0 ? `${endpoint} no limit` : `${endpoint} ${rate}/s`;
    })
    .join(', ');
}

function render(channels: Channel[]): string {
  if (channels.length === 0) return 'There is no channel yet. Add one with: sluice channels add.';
  return table(
    ['id', 'kind', 'base URL', 'sender', 'secret in', 'rate', 'country', 'time zone', 'enabled'],
    channels.map((c) => [
      c.id,
      c.kind,
      c.baseUrl,
      c.senderId,
      c.secretEnv,
      ratesOf(c),
      c.defaultCountry,
      c.timeZone,
      c.enabled ? 'yes' : 'no',
    ]),
  );
}
