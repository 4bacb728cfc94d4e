// The sample recipient lists: what lies in examples/ is what the script makes, and they are dirty in the ways they promise.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { placesOf } from '../../../contracts/message-template.ts';
import { lineMessageProblems } from '../../../adapters/channels/line/message-rules.ts';
import { whatsappMessageProblems } from '../../../adapters/channels/whatsapp/message-rules.ts';

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
const { makeRecipients } = (await import(`${examples}make-recipients.mjs`)) as {
  makeRecipients: () => Record<string, Buffer>;
};

test.each(Object.entries(makeRecipients()))('%s is as the script makes it', async (name, bytes) => {
  expect((await readFile(examples + name)).equals(bytes)).toBe(true);
});

test('the sample messages obey the rules, and their places are columns of the lists', async () => {
  const lists = makeRecipients();
  const header = (name: string) => lists[name]!.toString('utf8').replace('\ufeff', '').split(/\r?\n/)[0]!.split(',');
  const read = async (name: string) => JSON.parse(await readFile(examples + name, 'utf8')) as Record<string, unknown>;
  const line = await read('line-message.json');
  expect(lineMessageProblems(line)).toEqual([]);
  expect(header('line-recipients.csv')).toEqual(expect.arrayContaining(placesOf(line)));
  const whatsapp = await read('whatsapp-message.json');
  expect(whatsappMessageProblems(whatsapp)).toEqual([]);
  expect(header('whatsapp-recipients.csv')).toEqual(expect.arrayContaining(placesOf(whatsapp)));
});
