// What tag frequency needs of the world beside the lake.
import type { ColumnarFile } from '../../ports/columnar-file.ts';
import type { Folder } from '../../ports/folder.ts';
import type { Plots } from '../../ports/plots.ts';
import type { LakeWorld } from '../lake/ports.ts';

/** A row of a result as the lake gives it: whole numbers and epoch microseconds as text. */
export interface ResultRow {
  channelId: string;
  contactId: string;
  socialId: string;
  tag: string;
  times: string;
  firstAt: string;
  lastAt: string;
}

export interface FrequencyWorld extends LakeWorld {
  /** Published results, and under `.work` those in the making. Shared by all workers. */
  resultFolder: Folder;
  /** Reports for people. */
  reportFolder: Folder;
  /** Loaded when first drawn with. */
  plots: () => Promise<Plots>;
  /** Whether the workflow run of that id has not ended. Absent where nobody can be asked. */
  runLives?: (runId: string) => Promise<boolean>;
  /** Writes rows as an Arrow IPC file, page by page. Replaces the file. */
  writeArrow: (file: ColumnarFile<ResultRow>) => Promise<void>;
}
