// Why a workflow failed, as an error for people: the innermost reason, with its code and hint, without Temporal's wrapping.
import { WorkflowFailedError } from '@temporalio/client';
import { PipelineError } from '../contracts/pipeline-error.ts';

/** The error to show for what waiting on a workflow threw; `cancelled` when somebody cancelled it. */
export function workflowFailure(error: unknown, workflowId: string, cancelled: PipelineError): Error {
  if (!(error instanceof WorkflowFailedError)) return error instanceof Error ? error : new Error(String(error));
  let cause: Error | undefined = error.cause;
  while (cause?.cause instanceof Error) cause = cause.cause;
  if (cause?.name === 'CancelledFailure') return cancelled;
  const { type, details } = (cause ?? {}) as { type?: string; details?: { hint?: string | null }[] };
  const hint = details?.[0]?.hint ?? null;
  // For the Temporal UI the hint stands in the message; here it has a place of its own.
  const message = (cause?.message ?? error.message).replace(hint === null ? '' : ` ${hint}`, '');
  return new PipelineError(type ?? cause?.name ?? 'workflow_failed', message, {
    hint: hint ?? `More in the Temporal UI, workflow ${workflowId}.`,
  });
}
