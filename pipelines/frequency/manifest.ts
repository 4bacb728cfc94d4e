// What lies beside the files of a published result: which they are, and of what question.
import type { Folder } from '../../ports/folder.ts';

export interface Manifest {
  window: string;
  from: string;
  to: string;
  asOf: string;
  knownAt: string;
  channel: string | null;
  timeZone: string;
  lakeVersion: string;
  rows: number;
  times: number;
  checksum: string;
  erasedSince: number;
  files: { name: string; bytes: number; sha256: string }[];
}

/** Replaces the one that is there, whole. */
export async function writeManifest(
  { resultFolder }: { resultFolder: Folder },
  folder: string,
  manifest: Manifest,
): Promise<void> {
  await resultFolder.write(`${folder}/manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
}
