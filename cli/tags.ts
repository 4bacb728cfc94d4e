// `sluice tags …`: the noun, and what concerns single tags and events. Import has a file of its own.
import { InvalidArgumentError, type Command } from 'commander';
import { readChannel } from '../pipelines/channels/channel-store.ts';
import type { ExpireResult } from '../contracts/tag-import.ts';
import { isDigits } from '../contracts/checked-input.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import type { TagKind } from '../contracts/tag-event.ts';
import { findContact } from '../pipelines/tags/contact-ref.ts';
import { readTag } from '../pipelines/tags/tag-line.ts';
import { listTags, tagsOfContact, type ContactTags } from '../pipelines/tags/tag-query.ts';
import { readTime } from '../pipelines/tags/tag-time.ts';
import { setValidity } from '../pipelines/tags/validity.ts';
import { retractEvents, retractImport, writeEvent } from '../pipelines/tags/write-events.ts';
import { parseSource, wholeFrom } from './option-values.ts';
import { answer, progressLine, table } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';
import { terminalTime, zoneNote } from './terminal-time.ts';
import { registerTagsImport } from './tags-import.ts';
import { workflowFailure } from './workflow-failure.ts';

/** An event may lie this far ahead, as in a file. */
const AHEAD_MS = 3_600_000;
const CONTACT = 'a contact id, or CHANNEL:SOCIAL_ID';

/** Makes the noun; others add their verbs to it. */
export function registerTags(program: Command): Command {
  const tags = program.command('tags').description('tags of contacts: the log of events, what is on now, validity');
  registerTagsImport(tags);
  registerWriting(tags, 'add', 'applied', 'put a tag on a contact');
  registerWriting(tags, 'remove', 'removed', 'take a tag off a contact');
  registerShow(tags);
  registerList(tags);
  registerRetract(tags);
  registerValidity(tags);
  registerExpire(tags);
  return tags;
}

interface WriteOptions extends SharedOptions {
  at?: string;
  source: string;
  messageId?: string;
}

function registerWriting(tags: Command, verb: string, kind: TagKind, description: string): void {
  shared(
    tags.command(verb).argument('<contact>', CONTACT).argument('<tag>', 'one tag').description(description),
    `sluice tags ${verb} 42 VIP --at "2024-03-05 10:00"`,
  )
    .option('--at <time>', 'when it happened; without an offset in the zone of the channel (default: now)')
    .option('--source <name>', 'what it happened by', parseSource, 'manual')
    .option('--message-id <id>', 'the message it happened by: the same one again is not written twice')
    .action(async (contactText: string, tagText: string, _options, command: Command) => {
      const options = command.optsWithGlobals<WriteOptions>();
      const tag = oneTag(tagText);
      await withSession(options, async ({ db, config }) => {
        const { contactId, channelId } = await findContact(db, contactText);
        const { timeZone } = await readChannel(db, channelId);
        const at = options.at === undefined ? null : instant(options.at, timeZone);
        const event = { contactId, kind, tag, at, source: options.source, messageId: options.messageId ?? null };
        const written = await writeEvent(db, event);
        answer(options, { contactId, channelId, kind, tag, ...written }, (r) =>
          r.known
            ? `Known already: event ${r.eventId} at ${terminalTime(r.occurredAt, config.businessTimeZone)} (${config.businessTimeZone}).`
            : `Event ${r.eventId}: ${r.tag} ${r.kind} at ${terminalTime(r.occurredAt, config.businessTimeZone)} (${config.businessTimeZone}).`,
        );
      });
    });
}

/** @throws PipelineError `tag_invalid` */
function oneTag(text: string): string {
  const tag = readTag(text);
  if ('text' in tag) return tag.text;
  throw new PipelineError('tag_invalid', 'That cannot be a tag.', { hint: 'A tag has 1 to 2,000 bytes of text.' });
}

/** @throws PipelineError `time_invalid` */
function instant(text: string, timeZone: string): string {
  const latest = new Date(Date.now() + AHEAD_MS).toISOString();
  const time = readTime(text, { timeZone, format: null, latest });
  if (time.ok) return time.iso;
  throw new PipelineError('time_invalid', `“${text}” cannot be the time of an event (${time.reason}).`, {
    hint: 'Write it like 2024-03-05T10:00:00+08:00; not before 1970, nor in the future.',
  });
}

function registerShow(tags: Command): void {
  shared(
    tags.command('show').argument('<contact>', CONTACT).description('tags of a contact now, and its newest events'),
    'sluice tags show 42',
  )
    .option('--limit <n>', 'events, newest first', wholeFrom(1, 10_000), 50)
    .action(async (contactText: string, _options, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions & { limit: number }>();
      await withSession(options, async ({ db, config }) => {
        const found = await tagsOfContact(db, await findContact(db, contactText), options.limit);
        answer(options, found, (tags) => renderContactTags(tags, config.businessTimeZone));
      });
    });
}

