// Carries a PipelineError across a thread border, where structured clone would lose its class and code.
import { PipelineError, type PipelineErrorOptions } from '../contracts/pipeline-error.ts';

export interface PackedError {
  code: string | null;
  message: string;
  options: Omit<PipelineErrorOptions, 'cause'>;
}

export function packError(error: unknown): PackedError {
  if (error instanceof PipelineError) {
    const { code, message, retry, hint, details } = error;
    return { code, message, options: { retry, details, ...(hint === undefined ? {} : { hint }) } };
  }
  return { code: null, message: error instanceof Error ? error.message : String(error), options: {} };
}

export function unpackError({ code, message, options }: PackedError): Error {
  return code === null ? new Error(message) : new PipelineError(code, message, options);
}
