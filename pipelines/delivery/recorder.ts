// Writes answers to the ledger in the batches that come together while the write before is under way, and keeps them until
// the database has them: an answer that is lost here would leave its recipient uncertain.
import type { Answered, Repeat } from './ports.ts';

export interface Recorder {
  push(answered: Answered): void;
  /** Resolves when everything pushed so far is written. */
  drained(): Promise<void>;
}

export interface RecorderOptions {
  /** `again`: the same answers may have been committed before the connection was lost. */
  write(answers: Answered[], again: boolean): Promise<Repeat[]>;
  onWritten(answers: Answered[], repeats: Repeat[]): void;
  isPassing(error: unknown): boolean;
  /** Called once with an error that does not go away; nothing is written any more then. */
  onBroken(error: unknown): void;
  wait(ms: number): Promise<void>;
}

/** Answers in one statement at most. Higher: nothing is gained, and a lost connection repeats more. */
const BATCH = 1_000;
const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 2_000;

export function openRecorder(options: RecorderOptions): Recorder {
  let waiting: Answered[] = [];
  let writing: Promise<void> | null = null;
  let broken = false;

  const writeAll = async (): Promise<void> => {
    // Answers of one turn of the event loop belong together.
    await Promise.resolve();
    while (waiting.length > 0 && !broken) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      const repeats = await writeBatch(batch);
      if (repeats) options.onWritten(batch, repeats);
    }
    writing = null;
  };

  const writeBatch = async (batch: Answered[]): Promise<Repeat[] | null> => {
    for (let tries = 0; ; tries++) {
      try {
        return await options.write(batch, tries > 0);
      } catch (error) {
        if (!options.isPassing(error)) {
          broken = true;
          options.onBroken(error);
          return null;
        }
        await options.wait(Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries, 10)));
      }
    }
  };

  return {
    push: (answered) => {
      waiting.push(answered);
      writing ??= writeAll();
    },
    drained: async () => {
      while (writing) await writing;
    },
  };
}
