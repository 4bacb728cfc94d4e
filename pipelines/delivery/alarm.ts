// Waiting that ends early: when something has happened, or the step is to stop.

export class Alarm {
  readonly #signal: AbortSignal;
  #wake: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Something has happened: whoever pauses goes on. */
  ring(): void {
    this.#wake();
  }

  /** Until it rings, the step is to stop, or the time is over. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', done);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, Math.max(1, ms));
      this.#wake = done;
      this.#signal.addEventListener('abort', done, { once: true });
    });
  }
}
