// `sluice contacts search|show|export`: looking at contacts. Import has a file of its own.
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { once } from 'node:events';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { normaliseEmail } from '../pipelines/values/email.ts';
import { normalisePhone } from '../pipelines/values/phone.ts';
import {
  readContact,
  searchContacts,
  walkContacts,
  type ContactFilter,
  type ContactView,
} from '../pipelines/contacts/contact-query.ts';
import { contactCsvHeader, contactCsvRow } from '../pipelines/contacts/contact-csv.ts';
import { BOM } from '../pipelines/values/csv-cell.ts';
import { isDigits } from '../contracts/checked-input.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { readChannel } from '../pipelines/channels/channel-store.ts';
import { wholeFrom } from './option-values.ts';
import { answer, say, table } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';

interface FilterOptions extends SharedOptions {
  channel?: string;
  name?: string;
  socialId?: string;
  memberId?: string;
  email?: string;
  phone?: string;
  tag?: string;
}

export function registerContacts(contacts: Command): void {
  withFilters(
    shared(
      contacts.command('search').description('find contacts'),
      'sluice contacts search --channel line-tw --tag VIP',
    ),
  )
    .option('--limit <n>', 'contacts a page', wholeFrom(1, 10_000), 50)
    .option('--after <id>', 'the `next` of the page before', contactId)
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<FilterOptions & { limit: number; after?: string }>();
      await withSession(options, async (session) => {
        const filter = await filterOf(options, session);
        const page = await searchContacts(session.db, filter, options.limit, options.after ?? null);
        answer(options, page, () => renderPage(page.contacts, page.next));
      });
    });
  shared(
    contacts
      .command('show')
      .argument('<id>', 'as `search` gives it', contactId)
      .description('one contact, with everything known'),
    'sluice contacts show 42',
  ).action(async (id: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async ({ db }) => {
      const contact = await readContact(db, id);
      answer(options, contact, () => renderContact(contact));
    });
  });
  withFilters(
    shared(
      contacts.command('export').description('write contacts to a file, or to stdout'),
      'sluice contacts export --channel line-tw --format csv --out contacts.csv',
    ),
  )
    .addOption(new Option('--format <format>').choices(['csv', 'jsonl']).default('csv'))
    .option('--out <file>', 'file to write (default stdout)')
    .option('--bom', 'CSV begins with a byte order mark, which Excel needs for UTF-8')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<
        FilterOptions & { format: 'csv' | 'jsonl'; out?: string; bom?: boolean }
      >();
      if (options.json && options.out === undefined)
        throw new PipelineError('out_missing', 'The contacts and a JSON document cannot share stdout.', {
          hint: 'Add --out FILE, or leave --json out and use --format jsonl.',
        });
      await withSession(options, async (session) => {
        const written = await exportContacts(session, options);
        if (options.out) answer(options, written, () => `${written.contacts} contacts in ${written.file}`);
        else say(`${written.contacts} contacts`);
      });
    });
}

function withFilters(command: Command): Command {
  return command
    .option('--channel <id>')
    .option('--name <part>', 'part of the display name')
    .option('--social-id <id>', 'LINE user id, WhatsApp phone, PSID')
    .option('--member-id <id>')
    .option('--email <email>')
    .option('--phone <phone>', 'with country code, or read by the country of --channel')
    .option('--tag <tag>');
}

function contactId(text: string): string {
  if (isDigits(text)) return text;
  throw new InvalidArgumentError('a contact id is a number; see: sluice contacts search');
}

async function filterOf(options: FilterOptions, { db }: Session): Promise<ContactFilter> {
  const channel = options.channel === undefined ? null : await readChannel(db, options.channel);
  const filter: ContactFilter = {};
  if (channel) filter.channel = channel.id;
  if (options.name !== undefined) filter.name = options.name;
  if (options.socialId !== undefined) filter.socialId = options.socialId;
  if (options.memberId !== undefined) filter.memberId = options.memberId;
  if (options.tag !== undefined) filter.tag = options.tag;
  if (options.email !== undefined) {
    const email = normaliseEmail(options.email);
    if (!email.ok) throw new PipelineError('email_invalid', 'That is not an e-mail address.');
    filter.emailKey = email.emailKey;
  }
  if (options.phone !== undefined) {
    const phone = normalisePhone(options.phone, { defaultCountry: channel?.defaultCountry ?? 'TW' });
    if (!phone.ok)
      throw new PipelineError('phone_invalid', 'That is not a phone number.', {
        hint: 'Give it with its country code, such as +886912345678.',
      });
    filter.phone = phone.phone.e164;
  }
  return filter;
}

async function exportContacts(
  session: Session,
  options: FilterOptions & { format: 'csv' | 'jsonl'; out?: string; bom?: boolean },
): Promise<{ contacts: number; file: string | null }> {
  const filter = await filterOf(options, session);
  const out = options.out ? await openOut(options.out) : process.stdout;
  const put = async (text: string) => {
    if (out.errored) throw out.errored;
    if (!out.write(text)) await once(out, 'drain');
  };
  let contacts = 0;
  if (options.format === 'csv') await put(`${options.bom ? BOM : ''}${contactCsvHeader()}`);
  for await (const contact of walkContacts(session.db, filter)) {
    await put(options.format === 'csv' ? contactCsvRow(contact) : `${JSON.stringify(contact)}\n`);
    contacts += 1;
  }
  if (options.out) {
    out.end();
    await finished(out);
  }
  return { contacts, file: options.out ?? null };
}

/** The file to write, open. @throws PipelineError `out_unwritable` */
async function openOut(file: string): Promise<WriteStream> {
  const out = createWriteStream(file, { mode: 0o600 });
  try {
    await once(out, 'open');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new PipelineError('out_unwritable', `The file “${file}” cannot be written (${code}).`, {
      hint: 'Choose another one with --out, in a folder that is there and that this user may write to.',
      cause,
    });
  }
  // Held until the next write, which throws it.
  out.on('error', () => undefined);
  return out;
}

function renderPage(contacts: ContactView[], next: string | null): string {
  if (contacts.length === 0) return 'No contact fits.';
  const rows = contacts.map((c) => [
    c.contactId,
    c.channelId,
    c.displayName,
    c.socialId,
    c.memberId,
    c.phone,
    c.email,
    c.subscribed ? 'yes' : 'no',
    c.tags.join(', '),
  ]);
  const text = table(['id', 'channel', 'name', 'social id', 'member', 'phone', 'e-mail', 'subscribed', 'tags'], rows);
  return next === null ? text : `${text}\n\nMore: --after ${next}`;
}

function renderContact(contact: ContactView): string {
  return table(
    ['field', 'value'],
    Object.entries(contact).map(([field, value]) => [
      field,
      typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? ''),
    ]),
  );
}
