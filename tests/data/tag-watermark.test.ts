// The watermark of the tag log: whoever fixes one knows that everything recorded up to it is committed, and stays as it is.
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../adapters/postgres/database.ts';
import { expireTags } from '../../pipelines/tags/expire.ts';
import { setValidity } from '../../pipelines/tags/validity.ts';
import { retractEvents, writeEvent } from '../../pipelines/tags/write-events.ts';
import { lineId } from '../import-harness.ts';
import { control, event, importTagFile, tagsByLog, tagsNow, tagWorld } from '../tag-harness.ts';

const world = tagWorld();

describe('the watermark', () => {
  test('waits for a writer under way, and everything it fixes stays as it is', async () => {
    await world.db.query(`select ensure_tag_months('2024-01-01', '2024-01-01')`);
    const writer = new pg.Client({ connectionString: world.databaseUrl });
    const fixer = new pg.Client({ connectionString: world.databaseUrl });
    await Promise.all([writer.connect(), fixer.connect()]);
    await writer.query('begin');
    await writer.query(`insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key)
      values ('line', 1, 'applied', 'a', '2024-01-01', 'test', gen_random_uuid())`);
    let fixed: Date | null = null;
    const fixing = fixer.query<{ mark: Date }>('select fix_tag_watermark() as mark').then(({ rows }) => {
      fixed = rows[0]!.mark;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(fixed).toBeNull();
    await writer.query('commit');
    await fixing;
    const { rows } = await world.db.query<{ below: boolean }>(
      'select recorded_at <= (select fixed_at from tag_log_watermark) as below from tag_events',
    );
    expect(rows).toEqual([{ below: true }]);
    await Promise.all([writer.end(), fixer.end()]);
  });

  test('a clock that went back behind the watermark: a writer waits a moment, and refuses when it is longer', async () => {
    const ahead = (interval: string) =>
      world.db.query('update tag_log_watermark set fixed_at = clock_timestamp() + $1::interval', [interval]);
    await ahead('300 ms');
    await writeEvent(world.db, event(1, 'applied', 'a', '2024-01-01T00:00:00Z'));
    const { rows } = await world.db.query<{ above: boolean }>(
      'select recorded_at > (select fixed_at from tag_log_watermark) as above from tag_events',
    );
    expect(rows).toEqual([{ above: true }]);
    await ahead('1 hour');
    await expect(writeEvent(world.db, event(1, 'applied', 'b', '2024-01-01T00:00:00Z'))).rejects.toMatchObject({
      code: '55000',
    });
    await world.db.query(`update tag_log_watermark set fixed_at = '-infinity'`);
  });

  test('many writers of all kinds at once: no event is ever recorded at or below a watermark that was fixed before', async () => {
    const many = openDatabase({ url: world.databaseUrl, poolSize: 12 });
    await world.db.query(`select ensure_tag_months('2024-01-01', '2024-01-01')`);
    await setValidity(world.db, 'line', 'w0', 1);
    const seen: { mark: string; events: number }[] = [];
    let writing = true;
    const fixing = (async () => {
      while (writing) {
        const { rows } = await many.query<{ mark: string }>('select fix_tag_watermark()::text as mark');
        const { rows: count } = await many.query<{ n: number }>(
          'select count(*)::int as n from tag_events where recorded_at <= $1',
          [rows[0]!.mark],
        );
        seen.push({ mark: rows[0]!.mark, events: count[0]!.n });
      }
    })();
    const lane = async (lane: number) => {
      for (let n = 0; n < 25; n += 1) {
        const contact = 1 + ((lane + n) % 9);
        const at = `2024-01-${String(1 + (n % 20)).padStart(2, '0')}T00:00:0${lane}Z`;
        const written = await writeEvent(many, event(contact, n % 5 === 4 ? 'removed' : 'applied', `w${n % 3}`, at));
        if (n % 7 === 3) await retractEvents(many, [written.eventId]);
        if (n % 9 === 5) await expireTags(many, 4, control);
      }
    };
    const importing = async () => {
      for (let n = 0; n < 4; n += 1) {
        const lines = Array.from(
          { length: 40 },
          (_, k) => `${lineId(1 + (k % 9))},w${k % 3},2024-01-${10 + (k % 15)},`,
        );
        const file = await world.file(`w${n}.csv`, ['uid,tag,time,kind', ...lines].join('\n'));
        await importTagFile(
          { ...world.deps, db: many, tagSliceLines: 10 },
          { file, channel: 'line', again: true, source: `s${n}` },
        );
      }
    };
    await Promise.all([0, 1, 2, 3].map(lane).concat(importing()));
    writing = false;
    await fixing;
    expect(seen.length).toBeGreaterThan(20);
    for (const { mark, events } of seen) {
      const { rows } = await world.db.query<{ n: number }>(
        'select count(*)::int as n from tag_events where recorded_at <= $1',
        [mark],
      );
      expect(rows[0]!.n, mark).toBe(events);
    }
    await expireTags(world.db, 100, control);
    expect(await tagsNow(world.db)).toEqual(await tagsByLog(world.db));
    await many.end();
  });
});
