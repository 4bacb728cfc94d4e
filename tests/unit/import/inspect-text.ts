// Inspects a text as if it lay in the spool: for a LINE channel in Taipei unless told otherwise.
import { inspectFile, type InspectOptions } from '../../../pipelines/import/inspect-file.ts';

export async function inspect(text: string, options: Partial<InspectOptions> = {}) {
  const bytes = Buffer.from(text);
  const reader = { read: async (buffer: Uint8Array, position: number) => bytes.copy(buffer, 0, position) };
  return inspectFile(
    { reader, bytes: bytes.length, encoding: 'utf-8' },
    { channelKind: 'line', defaultCountry: 'TW', timeZone: 'Asia/Taipei', ...options },
  );
}
