// Which files `sluice tags frequency --out` writes: one, or one for each window and format in a folder.
import { statSync } from 'node:fs';
import path from 'node:path';
import { FREQUENCY_FORMATS, type FrequencyFormat } from '../contracts/tag-frequency.ts';

/** What is said of a file that was written: its format too, where its name does not say it. */
export function renderWritten({ format, path: file }: OutFile): string {
  const ending = path.extname(file).slice(1).toLowerCase();
  if (ending === format) return `Written: ${file}`;
  return `Written: ${file} (in the format ${format}${ending === '' ? '' : ', not as its name says'})`;
}

export interface OutFile {
  /** The place of the window among those asked for. */
  window: number;
  format: FrequencyFormat;
  path: string;
}

/** Whether `--out` names a folder: it is one, ends like one, or has to hold several files. */
export function isFolder(out: string, files: number): boolean {
  if (files > 1 || /[/\\]$/.test(out)) return true;
  return statSync(out, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * The files, in the order of windows and then formats. Without formats: what the name of the file ends with, else Parquet.
 * In a folder they are called `<window>.<format>`. Pure but for `folder`, see {@link isFolder}.
 */
export function outFiles(windows: string[], formats: FrequencyFormat[], out: string, folder: boolean): OutFile[] {
  const named = FREQUENCY_FORMATS.find((format) => !folder && out.endsWith(`.${format}`));
  const wanted = formats.length > 0 ? [...new Set(formats)] : [named ?? 'parquet'];
  return windows.flatMap((name, window) =>
    wanted.map((format) => ({
      window,
      format,
      path: path.resolve(folder ? path.join(out, `${name}.${format}`) : out),
    })),
  );
}
