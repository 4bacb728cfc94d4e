// What `sluice tags frequency` shows of a published run: tables, one JSON document, or a file.
import { createReadStream } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeWhole } from '../adapters/files/open-file.ts';
import type { FrequencyFormat, FrequencyResult } from '../contracts/tag-frequency.ts';
import { exportResult, mostFrequent, readRows } from '../pipelines/frequency/read-result.ts';
import { isoOfUs } from '../pipelines/frequency/windows.ts';
import { BOM } from '../pipelines/values/csv-cell.ts';
import { frequencyWorld } from '../server/frequency-deps.ts';
import { isFolder, outFiles, renderWritten } from './frequency-files.ts';
import { answer, table } from './output.ts';
import type { Session } from './session.ts';

/** Rows of a result shown on a terminal. */
const SHOWN_ROWS = 20;

interface ShowOptions {
  json?: boolean;
  out?: string;
  format: FrequencyFormat[];
  bom?: boolean;
}

/** Prints a published run: a table with the most frequent rows, or one JSON document with all; or writes `out`. */
export async function showFrequency(session: Session, result: FrequencyResult, options: ShowOptions): Promise<void> {
  const world = frequencyWorld(session.config, session.db);
  const control = { signal: new AbortController().signal, onProgress: () => undefined };
  if (options.out !== undefined) {
    const names = result.windows.map(({ window: name }) => name);
    const several = names.length * Math.max(1, new Set(options.format).size);
    const folder = isFolder(options.out, several);
    const files = outFiles(names, options.format, options.out, folder);
    if (folder) await mkdir(options.out, { recursive: true, mode: 0o700 });
    for (const { window: index, format, path: file } of files) {
      await exportResult(world, result.windows[index]!.folder, format, file, control);
      await chmod(file, 0o600);
      if (format === 'csv' && options.bom) await putBom(file);
    }
    const written = files.map(({ path: file }) => file);
    const shown = { ...result, out: path.resolve(options.out), files: written };
    answer(options, shown, () => `${renderFrequency(result)}\n${files.map(renderWritten).join('\n')}`);
    return;
  }
  if (!options.json) {
    console.log(renderFrequency(result));
    for (const { window: name, folder, rows } of result.windows) {
      const top = await mostFrequent(world, folder, SHOWN_ROWS, control);
      const iso = (us: string) => isoOfUs(BigInt(us)).slice(0, 19);
      const cells = top.map((row) => [
        row.channelId,
        row.socialId,
        row.tag,
        Number(row.times),
        iso(row.firstAt),
        iso(row.lastAt),
      ]);
      const head = ['channel', 'social id', 'tag', 'times', 'first (UTC)', 'last (UTC)'];
      console.log(`\n${name}: the ${cells.length} most frequent of ${rows}\n${table(head, cells)}`);
    }
    return;
  }
  await printJson(world, result, control);
}

/** Puts the mark before a file; the file is there with it or without it. */
async function putBom(file: string): Promise<void> {
  async function* marked(): AsyncGenerator<string> {
    yield BOM;
    for await (const text of createReadStream(file, 'utf8')) yield String(text);
  }
  await writeWhole(path.dirname(file), path.basename(file), marked());
}

/** The head of a run for people. */
export function renderFrequency(result: FrequencyResult): string {
  const rows = result.windows.map(({ window: name, rows, times, checksum, folder }) => [
    name,
    rows,
    times,
    checksum,
    folder,
  ]);
  const erased = Math.max(...result.windows.map(({ erasedSince }) => erasedSince));
  return [
    `Tag frequency of ${result.channel ?? 'all channels'} as of ${result.asOf}, known at ${result.knownAt}${result.recognised ? ' (published before)' : ''}`,
    table(['window', 'rows', 'times', 'checksum', 'folder'], rows),
    ...(erased > 0 ? [`Erased since the known-at: ${erased} people, who are not counted any more.`] : []),
    ...(result.report === null ? [] : [`Report: ${result.report}`]),
  ].join('\n');
}

/** One document, written as it is read: it may be larger than memory. */
async function printJson(
  world: ReturnType<typeof frequencyWorld>,
  result: FrequencyResult,
  control: Parameters<typeof readRows>[2],
): Promise<void> {
  const several = result.windows.length > 1;
  const put = (text: string) => process.stdout.write(text);
  const { asOf, knownAt: known, channel, lakeVersion, report } = result;
  if (several) put(`{"asOf":${JSON.stringify(asOf)},"knownAt":${JSON.stringify(known)},"windows":[`);
  for (const [index, published] of result.windows.entries()) {
    const { window: name, from, to, rows, times, checksum, folder, erasedSince } = published;
    const head = {
      window: name,
      asOf,
      knownAt: known,
      channel,
      from,
      to,
      lakeVersion,
      report,
      folder,
      erasedSince,
      times,
    };
    put(`${index > 0 ? ',' : ''}${JSON.stringify(head).slice(0, -1)},"rows":[`);
    let first = true;
    await readRows(world, folder, control, (page) => {
      for (const row of page) {
        const iso = (us: string) => isoOfUs(BigInt(us));
        const shown = { ...row, times: Number(row.times), firstAt: iso(row.firstAt), lastAt: iso(row.lastAt) };
        put(`${first ? '' : ','}\n${JSON.stringify(shown)}`);
        first = false;
      }
    });
    put(`],"rowCount":${rows},"checksum":${JSON.stringify(checksum)}}`);
  }
  put(several ? ']}\n' : '\n');
}
