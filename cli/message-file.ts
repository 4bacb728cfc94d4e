// Reads a message file: the provider's own JSON. Whether the provider takes it is judged with the plan.
import { readFile } from 'node:fs/promises';
import { PipelineError } from '../contracts/pipeline-error.ts';

/** @throws PipelineError `message_missing`, `message_not_json` */
export async function readMessageFile(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new PipelineError(
      'message_missing',
      `The message file “${file}” cannot be read (${cause.code ?? 'unknown'}).`,
      {
        hint: 'It holds the provider’s own JSON, for LINE {"messages": [{"type": "text", "text": "…"}]}.',
        cause,
      },
    );
  });
  try {
    const message: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (typeof message === 'object' && message !== null && !Array.isArray(message))
      return message as Record<string, unknown>;
    throw new SyntaxError('it is no JSON object');
  } catch (cause) {
    throw new PipelineError(
      'message_not_json',
      `The message file “${file}” is not JSON: ${(cause as Error).message}.`,
      {
        hint: 'It must hold one JSON object, in UTF-8.',
        cause,
      },
    );
  }
}
