// Writes answers to the ledger in the batches that come together while the write before is under way, and keeps them until
// the database has them, whatever error it gives: an answer that is lost here would leave its recipient uncertain.
import type { Answered, Repeat } from './ports.ts';

export interface Recorder {
  push(answered: Answered): void;
  /** Resolves when everything pushed so far is written, however long that takes. */
  drained(): Promise<void>;
}

export interface RecorderOptions {
  /** `again`: the same answers may have been committed before the connection was lost. */
  write(answers: Answered[], again: boolean): Promise<Repeat[]>;
  onWritten(answers: Answered[], repeats: Repeat[]): void;
  isPassing(error: unknown): boolean;
  /** Called with an error that nobody foresaw. The answers are kept and tried again, one by one, behind all others. */
  onTrouble(error: unknown): void;
  /** One that such an error refuses by itself; called with each try. */
  onRefused(answered: Answered): void;
  wait(ms: number): Promise<void>;
}

/** Answers in one statement at most. Higher: nothing is gained, and a lost connection repeats more. */
const BATCH = 1_000;
const FIRST_WAIT_MS = 50;
/** Between two tries at last. Higher: a database that is back is noticed late; lower: one that refuses is hammered. */
const LAST_WAIT_MS = 2_000;

export function openRecorder(options: RecorderOptions): Recorder {
  let waiting: Answered[] = [];
  /** Refused by an unforeseen error, each alone. */
  let refused: Answered[] = [];
  let writing: Promise<void> | null = null;

  const pause = (tries: number): Promise<void> =>
    options.wait(Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries, 10)));

  const writeAll = async (): Promise<void> => {
    // Answers of one turn of the event loop belong together.
    await Promise.resolve();
    for (let rounds = 0; waiting.length + refused.length > 0;) {
      if (waiting.length > 0) {
        const batch = waiting.slice(0, BATCH);
        waiting = waiting.slice(BATCH);
        await writeBatch(batch, false);
        continue;
      }
      await pause(rounds);
      rounds += 1;
      const again = refused;
      refused = [];
      for (const answered of again) await writeBatch([answered], true);
    }
    writing = null;
  };

  /** Until it is written; what an unforeseen error refuses is divided, so that one answer does not hold up the others. */
  const writeBatch = async (batch: Answered[], before: boolean): Promise<void> => {
    for (let tries = 0; ; tries++) {
      try {
        const repeats = await options.write(batch, before || tries > 0);
        options.onWritten(batch, repeats);
        return;
      } catch (error) {
        if (options.isPassing(error)) {
          await pause(tries);
          continue;
        }
        options.onTrouble(error);
        if (batch.length === 1) {
          refused.push(batch[0]!);
          options.onRefused(batch[0]!);
        } else {
          const half = Math.ceil(batch.length / 2);
          await writeBatch(batch.slice(0, half), true);
          await writeBatch(batch.slice(half), true);
        }
        return;
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
