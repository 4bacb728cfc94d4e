// Somebody is erased while an import makes the same person: the line says so, and nothing is left of the person.
import { afterEach, expect, test } from 'vitest';
import type { Database } from '../../ports/database.ts';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import { applySlices } from '../../pipelines/import/apply.ts';
import { resolveLines } from '../../pipelines/import/resolve.ts';
import { stageLines } from '../../pipelines/import/stage.ts';
import { lineId, importWorld, outcomesByLine, TEST_KEY } from '../import-harness.ts';
import { control } from '../lake-world.ts';

const world = importWorld();
afterEach(() =>
  world.db.query('truncate contacts, contact_tags, tag_events, import_lines, import_slices, suppressions, imports'),
);

/** The database, in which `then` happens once, before the first statement like that of any transaction. */
function before(statement: RegExp, then: () => Promise<unknown>): Database {
  let happened = false;
  return {
    ...world.db,
    transaction: (work, options) =>
      world.db.transaction(
        (tx) =>
          work({
            ...tx,
            query: async (text, values, prepareAs) => {
              if (!happened && statement.test(text)) {
                happened = true;
                await then();
              }
              return tx.query(text, values, prepareAs);
            },
          }),
        options,
      ),
  };
}

async function imported(
  then: (id: string) => Promise<unknown>,
  moment = /set outcome = 'update', contact_id = c.id/,
): Promise<string[]> {
  const file = await world.file('people.csv', `LINE UID,name,tags\n${lineId(1)},Ann,VIP\n${lineId(2)},Bob,VIP\n`);
  const ref = await world.register({ file, channel: 'line' });
  await stageLines(ref, world.deps, world.deps.openSpool, control);
  await resolveLines(ref, world.deps, control);
  // Another made the first of them meanwhile; who goes between the two statements that make and that look for it.
  await world.db.query(`insert into contacts (channel_id, social_id, source) values ('line', $1, 'test')`, [lineId(1)]);
  const { rows } = await world.db.query<{ id: string }>('select id from contacts');
  const db = before(moment, () => then(rows[0]!.id));
  await applySlices(ref, { ...world.deps, db }, control);
  return outcomesByLine(world.db, ref.importId);
}

async function expectNobodyWithoutContact(): Promise<void> {
  const { rows } = await world.db.query(
    `select contact_id from tag_events where contact_id not in (select id from contacts)
     union all select contact_id from contact_tags where contact_id not in (select id from contacts)`,
  );
  expect(rows).toEqual([]);
  const { rows: left } = await world.db.query<{ social_id: string }>('select social_id from contacts');
  expect(left).toEqual([{ social_id: lineId(2) }]);
}

test('erased between making and finding: suppressed', async () => {
  expect(await imported((id) => eraseContact(world.db, TEST_KEY, id, false))).toEqual([
    '2 suppressed (erased)',
    '3 create',
  ]);
  await expectNobodyWithoutContact();
});

test('erased after suppressions were looked at, before the contact is made: it is not made again', async () => {
  expect(await imported((id) => eraseContact(world.db, TEST_KEY, id, false), /insert into contacts \(id/)).toEqual([
    '2 suppressed (erased)',
    '3 create',
  ]);
  await expectNobodyWithoutContact();
});

test('deleted otherwise: the line says so', async () => {
  expect(await imported((id) => world.db.query('delete from contacts where id = $1', [id]))).toEqual([
    '2 invalid (contact_deleted)',
    '3 create',
  ]);
  await expectNobodyWithoutContact();
});
