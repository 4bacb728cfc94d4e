// The patterns that providers give for values of places mean the same to Postgres as to JavaScript.
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { line } from '../../adapters/channels/line/line.ts';
import { whatsapp } from '../../adapters/channels/whatsapp/whatsapp.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await openTestDatabase();
  client = new pg.Client({ connectionString: database.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const parameters = [{ type: 'text', text: '{{a}}' }];
const patterns = [
  ...whatsapp.valueRules({ template: { components: [{ type: 'body', parameters }] } }, ['a']),
  ...line.valueRules({ messages: [{ type: 'textV2', text: '{{a}}' }] }, ['a']),
].map((rule) => rule!.pattern);

test.each(patterns)('%s', async (pattern) => {
  const character = fc.oneof(
    fc.constantFrom(' ', '    ', '\n', '\r', '\t', 'n', 'r', 't', '\\', '{', '}', '|', '[', ']', '\u000b', '\u2028'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((text) => !text.includes('\u0000')),
  );
  const values = fc.sample(fc.array(character, { maxLength: 8 }), 5_000).map((parts) => parts.join(''));
  const { rows } = await client.query<{ matches: boolean }>(
    'select value ~ $2 as matches from unnest($1::text[]) with ordinality as given (value, n) order by n',
    [values, pattern],
  );
  const here = values.map((value) => new RegExp(pattern, 'u').test(value));
  expect(rows.map(({ matches }) => matches)).toEqual(here);
  expect(new Set(here)).toEqual(new Set([true, false]));
});
