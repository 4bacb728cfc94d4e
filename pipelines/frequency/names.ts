// Names of folders and files of results: the same triple always has the same name.
import { createHash } from 'node:crypto';
import { ALL_CHANNELS, type Triple } from './frequency-store.ts';
import { isoOfUs } from './windows.ts';

/** Instants without colons, which some programs take for something else. */
const plain = (iso: string): string => iso.replaceAll(':', '').replaceAll('+', 'p');

/** The folder of a window's results; `current` in it is the one published last. */
export function windowFolder(channel: string | null, window: string): string {
  return `${channel ?? '_all'}/${plain(window)}`;
}

/** `<as-of>_<known-at>`. */
export function tripleName({ asOfMs, knownAtUs }: Triple): string {
  return `${plain(new Date(asOfMs).toISOString())}_${plain(isoOfUs(BigInt(knownAtUs)))}`;
}

/** The report of a run: other windows are another report. */
export function reportName(triple: Triple, windows: readonly string[]): string {
  const key = createHash('sha256').update(windows.join('\n')).digest('hex').slice(0, 8);
  return `tag-frequency_${triple.channel ?? ALL_CHANNELS.replace('*', 'all')}_${tripleName(triple)}_${key}.html`;
}
