// Turns what pipelines throw into what Temporal retries or gives up on. Messages end up in workflow history in clear, so
// nothing of a statement's values may get into them.
import { ApplicationFailure } from '@temporalio/activity';
import { describeError, PipelineError } from '../contracts/pipeline-error.ts';

/**
 * Attempts after which an error nobody foresaw counts as permanent. Too low: a passing fault of a kind not listed below ends
 * an import; too high: a programming error is retried in silence.
 */
const UNFORESEEN_ATTEMPTS = 20;

/**
 * SQLSTATE classes and codes that go away by themselves: connection, resources, shutdown, time-outs, serialisation, deadlock, and
 * a server that is read-only for the moments of a failover.
 */
const PASSING_SQLSTATE = /^(08|53|57014$|57P|58|25006$|25P0[34]$|40001$|40P01$|55P03$)/;
const PASSING_SYSTEM = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EMFILE|ENFILE)/;

/** The failure for an error, on the given attempt of an activity. */
export function toFailure(error: unknown, attempt: number): Error {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof PipelineError)
    return ApplicationFailure.create({
      type: error.code,
      message: describeError(error),
      nonRetryable: error.retry === 'never',
      details: [{ ...error.details, hint: error.hint ?? null }],
      ...(typeof error.retry === 'object' ? { nextRetryDelay: error.retry.afterMs } : {}),
    });
  if ((error as { code?: unknown } | null)?.code === '53100')
    return ApplicationFailure.create({
      type: 'disk_full',
      message: 'Postgres has no space left on its disk. Make room: the step goes on from where it was.',
    });
  if (isPassing(error))
    return ApplicationFailure.create({
      type: 'database_unavailable',
      message: 'Postgres did not answer, was busy, or closed the connection; the step goes on from where it was.',
    });
  const { type, message } = describeUnforeseen(error);
  return ApplicationFailure.create({ type, message, nonRetryable: attempt >= UNFORESEEN_ATTEMPTS });
}

/** Whether trying again later can help, without anything being changed. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && (PASSING_SQLSTATE.test(code) || PASSING_SYSTEM.test(code))) return true;
  if (
    /Connection terminated|not queryable|timeout exceeded when trying to connect|Connection ended/i.test(error.message)
  )
    return true;
  return error instanceof AggregateError && error.errors.some(isPassing);
}

function describeUnforeseen(error: unknown): { type: string; message: string } {
  const facts = error as { code?: string; severity?: string; table?: string; constraint?: string };
  if (facts.severity !== undefined && facts.code !== undefined) {
    const where = [facts.table, facts.constraint].filter(Boolean).join(' ');
    // Not the server's own message: it may quote the value it refused.
    return {
      type: 'database_refused',
      message: `Postgres refused a statement: SQLSTATE ${facts.code} ${where}`.trim(),
    };
  }
  return { type: 'unforeseen', message: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error' };
}
