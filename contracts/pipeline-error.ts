// The one error class of the product: what happened, to which object, what to do next. Knows nothing of Temporal;
// activities/ turns it into an ApplicationFailure. Messages enter workflow history in clear: no addresses, no secrets.

/** Whether doing the same thing again can help, and how long to wait first. */
export type Retry = 'never' | 'later' | { afterMs: number };

export interface PipelineErrorOptions {
  /** `never` (the default) for bad input and broken rules; `later` for an outside world that may come back. */
  retry?: Retry;
  /** The next action, as a sentence a person can follow. */
  hint?: string;
  /** Small, harmless facts for scripts: names, counts, ids. Never an address. */
  details?: Record<string, string | number | boolean | null>;
  cause?: unknown;
}

/** An expected failure. `code` is stable and part of the interface: scripts and retry rules match on it. */
export class PipelineError extends Error {
  readonly code: string;
  readonly retry: Retry;
  readonly hint: string | undefined;
  readonly details: Record<string, string | number | boolean | null>;

  constructor(code: string, message: string, options: PipelineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PipelineError';
    this.code = code;
    this.retry = options.retry ?? 'never';
    this.hint = options.hint;
    this.details = options.details ?? {};
  }
}

/** The sentence shown to a person: the message, and the hint when there is one. */
export function describeError(error: unknown): string {
  if (error instanceof PipelineError) return error.hint ? `${error.message} ${error.hint}` : error.message;
  return error instanceof Error ? error.message : String(error);
}
