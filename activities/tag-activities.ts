// The steps of an import of tag events, and the expiry of tags, as activities: each one call into pipelines/tags.
import { Context } from '@temporalio/activity';
import { stepNumber, type ImportRef, type ImportStep } from '../contracts/import.ts';
import type { ExpireInput, ExpireResult, TagImportInput, TagImportResult } from '../contracts/tag-import.ts';
import { beginStep } from '../pipelines/import/import-store.ts';
import type { Registered, RegisterSteps } from '../pipelines/import/register.ts';
import type { StageResult } from '../pipelines/import/stage.ts';
import { applyTags } from '../pipelines/tags/apply-tags.ts';
import { expireTags } from '../pipelines/tags/expire.ts';
import type { TagPorts } from '../pipelines/tags/ports.ts';
import { registerTags } from '../pipelines/tags/register-tags.ts';
import { reportTags, stopTags } from '../pipelines/tags/report-tags.ts';
import { resolveTags, type TagResolveResult } from '../pipelines/tags/resolve-tags.ts';
import { stageTags } from '../pipelines/tags/stage-tags.ts';
import type { TagProfile } from '../pipelines/tags/tag-plan.ts';
import { asStep } from './step.ts';

export interface TagActivityDeps extends TagPorts {
  /** Spooling and inspecting, for one input; the signal stops a long spool. */
  tagRegisterSteps: (
    input: TagImportInput,
    signal: AbortSignal,
    onBytes: (bytes: number) => void,
  ) => RegisterSteps<TagProfile>;
}

export function createTagActivities(deps: TagActivityDeps) {
  /** A step of the import, fenced to this try of it: a try that Temporal gave up may still be running somewhere. */
  async function fenced<T>(
    ref: ImportRef,
    step: ImportStep,
    work: (ref: ImportRef, control: Parameters<Parameters<typeof asStep>[0]>[0]) => Promise<T>,
  ): Promise<T> {
    return asStep(async (control) => {
      const thisTry = { ...ref, step: stepNumber(step, Context.current().info.attempt) };
      await beginStep(deps.db, thisTry, step);
      return work(thisTry, control);
    });
  }
  return {
    async inspectTags(input: TagImportInput): Promise<Registered<TagImportResult>> {
      const { workflowExecution } = Context.current().info;
      if (!workflowExecution) throw new Error('inspectTags runs inside a workflow only');
      return asStep(({ signal, onProgress }) =>
        registerTags(input, workflowExecution, deps, deps.tagRegisterSteps(input, signal, onProgress)),
      );
    },

    async stageTags(ref: ImportRef): Promise<StageResult> {
      return fenced(ref, 'staging', (own, control) => stageTags(own, deps, control));
    },

    async resolveTags(ref: ImportRef): Promise<TagResolveResult> {
      return fenced(ref, 'resolving', (own, control) => resolveTags(own, deps, control));
    },

    async applyTags(ref: ImportRef): Promise<void> {
      return fenced(ref, 'applying', (own, control) => applyTags(own, deps, control));
    },

    async reportTags(ref: ImportRef, state: 'done' | 'rejected'): Promise<TagImportResult> {
      return asStep(() => reportTags(ref, state, deps));
    },

    async stopTags(ref: ImportRef, state: 'cancelled' | 'failed', error: string | null): Promise<TagImportResult> {
      return asStep(() => stopTags(ref, state, error, deps.db));
    },

    async expireTags({ batch }: ExpireInput): Promise<ExpireResult> {
      return asStep((control) => expireTags(deps.db, batch, control));
    },
  };
}
