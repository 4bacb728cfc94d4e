// Inputs have a parser of our own, which runs in workflows, and a JSON schema for everybody else: both accept the same.
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BROADCAST_SCHEMA, parseBroadcastInput } from '../../../contracts/broadcast-input.ts';
import { inputSchema, type InputForm } from '../../../contracts/checked-input.ts';
import { IMPORT_FORM, parseImportInput } from '../../../contracts/import.ts';
import { parsePlanInput, PLAN_FORM } from '../../../contracts/plan-input.ts';
import { FREQUENCY_FORM, parseFrequencyInput } from '../../../contracts/tag-frequency.ts';
import { parseTagImportInput, TAG_IMPORT_FORM } from '../../../contracts/tag-import.ts';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });

/** A schema cannot say: that a day is one of the calendar, and how many bytes a message has. Values like that are not among these. */
const VALUES: unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    1,
    0.5,
    -1,
    1.5,
    64,
    65,
    100,
    900,
    1e7,
    '',
    ' ',
    'x',
    'a b',
    '/data/a.csv',
    'line-tw',
    '12',
    '1234567890123456789',
  ],
  ...[
    'TW',
    'tw',
    'TWN',
    ',',
    ';',
    '\t',
    '|',
    ':',
    'big5',
    'add',
    'remove',
    'invalid',
    'pad',
    'dot',
    'comma',
    'latest',
    'reject',
    'e164',
    'hold',
    'retry',
    'resend',
  ],
  ...[
    'social_id',
    'phone',
    'email',
    'import',
    'Import',
    'broad cast',
    'nominal',
    '2024-03-05',
    '2024-03-05T00:00:00+08:00',
    '2024-03-05T00:00:00.1234567Z',
  ],
  ...['2024-03-05T00:00:00.1234Z', 'a'.repeat(64), 'A'.repeat(64), 'first\nsecond', '2024-03-05T00:00:00Z\n'],
  ...[
    {},
    { a: 'b' },
    { a: '' },
    { a: 1 },
    { messages: [] },
    [],
    ['parquet'],
    ['parquet', 'csv'],
    ['7d'],
    ['7d', '7d'],
    ['month-to-date', '2024-01-01..2024-02-01'],
  ],
  ...[['0d'], ['day', 'x'], [1], [['7d']], Array.from({ length: 17 }, (_, n) => `${n + 1}d`)],
  ...[
    { broadcastId: '7', scope: 'failed' },
    { broadcastId: 7, scope: 'failed' },
    { broadcastId: '7' },
    { broadcastId: '7', scope: 'failed', more: 1 },
  ],
];

interface Case {
  name: string;
  parse: (value: unknown) => unknown;
  schema: object;
  fields: string[];
  least: Record<string, unknown>;
}

const formed = <I>(name: string, form: InputForm<I>, parse: Case['parse'], least: Case['least']): Case => ({
  name,
  parse,
  schema: inputSchema(form),
  fields: Object.keys(form.rules),
  least,
});
const LIST = { channel: 'line-tw', csv: '/data/list.csv', message: { messages: [] } };
const CASES: Case[] = [
  formed('import', IMPORT_FORM, parseImportInput, { file: '/data/a.csv', channel: 'line-tw' }),
  formed('tag import', TAG_IMPORT_FORM, parseTagImportInput, { file: '/data/a.csv', channel: 'line-tw' }),
  formed('plan', PLAN_FORM, parsePlanInput, LIST),
  formed('tag frequency', FREQUENCY_FORM, parseFrequencyInput, {}),
  {
    name: 'broadcast',
    parse: parseBroadcastInput,
    schema: BROADCAST_SCHEMA,
    fields: ['plan', 'retry', 'list', 'again', 'maxPlanAgeHours', 'waitForApproval'],
    least: { plan: 'a'.repeat(64) },
  },
];

const accepted = (parse: Case['parse'], value: unknown): boolean => {
  try {
    parse(value);
    return true;
  } catch {
    return false;
  }
};

test.each(CASES)('the input of $name: parser and schema accept the same', ({ parse, schema, fields, least }) => {
  const valid = ajv.compile(schema);
  expect(valid(least)).toBe(true);
  // Each value in each field alone: what is accepted somewhere is seen to be.
  const taken = new Map<string, number>();
  for (const field of fields)
    for (const value of [...VALUES, LIST, { ...LIST, csv: 'list.csv' }]) {
      const given = { ...least, [field]: value };
      const ours = accepted(parse, given);
      expect(valid(given), JSON.stringify({ [field]: value })).toBe(ours);
      if (ours) taken.set(field, (taken.get(field) ?? 0) + 1);
    }
  expect([...taken.keys()].sort()).toEqual([...fields].sort());
  const field = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...fields) }, { weight: 1, arbitrary: fc.string() });
  const value = fc.oneof(fc.constantFrom(...VALUES, LIST), fc.jsonValue());
  fc.assert(
    fc.property(fc.dictionary(field, value, { maxKeys: 4 }), fc.boolean(), (some, whole) => {
      const given = whole ? { ...least, ...some } : some;
      expect(valid(given)).toBe(accepted(parse, given));
    }),
    { numRuns: 1_000 },
  );
  for (const other of [null, [], 'x', 1]) expect(valid(other)).toBe(accepted(parse, other));
});

test('what may be left out, and what is taken then, stands in the schema', () => {
  const schema = inputSchema(IMPORT_FORM) as { required: string[]; properties: Record<string, { default?: unknown }> };
  expect(schema.required).toEqual(['file', 'channel']);
  expect(schema.properties['maxInvalid']).toMatchObject({
    description: 'Must be a share between 0 and 1, such as 0.1 for 10 %.',
    type: 'number',
    default: 0.1,
  });
});
