// Runs several services in order, keeps the runtime file true, and stops them in reverse order. Knows none by name.
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { ChildIdentity } from './runtime-file.ts';
import type { Service } from './service.ts';
import { Supervised } from './supervised.ts';

export interface SupervisorOptions {
  logsDir: string;
  say: (text: string) => void;
  /** Called whenever a child came or went, with all that run now. */
  onChange: (children: Record<string, ChildIdentity>) => void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #services: { supervised: Supervised; marker: string }[] = [];
  #stopped: Promise<void> | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts a service after those started before and waits until it answers. Throws what kept it from starting. */
  async start(service: Service): Promise<void> {
    if (this.#stopped)
      throw new PipelineError('aborted', `The stack is being stopped: ${service.name} is not started.`);
    const { logsDir, say } = this.#options;
    const supervised = new Supervised({
      service,
      logsDir,
      say,
      onChange: () => this.#options.onChange(this.#children()),
    });
    this.#services.push({ supervised, marker: service.marker });
    await supervised.start();
  }

  /** The pid that runs under this name now, or null. Throws `no_such_child` for a name that was never started. */
  pidOf(name: string): number | null {
    return this.#find(name).identity?.pid ?? null;
  }

  /** Sends a signal to the process under this name; true when there was one. The supervisor starts it again if it dies. */
  kill(name: string, signal: NodeJS.Signals): boolean {
    const pid = this.pidOf(name);
    if (pid === null) return false;
    try {
      return process.kill(pid, signal);
    } catch (error) {
      // It died by itself between the look and the signal; its end has not been reported yet.
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
      throw error;
    }
  }

  /** Kills the process under this name and keeps it down until the function given back is called. */
  hold(name: string): () => void {
    return this.#find(name).hold();
  }

  /** Waits until the process under this name answers. Throws `not_ready` after the time, given in milliseconds. */
  async waitReady(name: string, timeoutMs: number): Promise<void> {
    await this.#find(name).waitReady(timeoutMs);
  }

  /** Stops all, last started first. Every call gets the same end. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    for (const { supervised } of [...this.#services].reverse()) await supervised.stop();
  }

  #find(name: string): Supervised {
    const found = this.#services.find(({ supervised }) => supervised.name === name);
    if (found) return found.supervised;
    const names = this.#services.map(({ supervised }) => supervised.name).join(', ');
    throw new PipelineError('no_such_child', `No child is named ${name}; there are: ${names}.`);
  }

  #children(): Record<string, ChildIdentity> {
    const running = this.#services.flatMap(({ supervised, marker }) =>
      supervised.identity ? [[supervised.name, { ...supervised.identity, marker }] as const] : [],
    );
    return Object.fromEntries(running);
  }
}
