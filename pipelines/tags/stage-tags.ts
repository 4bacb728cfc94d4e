// Stage: reads the spool of a file of tag events once, from where it stopped, into the import's partition.
import type { ImportRef } from '../../contracts/import.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { stageInto, type StageInto, type StageResult } from '../import/stage.ts';
import type { TagImportRow, TagPorts } from './ports.ts';
import { forTags } from './tags-sql.ts';

/** See `stageInto`: it goes on from the committed position, and is a no-op on a staged import. */
export async function stageTags(ref: ImportRef, ports: TagPorts, control: StepControl): Promise<StageResult> {
  const into: StageInto<TagImportRow> = {
    table: 'tag_staging',
    statement: forTags('copy_lines', ref.importId),
    open: (row) => ports.openTagReader(row.profile.plan),
  };
  return stageInto(ref, into, ports, ports.openSpool, control);
}
