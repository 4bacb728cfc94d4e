// Takes out of counted parts whoever was erased after the lake version that they were counted from.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import type { Duck } from '../../ports/duck.ts';
import type { PartCount, PublishRequest } from '../../contracts/tag-frequency.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { defineChecksum } from '../lake/checksum.ts';
import { openErased, type ErasedSpan } from '../lake/erased.ts';
import { countSql } from './frequency-sql.ts';
import type { FrequencyWorld } from './ports.ts';

type Counted = PartCount['windows'][number];

/**
 * The parts without those of a span of erasures, in files of their own; parts that hold none of them stay as they are. `touched`:
 * of each window, whether any of the erasures concerns it. Again: writes new files; the counted ones stay.
 */
export async function leaveOut(
  world: FrequencyWorld,
  { work }: Pick<PublishRequest, 'work'>,
  parts: readonly PartCount[],
  touched: readonly boolean[],
  span: ErasedSpan,
  control: StepControl,
): Promise<PartCount[]> {
  if (!touched.includes(true)) return [...parts];
  return world.withDuck(control.signal, async (duck) => {
    await defineChecksum(duck);
    await openErased(world, duck, span, control);
    const kept: PartCount[] = [];
    for (const { windows } of parts) {
      const left: Counted[] = [];
      for (const [index, counted] of windows.entries())
        left.push(touched[index] ? await without(world, duck, `.work/${work}/${index}`, counted) : counted);
      kept.push({ windows: left });
    }
    return kept;
  });
}

async function without(world: FrequencyWorld, duck: Duck, folder: string, counted: Counted): Promise<Counted> {
  const files = [world.resultFolder.at(counted.file)];
  const held = await duck.rows<{ found: boolean }>(withLiterals(countSql.holds_erased, { files }));
  if (!held[0]!.found) return counted;
  const file = `${folder}/${randomUUID()}.parquet`;
  return { file, ...(await writeKept(world, duck, files, file, 'nobody else')) };
}

/** What a window's file holds, with its checksum. */
export type WindowSum = Omit<Counted, 'file'>;

/** Writes what files of results hold without those in `erased`; and, if so, only those in `people`. */
export async function writeKept(
  world: Pick<FrequencyWorld, 'resultFolder'>,
  duck: Duck,
  files: string[],
  file: string,
  alsoGone: 'nobody else' | 'who is not in people',
): Promise<WindowSum> {
  const path = world.resultFolder.at(file);
  const people = alsoGone === 'nobody else' ? '' : 'and contact_id in (select contact_id from people)';
  await duck.run(withLiterals(countSql.write_kept.replace('{{PEOPLE}}', people), { files, path }));
  return sumWindow(duck, path);
}

type Sum = { rows: string; times: string; newest: string | null; nulls: string; checksum: string };

/** Of one file of a result. */
export async function sumWindow(duck: Duck, path: string): Promise<WindowSum> {
  const sums = await duck.rows<Sum>(withLiterals(countSql.sum_window, { path }));
  const { rows, times, newest, nulls, checksum } = sums[0]!;
  return { rows: Number(rows), times: Number(times), newestUs: newest, nulls: Number(nulls), checksum };
}
