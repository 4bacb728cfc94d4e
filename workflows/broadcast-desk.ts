// Where people's wishes about a running broadcast arrive: the handlers of its updates and signals, and what they have asked
// for so far. Wishes take effect in the ledger; workers look there.
import {
  ApplicationFailure,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { BroadcastRef } from '../contracts/broadcast.ts';
import {
  approveSignal,
  approveUpdate,
  cancelSignal,
  cancelUpdate,
  giveUpSignal,
  giveUpUpdate,
  pauseSignal,
  pauseUpdate,
  resumeSignal,
  resumeUpdate,
  setRateSignal,
  setRateUpdate,
  wakeSignal,
  type ControlAnswer,
  type RateChange,
} from './broadcast-messages.ts';
import { short } from './proxies.ts';
import { BroadcastId, RowsTotal, Stage } from './search-attributes.ts';

/** Events, and updates, after which a run hands over to the next. Temporal takes 51,200 of the one and 2,000 of the other. */
const EVENTS = 3_000;
const UPDATES = 1_500;

interface DeskOptions {
  events?: number | null;
  started?: (BroadcastRef & { channel: string }) | null;
  earlier?: boolean;
}

export class BroadcastDesk {
  approved = false;
  cancelled = false;
  /** Somebody wants a look at once. */
  woken = false;
  /** Events after which a run hands over, as a test gave them; null: as usual. */
  readonly events: number | null;
  #updates = 0;
  #stage = 'planning';
  #target: { ref: BroadcastRef; child: string } | null = null;
  #ended = false;
  /** A pause or resume that came before the start. */
  #early: 'pause' | 'run' = 'run';

  /** As setRate was understood then: 0 was no limit. */
  readonly #earlier: boolean;

  /**
   * `started`: the broadcast that an earlier run of the chain has opened. `earlier`: of a run from before runs were bounded, whose
   * wishes take the course they took then.
   */
  constructor({ events = null, started = null, earlier = false }: DeskOptions = {}) {
    this.events = events;
    this.#earlier = earlier;
    // Wishes that came while the run before handed over are dispatched as soon as their handlers are set.
    if (started !== null) this.#aim(started);
    const running = () => this.#refuseWhenEnded();
    setHandler(wakeSignal, () => void (this.woken = true), {
      description: 'Look at once whether anything has changed.',
    });
    setHandler(approveUpdate, () => this.#approve(), {
      description: 'Lets a planned broadcast go out.',
      validator: running,
    });
    setHandler(pauseUpdate, () => this.#control('pause'), {
      description: 'Stops sending within a moment; answers when nothing is under way any more.',
      validator: running,
    });
    setHandler(resumeUpdate, () => this.#control('run'), { description: 'Goes on sending.', validator: running });
    setHandler(cancelUpdate, () => this.#cancel(), {
      description: 'Ends the broadcast; what was not sent is recorded as cancelled.',
      validator: running,
    });
    setHandler(giveUpUpdate, () => this.#giveUp(), {
      description: 'Stops asking about requests nobody knows the end of: their recipients become uncertain.',
      validator: running,
    });
    setHandler(setRateUpdate, (change) => this.#setRate(change), {
      description: 'Caps this broadcast below the rate of its channel: {"perSecond": 40}. null lifts the cap.',
      validator: (change: RateChange | undefined) => {
        running();
        checkRate(change, earlier);
      },
    });
    const twin = 'The same as the update, for the Temporal UI.';
    setHandler(approveSignal, () => this.#quietly(() => this.#approve()), { description: twin });
    setHandler(pauseSignal, () => this.#quietly(() => this.#control('pause')), { description: twin });
    setHandler(resumeSignal, () => this.#quietly(() => this.#control('run')), { description: twin });
    setHandler(cancelSignal, () => this.#quietly(() => this.#cancel()), { description: twin });
    setHandler(giveUpSignal, () => this.#quietly(() => this.#giveUp()), { description: twin });
    setHandler(setRateSignal, (change) => this.#quietly(() => this.#setRate(change)), { description: twin });
  }

  /** The run's history is long enough: the next run goes on. */
  full(): boolean {
    return workflowInfo().historyLength > (this.events ?? EVENTS) || this.#updates > UPDATES;
  }

  silence(): void {
    this.woken = false;
  }

  /**
   * The broadcast is under way from here on; what was asked for before takes effect now. `carried`: an earlier run of the chain
   * has opened it, and the ledger knows what people want.
   */
  async open(started: BroadcastRef & { channel: string }, carried = false): Promise<void> {
    this.#aim(started);
    this.#stage = 'running';
    if (carried) return;
    if (this.cancelled)
      await short.setControl({ broadcastId: started.broadcastId, attempt: started.attempt }, 'cancel');
    else if (this.#early === 'pause') await this.#control('pause');
  }

  #aim({ broadcastId, attempt, channel }: BroadcastRef & { channel: string }): void {
    const child = this.#earlier ? channel : `${channel}/${attempt}`;
    this.#target = { ref: { broadcastId, attempt }, child: `${workflowInfo().workflowId}/${child}` };
  }

  close(): void {
    this.#ended = true;
  }

  /** `plan`: also names the broadcast in the search attributes. */
  show(stage: string, words: string, plan?: { broadcastId: string; recipients: number }): void {
    this.#stage = stage;
    setCurrentDetails(`**${stage}** ${words}`);
    upsertSearchAttributes([
      { key: Stage, value: stage },
      ...(plan === undefined
        ? []
        : [
            { key: BroadcastId, value: plan.broadcastId },
            { key: RowsTotal, value: plan.recipients },
          ]),
    ]);
  }

  async #approve(): Promise<ControlAnswer> {
    this.#updates += 1;
    this.approved = true;
    return this.#answer(0);
  }

  async #control(control: 'run' | 'pause'): Promise<ControlAnswer> {
    this.#updates += 1;
    this.#early = control;
    if (!this.#target || this.cancelled) return this.#answer(0);
    // Recorded answers of older workers say nothing.
    const state = (await short.setControl(this.#target.ref, control)) as string | undefined;
    this.#stage = state ?? (control === 'pause' ? 'paused' : 'running');
    await this.#wake();
    return this.#answer(control === 'pause' ? await short.drained(this.#target.ref) : 0);
  }

  async #cancel(): Promise<ControlAnswer> {
    this.#updates += 1;
    this.cancelled = true;
    this.#stage = 'cancelled';
    if (!this.#target) return this.#answer(0);
    await short.setControl(this.#target.ref, 'cancel');
    await this.#wake();
    return this.#answer(await short.drained(this.#target.ref));
  }

  async #giveUp(): Promise<ControlAnswer> {
    this.#updates += 1;
    if (!this.#target) return this.#answer(0);
    await short.giveUp(this.#target.ref);
    this.woken = true;
    await this.#wake();
    return this.#answer(await short.drained(this.#target.ref));
  }

  async #setRate(change: RateChange): Promise<ControlAnswer> {
    this.#updates += 1;
    checkRate(change, this.#earlier);
    if (!this.#target)
      throw ApplicationFailure.nonRetryable(
        'The broadcast has not started. Its cap is set when it runs; the channel\'s own rate with "sluice channels set".',
      );
    await short.setRate(this.#target.ref.broadcastId, change.perSecond);
    return this.#answer(0);
  }

  /** A delivery that sleeps, because it is paused or its channel is held up, looks again. */
  async #wake(): Promise<void> {
    const child = getExternalWorkflowHandle(this.#target!.child);
    // It may not have begun, or have ended already: then there is nothing to wake.
    await child.signal(wakeSignal).catch(() => undefined);
  }

  #refuseWhenEnded(): void {
    if (this.#ended) throw ApplicationFailure.nonRetryable('The broadcast has ended.', 'broadcast_ended');
  }

  /** A signal has nobody to complain to. */
  async #quietly(work: () => Promise<unknown>): Promise<void> {
    if (this.#ended) return;
    await work().catch(() => undefined);
  }

  #answer(underWay: number): ControlAnswer {
    return { broadcastId: this.#target?.ref.broadcastId ?? null, state: this.#stage, underWay };
  }
}

function checkRate(change: RateChange | undefined, earlier: boolean): void {
  const perSecond = change?.perSecond;
  if (perSecond === null) return;
  if (typeof perSecond === 'number' && Number.isFinite(perSecond) && perSecond > 0) return;
  if (earlier && perSecond === 0) return;
  throw ApplicationFailure.nonRetryable(
    'Give {"perSecond": N}: requests a second at most for this broadcast, above 0; null lifts the cap.',
    'rate_invalid',
  );
}
