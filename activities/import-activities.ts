// The steps of a contact import as activities: each one call into pipelines/import.
import { Context } from '@temporalio/activity';
import {
  stepNumber,
  type ImportInput,
  type ImportProgress,
  type ImportRef,
  type ImportResult,
  type ImportStep,
} from '../contracts/import.ts';
import { applySlices } from '../pipelines/import/apply.ts';
import { beginStep } from '../pipelines/import/import-store.ts';
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

/** The ref, fenced to this try of the step: a try that Temporal gave up may still be running somewhere. */
function thisTry(ref: ImportRef, step: ImportStep): ImportRef {
  return { ...ref, step: stepNumber(step, Context.current().info.attempt) };
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
        const fenced = thisTry(ref, 'staging');
        await beginStep(deps.db, fenced, 'staging');
        return stageLines(fenced, deps, deps.openSpool, control);
      });
    },

    async resolveLines(ref: ImportRef): Promise<ResolveResult> {
      return asStep(async (control) => {
        const fenced = thisTry(ref, 'resolving');
        await beginStep(deps.db, fenced, 'resolving');
        return resolveLines(fenced, deps, control);
      });
    },

    async applySlices(ref: ImportRef): Promise<void> {
      return asStep(async (control) => {
        const fenced = thisTry(ref, 'applying');
        await beginStep(deps.db, fenced, 'applying');
        return applySlices(fenced, deps, control);
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
