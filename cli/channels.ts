// `sluice channels add|list|set`: the sender accounts.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { addChannel, listChannels, setChannel } from '../pipelines/channels/channel-store.ts';
import type { Channel } from '../pipelines/contracts/channel.ts';
import { CHANNEL_KINDS, type ChannelKind } from '../pipelines/contracts/contact-fields.ts';
import { answer, table } from './output.ts';
import { shared, withSession, type SharedOptions } from './session.ts';

interface ChannelOptions extends SharedOptions {
  kind: ChannelKind;
  baseUrl: string;
  senderId: string;
  secretEnv: string;
  rate?: Record<string, number>;
  country?: string;
  timeZone?: string;
  enable?: boolean;
  disable?: boolean;
}

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
    .option('--rate <[endpoint=]n>', 'requests a second; may be repeated', collectRate)
    .option('--country <code>', 'how phones without a country code are read (default TW)')
    .option('--time-zone <zone>', 'how times without an offset are read (default Asia/Taipei)')
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<ChannelOptions>();
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
      .option('--rate <[endpoint=]n>', 'requests a second; may be repeated', collectRate)
      .option('--country <code>')
      .option('--time-zone <zone>')
      .addOption(new Option('--enable', 'let it send').conflicts('disable'))
      .option('--disable', 'let it rest'),
    'sluice channels set line-tw --rate push=500',
  ).action(async (id: string, _options, command: Command) => {
    const options = command.optsWithGlobals<ChannelOptions>();
    await withSession(options, async ({ db }) => {
      const channel = await setChannel(db, id, changesOf(options));
      answer(options, channel, () => render([channel]));
    });
  });
}

function changesOf(options: ChannelOptions): Partial<Omit<Channel, 'id' | 'kind'>> {
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

/** `push=500` or `500`; the latter is the rate of every endpoint, under the name `*`. 0: no limit. */
function collectRate(text: string, earlier: Record<string, number> = {}): Record<string, number> {
  const [, endpoint = '*', number] = /^(?:([\w/.-]+)=)?([0-9.]+)$/.exec(text) ?? [];
  if (number === undefined || !(Number(number) >= 0))
    throw new InvalidArgumentError('must be requests a second, such as 500 or push=500; 0 for no limit');
  return { ...earlier, [endpoint]: Number(number) };
}

function render(channels: Channel[]): string {
  if (channels.length === 0) return 'There is no channel yet. Add one with: sluice channels add.';
  return table(
    ['id', 'kind', 'base URL', 'sender', 'secret in', 'country', 'time zone', 'enabled'],
    channels.map((c) => [
      c.id,
      c.kind,
      c.baseUrl,
      c.senderId,
      c.secretEnv,
      c.defaultCountry,
      c.timeZone,
      c.enabled ? 'yes' : 'no',
    ]),
  );
}
