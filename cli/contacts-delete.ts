// `sluice contacts delete`: erases people.
import { InvalidArgumentError, type Command } from 'commander';
import { eraseContact, type Erased } from '../pipelines/contacts/erase.ts';
import { isDigits } from '../contracts/checked-input.ts';
import { resolveSuppressionKey } from '../server/embedded/secrets-file.ts';
import { answer, say, table } from './output.ts';
import { shared, withSession, type SharedOptions } from './session.ts';

export function registerContactsDelete(contacts: Command): void {
  shared(
    contacts
      .command('delete')
      .argument('<id...>', 'as `search` gives it', collectId)
      .description(
        'erase people: contact, tags, log; keyed hashes of their addresses stay, so that no import brings them back',
      )
      .option('--suppress', 'suppress phone and e-mail too, of people who had not unsubscribed'),
    'sluice contacts delete 42',
  ).action(async (ids: string[], _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions & { suppress?: boolean }>();
    await withSession(options, async ({ db, config }) => {
      const key = resolveSuppressionKey(config);
      const erased: Erased[] = [];
      try {
        for (const id of new Set(ids)) erased.push(await eraseContact(db, key, id, options.suppress ?? false));
      } catch (error) {
        if (erased.length > 0) say(`Erased before: ${erased.map(({ contactId }) => contactId).join(', ')}.`);
        throw error;
      }
      answer(options, { erased }, () =>
        table(
          ['contact', 'channel', 'tag events', 'recipients blanked', 'addresses suppressed'],
          erased.map((e) => [e.contactId, e.channelId, e.events, e.recipients, e.suppressed]),
        ),
      );
    });
  });
}

function collectId(text: string, earlier: string[] | undefined): string[] {
  if (!isDigits(text)) throw new InvalidArgumentError('a contact id is a number; see: sluice contacts search');
  return [...(earlier ?? []), text];
}
