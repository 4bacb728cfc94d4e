// The steps of a contact import as activities: each one call into pipelines/import.
import { Context } from '@temporalio/activity';
import type { ImportInput, ImportProgress, ImportRef, ImportResult } from '../pipelines/contracts/import.ts';
import { applySlices } from '../pipelines/import/apply.ts';
import { setImportState } from '../pipelines/import/import-store.ts';
import type { ImportPorts } from '../pipelines/import/ports.ts';
import { readProgress } from '../pipelines/import/progress.ts';
import { registerImport, type Registered, type RegisterSteps } from '../pipelines/import/register.ts';
import { reportImport, stopImport, type ReportPorts } from '../pipelines/import/report.ts';
import { resolveLines, type ResolveResult } from '../pipelines/import/resolve.ts';
import { stageLines, type StageResult } from '../pipelines/import/stage.ts';
import { asStep } from './step.ts';

export interface ImportActivityDeps extends ImportPorts, ReportPorts {
  /** Spooling and inspecting, for one input; the signal stops a long spool. */
  registerSteps: (input: ImportInput, signal: AbortSignal, onBytes: (bytes: number) => void) => RegisterSteps;
}

export function createImportActivities(deps: ImportActivityDeps) {
  return {
    async inspectFile(input: ImportInput): Promise<Registered> {
      const { workflowExecution } = Context.current().info;
      if (!workflowExecution) throw new Error('inspectFile runs inside a workflow only');
      return asStep((control) =>
        registerImport(input, workflowExecution, deps, deps.registerSteps(input, control.signal, control.onProgress)),
      );
    },

    async stageLines(ref: ImportRef): Promise<StageResult> {
      return asStep(async (control) => {
        await setImportState(deps.db, ref, 'staging');
        return stageLines(ref, deps, deps.openSpool, control);
      });
    },

    async resolveLines(ref: ImportRef): Promise<ResolveResult> {
      return asStep(async (control) => {
        await setImportState(deps.db, ref, 'resolving');
        return resolveLines(ref, deps, control);
      });
    },

    async applySlices(ref: ImportRef): Promise<void> {
      return asStep(async (control) => {
        await setImportState(deps.db, ref, 'applying');
        return applySlices(ref, deps, control);
      });
    },

    async reportImport(ref: ImportRef, state: 'done' | 'rejected'): Promise<ImportResult> {
      return asStep(() => reportImport(ref, state, deps));
    },

    async stopImport(ref: ImportRef, state: 'cancelled' | 'failed', error: string | null): Promise<ImportResult> {
      return asStep(() => stopImport(ref, state, error, deps.db));
    },

    async importProgress(importId: string): Promise<ImportProgress> {
      return asStep(() => readProgress(deps.db, importId));
    },
  };
}
