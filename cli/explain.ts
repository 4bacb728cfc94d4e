// `sluice explain`: what became of a person, a line of a file, or a recipient, on one page.
import path from 'node:path';
import type { Command } from 'commander';
import type { Database } from '../ports/database.ts';
import { searchContacts, type ContactFilter, type ContactView } from '../pipelines/contacts/contact-query.ts';
import { normaliseEmail } from '../pipelines/values/email.ts';
import { formsOf, normalisePhone } from '../pipelines/values/phone.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import {
  explainContact,
  explainLine,
  explainRecipient,
  importsOfContact,
  type ExplainedLine,
  type ExplainedRecipient,
} from '../pipelines/reports/explain.ts';
import { answer, table } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';
import { terminalInstant, zoneNote } from './terminal-time.ts';

interface Page {
  /** The contacts the question was about; empty for a line or a recipient. */
  contacts: { contactId: string; channelId: string; socialId: string; subscribed: boolean }[];
  imports: { importId: string; file: string; line: number; outcome: string; state: string }[];
  lines: ExplainedLine[];
  recipients: ExplainedRecipient[];
}

export function registerExplain(program: Command): void {
  shared(
    program
      .command('explain')
      .argument('<what>', 'FILE:LINE, BROADCAST:ORDINAL, or any identifier of a contact')
      .description('file, line, outcome, plan, attempts and fate, on one page'),
    'sluice explain list.csv:17',
  ).action(async (what: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async (session) =>
      answer(options, await explain(session, what), (page) => render(page, session.config.businessTimeZone)),
    );
  });
}

async function explain(session: Session, what: string): Promise<Page> {
  const { db } = session;
  const empty: Page = { contacts: [], imports: [], lines: [], recipients: [] };
  const recipient = /^([0-9]{1,18}):([0-9]{1,9})$/.exec(what);
  if (recipient) {
    const found = await explainRecipient(db, recipient[1]!, Number(recipient[2]));
    if (found) return { ...empty, recipients: [found] };
    throw nothing(`Broadcast ${recipient[1]} has no recipient ${recipient[2]}.`);
  }
  const line = /^(.+):([0-9]{1,12})$/.exec(what);
  if (line) {
    const [, file = '', number = ''] = line;
    const byPath = await explainLine(db, path.resolve(file), Number(number));
    const lines = byPath.length > 0 ? byPath : await explainLine(db, path.basename(file), Number(number));
    if (lines.length > 0) return { ...empty, lines };
    throw nothing(`No import and no broadcast has a line ${number} of ${file}.`);
  }
  return explainContacts(session, what, empty);
}

async function explainContacts({ db }: Session, identifier: string, empty: Page): Promise<Page> {
  const contacts = await contactsOf(db, identifier);
  if (contacts.length === 0) throw nothing('No contact has that identifier.');
  const page: Page = { ...empty };
  for (const { contactId, channelId, socialId, subscribed } of contacts) {
    page.contacts = [...page.contacts, { contactId, channelId, socialId, subscribed }];
    page.imports = [...page.imports, ...(await importsOfContact(db, contactId))];
    page.recipients = [...page.recipients, ...(await explainContact(db, contactId))];
  }
  return page;
}

/** People shown at most; an identifier is on one contact a channel as a rule. */
const MOST_CONTACTS = 5;

/** By social id, member id, e-mail or phone, whichever it can be; a contact that several of them find comes once. */
async function contactsOf(db: Database, identifier: string): Promise<ContactView[]> {
  const text = identifier.trim();
  const email = normaliseEmail(text);
  const phone = normalisePhone(text, { defaultCountry: 'TW' });
  const filters: ContactFilter[] = [{ socialId: text }, { memberId: text }];
  if (text.includes('@') && email.ok) filters.push({ emailKey: email.emailKey });
  if (phone.ok) {
    filters.push({ phone: phone.phone.e164 });
    filters.push(...formsOf(phone.phone.e164).map((socialId) => ({ socialId })));
  }
  const found = new Map<string, ContactView>();
  for (const filter of filters)
    for (const contact of (await searchContacts(db, filter, MOST_CONTACTS)).contacts)
      found.set(contact.contactId, contact);
  return [...found.values()].slice(0, MOST_CONTACTS);
}

function nothing(message: string): PipelineError {
  return new PipelineError('nothing_to_explain', message, {
    hint: 'Give FILE:LINE (the line in the file as you sent it), BROADCAST:ORDINAL, or an identifier of a contact.',
  });
}

function render(page: Page, timeZone: string): string {
  const text: string[] = [];
  for (const contact of page.contacts)
    text.push(
      `Contact ${contact.contactId} on ${contact.channelId}: ${contact.socialId}, ${contact.subscribed ? 'subscribed' : 'unsubscribed'}`,
    );
  for (const seen of page.imports)
    text.push(`Import ${seen.importId} (${seen.state}): ${seen.file}, line ${seen.line}: ${seen.outcome}`);
  for (const line of page.lines) text.push(renderLine(line, timeZone));
  for (const recipient of page.recipients) text.push(renderRecipient(recipient, timeZone));
  return text.join('\n\n');
}

function renderLine(line: ExplainedLine, timeZone: string): string {
  const why = [line.reason, line.duplicateOf === null ? null : `of line ${line.duplicateOf}`].filter(Boolean).join(' ');
  const head = `${line.file}, line ${line.line}, in ${line.kind} ${line.id} on ${line.channel} (${line.state}): ${line.outcome}${why ? ` (${why})` : ''}`;
  if (line.recipient) return `${head}\n${renderRecipient(line.recipient, timeZone)}`;
  return line.contactId === null ? head : `${head}\nContact ${line.contactId}`;
}

function renderRecipient(recipient: ExplainedRecipient, timeZone: string): string {
  const missing =
    recipient.missingPlaces.length === 0
      ? ''
      : `: no value for ${recipient.missingPlaces.map((name) => `{{${name}}}`).join(', ')}`;
  const from = recipient.line === null ? '' : `, from line ${recipient.line} of ${recipient.file ?? 'its list'}`;
  const head = `Broadcast ${recipient.broadcastId} on ${recipient.channel} (${recipient.state}), recipient ${recipient.ordinal}${from}: ${recipient.fate}${recipient.code ? ` (${recipient.code}${missing})` : ''}, delivery ${recipient.delivery}${recipient.reopened > 0 ? `, put back ${recipient.reopened === 1 ? 'once' : `${recipient.reopened} times`}` : ''}`;
  if (recipient.attempts.length === 0) return `${head}\nNo request was made.`;
  const rows = recipient.attempts.map((a) => [
    a.attempt,
    a.members,
    terminalInstant(a.claimedAt, timeZone),
    terminalInstant(a.slotAt, timeZone),
    terminalInstant(a.answeredAt, timeZone),
    `${a.class}${a.code ? ` ${a.code}` : ''}`,
    a.settled ? 'yes' : 'no',
    a.messageId ?? a.requestId ?? '',
  ]);
  return `${head}\n${table(['attempt', 'members', 'claimed', 'slot', 'answered', 'answer', 'settled', 'provider id'], rows)}\n${zoneNote(timeZone)}`;
}
