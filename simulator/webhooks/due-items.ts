// Things to do later, many of them cheaply: one list for each twentieth of a second, one timer at most.

/** Items of one step fall due together. Lower wakes the process more often; higher makes reports lumpy. */
const STEP_MS = 50;

export class DueItems<Item> {
  readonly #nowUs: () => number;
  readonly #due: (items: Item[]) => void;
  readonly #steps = new Map<number, Item[]>();
  #timer: NodeJS.Timeout | null = null;

  /** `due` gets what has fallen due since the last time, in order of its time. */
  constructor(nowUs: () => number, due: (items: Item[]) => void) {
    this.#nowUs = nowUs;
    this.#due = due;
  }

  get waiting(): number {
    let count = 0;
    for (const items of this.#steps.values()) count += items.length;
    return count;
  }

  put(item: Item, delayMs: number): void {
    const step = Math.ceil((this.#nowUs() / 1000 + delayMs) / STEP_MS);
    const items = this.#steps.get(step);
    if (items) items.push(item);
    else this.#steps.set(step, [item]);
    // Reports to come keep no process alive that is told to stop.
    this.#timer ??= setInterval(() => this.#look(), STEP_MS).unref();
  }

  clear(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#steps.clear();
  }

  #look(): void {
    const now = this.#nowUs() / 1000 / STEP_MS;
    const found: Item[] = [];
    for (const step of [...this.#steps.keys()].filter((key) => key <= now).sort((a, b) => a - b)) {
      for (const item of this.#steps.get(step)!) found.push(item);
      this.#steps.delete(step);
    }
    if (this.#steps.size === 0) this.clear();
    if (found.length > 0) this.#due(found);
  }
}
