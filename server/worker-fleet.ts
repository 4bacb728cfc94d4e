// Several SDK workers as one: the first that fails ends the others, and the end waits until all have let go of what they share.
// A worker that was created and never run holds its connection for good, and the process with it: each is run at once.

/** What of an SDK worker the fleet uses. */
export interface FleetWorker {
  /** Polls until it is shut down and has drained; rejects when it cannot go on. */
  run(): Promise<void>;
  /** Throws unless it is running. */
  shutdown(): void;
  getState(): string;
}

/** Workers from their creation to their end. */
export class WorkerFleet {
  readonly #running = new Set<FleetWorker>();
  readonly #ends: Promise<void>[] = [];
  #failure: { error: unknown } | null = null;
  #over = false;

  /**
   * Creates a worker and lets it run. Rejects with what `create` rejects with, which ends no other worker, and when the fleet
   * is over. One that comes after a failure is shut down as soon as it runs.
   */
  start<W extends FleetWorker>(create: () => Promise<W>): Promise<W> {
    if (this.#over) return Promise.reject(new Error('The workers of this process have ended.'));
    const created = create();
    this.#ends.push(
      created.then(
        (worker) => this.#run(worker),
        () => undefined,
      ),
    );
    return created;
  }

  /** Whether none has failed. */
  get healthy(): boolean {
    return this.#failure === null;
  }

  /** Ends all workers; `ended` rejects with the first error given here or met by a worker. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#running.forEach(shutDown);
  }

  /** Waits until no worker runs or is being created. Rejects with the first failure, when all others have drained. */
  async ended(): Promise<void> {
    // More may come while these are waited for.
    for (let end = this.#ends.pop(); end; end = this.#ends.pop()) await end;
    this.#over = true;
    if (this.#failure) throw this.#failure.error;
  }

  async #run(worker: FleetWorker): Promise<void> {
    this.#running.add(worker);
    try {
      const end = worker.run();
      if (this.#failure) shutDown(worker);
      await end;
    } catch (error) {
      this.fail(error);
    } finally {
      this.#running.delete(worker);
    }
  }
}

/** Ends one worker; one that a signal or its own failure has begun to end needs no second word. */
export function shutDown(worker: FleetWorker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}
