// Inspect, the part with a memory: as for contacts, an import of the same content is recognised or gone on with.
import type { TagImportInput, TagImportResult } from '../../contracts/tag-import.ts';
import { TAG_RULE_VERSION } from '../../contracts/version.ts';
import { registerAs, type ImportKind, type Registered, type RegisterSteps } from '../import/register.ts';
import type { TagPorts } from './ports.ts';
import { tagImportResult } from './report-tags.ts';
import type { TagProfile } from './tag-plan.ts';

const TAGS: ImportKind<TagImportResult> = { kind: 'tags', ruleVersion: TAG_RULE_VERSION, result: tagImportResult };

/** See `registerAs`. */
export function registerTags(
  input: TagImportInput,
  run: { workflowId: string; runId: string },
  ports: Pick<TagPorts, 'db'>,
  steps: RegisterSteps<TagProfile>,
): Promise<Registered<TagImportResult>> {
  return registerAs(TAGS, input, run, ports, steps);
}
