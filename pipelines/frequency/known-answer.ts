// Whether a question has its answer already: published, whole on the disk, and without anybody who was erased since.
import type { FrequencyFormat, ResolvedWindow } from '../../contracts/tag-frequency.ts';
import { publishedOf, type Published, type Triple } from './frequency-store.ts';
import type { FrequencyWorld } from './ports.ts';
import { wholeResult } from './result-place.ts';

/** One published result for each window, in their order; null when any is missing, damaged, or may hold somebody who was erased. */
export async function knownAnswer(
  world: Pick<FrequencyWorld, 'db' | 'resultFolder'>,
  triple: Triple,
  windows: readonly ResolvedWindow[],
  formats: readonly FrequencyFormat[],
): Promise<Published[] | null> {
  const published = await publishedOf(world.db, triple, windows);
  const found: Published[] = [];
  for (const { name, fromMs, toMs } of windows) {
    const one = published.find(({ window }) => window === name);
    if (!one || one.behind) return null;
    // The business time zone may have been another one then.
    if (Date.parse(one.from) !== fromMs || Date.parse(one.to) !== toMs) return null;
    const manifest = await wholeResult(world, one.folder);
    if (manifest?.checksum !== one.checksum || manifest.rows !== one.rows) return null;
    const has = (format: FrequencyFormat) => manifest.files.some((file) => file.name.endsWith(`.${format}`));
    if (!has('parquet') || !formats.every(has)) return null;
    found.push(one);
  }
  return found;
}
