// Numbers for the tags of events on their way into the lake. Postgres gives them, so that all refreshes agree on them.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import { copyBuffer, text } from '../staging/copy-text.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { lakeFilesSql, lakeSql } from './lake-sql.ts';
import { holdBase } from './manifest.ts';
import type { Duck } from '../../ports/duck.ts';
import type { LakeWorld } from './ports.ts';

/**
 * Moves `loaded` to `incoming`, tags by number; numbers that are not known yet are made, and stay when the refresh dies: the next
 * one finds them. The base is held meanwhile: a tag that a newer version has forgotten must not come back.
 * @throws PipelineError `lake_moved` when there is a newer version than `base`
 */
export async function numberLoaded(world: LakeWorld, duck: Duck, base: string, { signal }: StepControl): Promise<void> {
  const csv = `.${randomUUID()}.csv`;
  try {
    await world.db.transaction(
      async (tx) => {
        await holdBase(tx, base, 'shared');
        await tx.query('create temp table lake_unnumbered (tag text collate "C" not null) on commit drop');
        await tx.copyIn('copy lake_unnumbered from stdin', tagLines(duck));
        await tx.query(lakeSql.number_tags);
        await tx.copyOut(lakeSql.copy_tag_numbers, world.lakeFolder.sink(csv));
      },
      { signal },
    );
    await duck.run(withLiterals(lakeFilesSql.load_tag_numbers, { csv: world.lakeFolder.at(csv) }));
  } finally {
    await world.lakeFolder.remove(csv);
  }
  await duck.run(lakeFilesSql.number_events);
}

async function* tagLines(duck: Duck): AsyncIterable<Uint8Array> {
  for await (const page of duck.pages<{ tag: string }>(lakeFilesSql.unnumbered_tags)) {
    const lines = copyBuffer(page.length * 32);
    for (const { tag } of page) lines.append(`${text(tag)}\n`);
    yield lines.bytes();
  }
}
