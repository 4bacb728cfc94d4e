// Keeps one service running: starts it, knows when it answers, starts it again when it dies, stops it when told.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError, describeError } from '../../contracts/pipeline-error.ts';
import { logTail, startChild, type RunningChild } from './child-process.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { Service } from './service.ts';
import { stopProcess, waitUntil } from './stop-process.ts';

/** First and longest pause before a restart. Longer delays recovery; none would spin on a program that cannot start. */
const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 5_000;
/** A program that lived this long was fine: its next restart is quick again. */
const STEADY_MS = 30_000;
/** Deaths before the first answer until the start is given up: a clash may pass, a wrong setting does not. */
const FIRST_START_TRIES = 3;

export interface SupervisedOptions {
  service: Service;
  logsDir: string;
  say: (text: string) => void;
  /** Called after every change of pid, also to null. */
  onChange: () => void;
}

/** One supervised program, from `start()` to `stop()`. */
export class Supervised {
  readonly #options: SupervisedOptions;
  readonly #stopping = new AbortController();
  #child: RunningChild | null = null;
  #ready = false;
  #loop: Promise<void> = Promise.resolve();
  #failure: Error | null = null;
  #held: Promise<void> = Promise.resolve();

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.service.name;
  }

  get logFile(): string {
    return join(this.#options.logsDir, `${this.name}.log`);
  }

  /** The process that runs now; null between a death and the restart. */
  get identity(): ProcessIdentity | null {
    return this.#child?.identity ?? null;
  }

  /** True while the running process has answered. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Starts it and waits for the first answer. Rejects with what its log says when it dies again and again. */
  async start(): Promise<void> {
    this.#loop = this.#run();
    await this.#loopOr(() => this.#ready);
  }

  /** Waits until the current process answers, at once when it does. Throws `not_ready`. */
  async waitReady(timeoutMs: number): Promise<void> {
    await waitUntil(() => this.#ready || this.#stopping.signal.aborted, timeoutMs);
    if (this.#ready) return;
    throw new PipelineError('not_ready', `${this.name} does not answer after ${Math.round(timeoutMs / 1000)} s.`, {
      retry: 'later',
      hint: `See ${this.logFile}.`,
    });
  }

  /** Kills the process and keeps it down until the function given back is called; then it is started again. */
  hold(): () => void {
    let release: () => void = () => undefined;
    this.#held = new Promise((resolve) => (release = resolve));
    this.#stopping.signal.addEventListener('abort', release, { once: true });
    if (this.#child) process.kill(this.#child.identity.pid, 'SIGKILL');
    return release;
  }

  /** Ends the process and restarts no more. Twice is harmless. Answers when it is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (child && !(await stopProcess(child.identity, this.#options.service.stopPlan))) {
      this.#options.say(`${this.name} (pid ${child.identity.pid}) does not end.`);
      return;
    }
    await this.#loop;
  }

  async #loopOr(condition: () => boolean): Promise<void> {
    let over = false;
    void this.#loop.then(() => (over = true));
    await waitUntil(() => condition() || over, Number.POSITIVE_INFINITY);
    if (condition()) return;
    throw this.#failure ?? new PipelineError('aborted', `${this.name} was stopped before it was ready.`);
  }

  async #run(): Promise<void> {
    const { service, say } = this.#options;
    const stopping = this.#stopping.signal;
    let backoffMs = FIRST_BACKOFF_MS;
    let deaths = 0;
    let everReady = false;
    while (!stopping.aborted) {
      const startedAt = Date.now();
      let why: string;
      let fatal: Error | null = null;
      try {
        const child = await this.#startOnce();
        if (child === null) return;
        const readiness = this.#watchReady(child).catch((error: unknown) => (fatal = asError(error)));
        why = await endOf(child);
        await readiness;
        everReady ||= this.#ready;
        if (!everReady) fatal ??= this.#diedEarly(child, why);
      } catch (error) {
        why = describeError(error);
        fatal = asError(error);
      }
      this.#set(null);
      if (stopping.aborted) return;
      deaths += 1;
      if (!everReady && deaths >= FIRST_START_TRIES) {
        this.#failure = fatal;
        return;
      }
      if (Date.now() - startedAt > STEADY_MS) backoffMs = FIRST_BACKOFF_MS;
      say(`${service.name} died (${why}): starting it again.`);
      await sleep(backoffMs, undefined, { signal: stopping }).catch(() => undefined);
      await this.#held;
      backoffMs = Math.min(backoffMs * 2, LAST_BACKOFF_MS);
    }
  }

  async #startOnce(): Promise<RunningChild | null> {
    const { service } = this.#options;
    const plan = await service.prepare(this.#stopping.signal);
    if (this.#stopping.signal.aborted) return null;
    const child = await startChild(service.name, plan, this.logFile);
    this.#set(child);
    // Told to stop while it was being started: stop() saw no child yet.
    if (this.#stopping.signal.aborted) await stopProcess(child.identity, service.stopPlan);
    return child;
  }

  /** Looks until the process answers. One that hangs is killed, which counts as a death. */
  async #watchReady(child: RunningChild): Promise<void> {
    const { service } = this.#options;
    const signal = AbortSignal.any([child.ended, this.#stopping.signal]);
    const probe = { logFile: this.logFile, logOffset: child.logOffset, signal };
    let answered = false;
    try {
      answered = await waitUntil(() => service.isReady(probe), service.readyTimeoutMs, signal);
    } finally {
      if (!answered && !signal.aborted) await stopProcess(child.identity, service.stopPlan);
    }
    if (answered && !signal.aborted) this.#ready = true;
  }

  #set(child: RunningChild | null): void {
    this.#child = child;
    this.#ready = false;
    this.#options.onChange();
  }

  #diedEarly(child: RunningChild, why: string): PipelineError {
    const tail = logTail(this.logFile, child.logOffset);
    return new PipelineError('child_died', `${this.name} does not start (${why}). Its log ends:\n${tail}`, {
      hint: `The whole log is ${this.logFile}.`,
      details: { child: this.name },
    });
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function endOf(child: RunningChild): Promise<string> {
  const { ended } = child;
  if (ended.aborted) return Promise.resolve(String(ended.reason));
  return new Promise((resolve) => ended.addEventListener('abort', () => resolve(String(ended.reason)), { once: true }));
}