function renderContactTags({ contactId, channelId, tags, events }: ContactTags, timeZone: string): string {
  const timeOf = (time: Date | null) => terminalTime(time, timeZone);
  const now = tags.map((t) => [t.tag, timeOf(t.appliedAt), t.expiresAt === null ? 'for ever' : timeOf(t.expiresAt)]);
  const log = events.map((e) => [
    e.eventId,
    e.kind,
    e.tag,
    timeOf(e.occurredAt),
    e.source,
    e.retracts === null ? (e.retracted ? 'retracted' : '') : `retracts ${e.retracts}`,
  ]);
  return [
    `Contact ${contactId} of ${channelId}`,
    tags.length === 0 ? 'No tags now.' : table(['tag', 'since', 'until'], now),
    events.length === 0 ? 'No events.' : table(['event', 'kind', 'tag', 'at', 'source', ''], log),
    zoneNote(timeZone),
  ].join('\n\n');
}

function registerList(tags: Command): void {
  shared(
    tags.command('list').description('every tag: how many contacts have it now, and how long it stays'),
    'sluice tags list --channel line-tw',
  )
    .option('--channel <id>', 'of this channel (default: of all)')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions & { channel?: string }>();
      await withSession(options, async ({ db }) => {
        if (options.channel !== undefined) await readChannel(db, options.channel);
        answer(options, { tags: await listTags(db, options.channel ?? null) }, ({ tags: all }) =>
          table(
            ['channel', 'tag', 'contacts', 'days'],
            all.map((t) => [t.channelId, t.tag, t.contacts, t.validDays === null ? 'for ever' : String(t.validDays)]),
          ),
        );
      });
    });
}

function registerRetract(tags: Command): void {
  shared(
    tags
      .command('retract')
      .description('take back events that should not have been written; the log keeps both')
      .option('--import <id>', 'all events of this import', digits)
      .option('--event <id...>', 'these events (sluice tags show)', collectDigits),
    'sluice tags retract --import 7',
  ).action(async (_options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions & { import?: string; event?: string[] }>();
    if ((options.import === undefined) === (options.event === undefined))
      command.error('error: give either --import or --event');
    await withSession(options, async ({ db }) => {
      const line = progressLine();
      const retracted =
        options.import === undefined
          ? await retractEvents(db, options.event!)
          : await retractImport(db, options.import, (done) => line.show(`${done} events retracted`)).finally(() =>
              line.end(),
            );
      answer(options, { retracted }, (r) => `Events retracted: ${r.retracted}.`);
    });
  });
}

function digits(text: string): string {
  if (isDigits(text)) return text;
  throw new InvalidArgumentError('must be a number');
}

function collectDigits(text: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), digits(text)];
}

function registerValidity(tags: Command): void {
  shared(
    tags
      .command('validity')
      .argument('<tag>', 'one tag')
      .description('how long a tag stays on after it was put on: until 23:59 of the due day')
      .requiredOption('--channel <id>')
      .option('--days <n>', 'this many days', wholeFrom(1, 10_000))
      .option('--forever', 'until it is taken off'),
    'sluice tags validity VIP --channel line-tw --days 30',
  ).action(async (tagText: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions & { channel: string; days?: number; forever?: boolean }>();
    if ((options.days === undefined) !== (options.forever === true))
      command.error('error: give either --days or --forever');
    const tag = oneTag(tagText);
    await withSession(options, async ({ db }) => {
      const channel = await readChannel(db, options.channel);
      const days = options.days ?? null;
      const { contacts } = await setValidity(db, channel.id, tag, days);
      const howLong = days === null ? 'until it is taken off' : `for ${days} ${days === 1 ? 'day' : 'days'}`;
      answer(
        options,
        { channel: channel.id, tag, validDays: days, contacts },
        () => `${tag} stays ${howLong}; contacts that have it now: ${contacts}.`,
      );
    });
  });
}

function registerExpire(tags: Command): void {
  shared(
    tags
      .command('expire')
      .description('take off the tags that have run out (sluice schedules create expire-tags does it every day)'),
    'sluice tags expire',
  ).action(async (_options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async (session) => {
      const result = await runExpire(session);
      answer(options, result, (r) => `Tags that ran out up to ${r.upTo} and were taken off: ${r.expired}.`);
    });
  });
}

async function runExpire(session: Session): Promise<ExpireResult> {
  const client = await session.temporal();
  const workflowId = `expire-tags/${Date.now()}`;
  const handle = await client.workflow.start('expireTags', { taskQueue: PIPELINE_QUEUE, workflowId, args: [{}] });
  try {
    return (await handle.result()) as ExpireResult;
  } catch (error) {
    throw workflowFailure(
      error,
      workflowId,
      new PipelineError('expire_cancelled', 'The expiry was cancelled.', { hint: 'Start it again: it goes on.' }),
    );
  }
}
