// `sluice contacts quota set|show`: how many contacts of a channel may be messaged; the oldest subscriptions keep their place.
import { InvalidArgumentError, type Command } from 'commander';
import { readContactQuota, setContactQuota, type ContactQuota } from '../pipelines/audience/quota.ts';
import { answer } from './output.ts';
import { shared, withSession, type SharedOptions } from './session.ts';

export function registerContactsQuota(contacts: Command): void {
  const quota = contacts.command('quota').description('how many contacts of a channel may be messaged: set, show');
  shared(
    quota
      .command('set')
      .argument('<channel>')
      .argument('<n>', 'a number of contacts, or none', places)
      .description('set the quota; plans made before keep what they found'),
    'sluice contacts quota set line-tw 10000',
  ).action(async (channel: string, n: number | 'none', _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async ({ db }) => {
      answer(options, await setContactQuota(db, channel, n === 'none' ? null : n), render);
    });
  });
  shared(
    quota.command('show').argument('<channel>').description('the quota, and how it is used'),
    'sluice contacts quota show line-tw',
  ).action(async (channel: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async ({ db }) => {
      answer(options, await readContactQuota(db, channel), render);
    });
  });
}

function places(text: string): number | 'none' {
  if (text === 'none') return text;
  if (/^[0-9]{1,12}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('must be a whole number from 0, or none');
}

function render({ channel, quota, subscribed, overQuota }: ContactQuota): string {
  if (quota === null) return `Channel ${channel} has no contact quota; ${subscribed} contacts are subscribed.`;
  return `Channel ${channel}: ${quota} places, ${subscribed} contacts subscribed, ${overQuota} of them over quota.`;
}
