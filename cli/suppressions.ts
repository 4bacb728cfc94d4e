// `sluice suppressions import|list|check`: addresses that must not be messaged.
import { KINDS } from '../contracts/channel-kinds.ts';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { Command } from 'commander';
import { readChannel } from '../pipelines/channels/channel-store.ts';
import { addSuppressions, checkAddress, listSuppressions } from '../pipelines/suppressions/suppression-store.ts';
import { resolveSuppressionKey } from '../server/embedded/secrets-file.ts';
import { answer, table } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';
import { terminalTime, zoneNote } from './terminal-time.ts';

interface SuppressionOptions extends SharedOptions {
  channel?: string;
  reason: string;
  country?: string;
}

export function registerSuppressions(program: Command): void {
  const suppressions = program.command('suppressions').description('addresses that must not be messaged');
  shared(
    suppressions
      .command('import <file>')
      .description('add addresses, one a line: LINE user ids, PSIDs, phones, e-mails. Only hashes are kept')
      .option('--channel <id>', 'only on this channel (default: on every channel)')
      .option('--reason <text>', 'why, as it will be reported', 'suppression_list')
      .option('--country <code>', 'how phones without a country code are read'),
    'sluice suppressions import do-not-contact.txt --reason complaint',
  ).action(async (file: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SuppressionOptions>();
    await withSession(options, async (session) => {
      const scope = { ...(await scopeOf(session, options)), reason: options.reason, source: 'cli' };
      const key = resolveSuppressionKey(session.config);
      const { invalid, ...counts } = await addSuppressions(session.db, key, scope, addressLines(file));
      const result = { ...counts, invalid: invalid.length, invalidLines: invalid.slice(0, 20) };
      answer(options, result, (r) =>
        [
          `${r.added} added, ${r.known} known already, ${r.invalid} not an address`,
          ...(r.invalid > 0 ? [`First of those, by line: ${r.invalidLines.join(', ')}`] : []),
        ].join('\n'),
      );
      if (invalid.length > 0) process.exitCode = 1;
    });
  });
  shared(
    suppressions.command('list').description('how many, by channel and reason'),
    'sluice suppressions list',
  ).action(async (_options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async ({ db, config }) => {
      answer(
        options,
        { suppressions: await listSuppressions(db) },
        ({ suppressions: all }) =>
          `${table(
            ['channel', 'reason', 'source', 'addresses', 'since'],
            all.map((s) => [
              s.channel === '*' ? 'every' : s.channel,
              s.reason,
              s.source,
              s.addresses,
              terminalTime(s.since, config.businessTimeZone),
            ]),
          )}\n${zoneNote(config.businessTimeZone)}`,
      );
    });
  });
  shared(
    suppressions
      .command('check <address>')
      .description('whether an address is suppressed')
      .option('--channel <id>', 'on this channel (default: on every channel)')
      .option('--country <code>', 'how a phone without a country code is read'),
    'sluice suppressions check +886912345678 --channel wa-tw',
  ).action(async (address: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SuppressionOptions>();
    await withSession(options, async (session) => {
      const { channel, ...reading } = await scopeOf(session, options);
      const key = resolveSuppressionKey(session.config);
      const check = await checkAddress(session.db, key, channel, address, reading);
      answer(options, check, (c) =>
        c.suppressed ? `Suppressed: ${c.matches.map((m) => m.reason).join(', ')}` : 'Not suppressed.',
      );
    });
  });
}

async function scopeOf(
  { db }: Session,
  options: Pick<SuppressionOptions, 'channel' | 'country'>,
): Promise<{ channel: string; defaultCountry: string; psid: boolean }> {
  const channel = options.channel === undefined ? null : await readChannel(db, options.channel);
  return {
    channel: channel?.id ?? '*',
    defaultCountry: options.country ?? channel?.defaultCountry ?? 'TW',
    psid: channel === null || KINDS[channel.kind].addressForm === 'psid',
  };
}

async function* addressLines(file: string): AsyncGenerator<string> {
  const input = createReadStream(file, 'utf8');
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (cause) {
    throw new PipelineError('file_unreadable', `${file} cannot be read.`, { hint: 'Check the path.', cause });
  }
}
