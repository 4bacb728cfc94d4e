// Inspects a text as if it lay in the spool: for a LINE channel in Taipei unless told otherwise.
import { inspectFile, type InspectOptions } from '../../../pipelines/import/inspect-file.ts';
import { rowNormaliser } from '../../../pipelines/import/normalise-row.ts';

export async function inspect(text: string, options: Partial<InspectOptions> = {}) {
  const bytes = Buffer.from(text);
  const reader = { read: async (buffer: Uint8Array, position: number) => bytes.copy(buffer, 0, position) };
  return inspectFile(
    { reader, bytes: bytes.length, encoding: 'utf-8' },
    { channelKind: 'line', defaultCountry: 'TW', timeZone: 'Asia/Taipei', ...options },
  );
}

/** What `of` finds in each line below the header, by the plan that inspecting fixed; no cell holds a delimiter. */
export async function rowsOf<T>(
  text: string,
  options: Partial<InspectOptions>,
  of: (row: ReturnType<ReturnType<typeof rowNormaliser>>) => T,
): Promise<T[]> {
  const { profile } = await inspect(text, options);
  const rowOf = rowNormaliser(profile.plan);
  const lines = text.trimEnd().split('\n').slice(1);
  const delimiter = text.includes('\t') ? '\t' : ',';
  return lines.map((line, at) =>
    of(rowOf({ line: at + 2, byteStart: 0, byteLength: 0, fields: line.split(delimiter) })),
  );
}
