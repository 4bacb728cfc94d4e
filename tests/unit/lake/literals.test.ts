import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withLiterals } from '../../../sql/named.ts';

it('any text comes back from DuckDB as it was, alone and in a list', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.string(), async (one, two) => {
      const texts = [one, two].map((text) => text.replaceAll('\0', ''));
      for (const text of [...texts, "'; drop table x; --", '{{=b}}', "\\'", '$1']) {
        const statement = withLiterals('select {{=a}}::varchar as a, {{=b}}::varchar[] as b', {
          a: text,
          b: [text, ...texts],
        });
        const rows = (await connection.runAndReadAll(statement)).getRowObjectsJson();
        expect(rows).toEqual([{ a: text, b: [text, ...texts] }]);
      }
    }),
    { numRuns: 50 },
  );
  connection.closeSync();
  instance.closeSync();
});

it('refuses what is missing, a NUL, and numbers that are not whole', () => {
  expect(() => withLiterals('{{=a}}', {})).toThrow('no value was given for {{=a}}');
  expect(() => withLiterals('{{=a}}', { a: 'x\0y' })).toThrow('NUL');
  expect(() => withLiterals('{{=a}}', { a: 0.5 })).toThrow('safe integer');
});
