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
import type { BroadcastRef } from '../pipelines/contracts/broadcast.ts';
import {
  approveSignal,
  approveUpdate,
  cancelSignal,
  cancelUpdate,
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
import { Stage } from './search-attributes.ts';

export class BroadcastDesk {
  approved = false;
  cancelled = false;
  #stage = 'planning';
  #target: { ref: BroadcastRef; channel: string } | null = null;
  #ended = false;
  /** A pause or resume that came before the start. */
  #early: 'pause' | 'run' = 'run';

  constructor() {
    const running = () => this.#refuseWhenEnded();
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
    setHandler(setRateUpdate, (change) => this.#setRate(change), {
      description: 'Changes the rate of the channel, for all its broadcasts: {"perSecond": 40}. 0: no limit.',
      validator: (change: RateChange | undefined) => {
        running();
        checkRate(change);
      },
    });
    const twin = 'The same as the update, for the Temporal UI.';
    setHandler(approveSignal, () => this.#quietly(() => this.#approve()), { description: twin });
    setHandler(pauseSignal, () => this.#quietly(() => this.#control('pause')), { description: twin });
    setHandler(resumeSignal, () => this.#quietly(() => this.#control('run')), { description: twin });
    setHandler(cancelSignal, () => this.#quietly(() => this.#cancel()), { description: twin });
    setHandler(setRateSignal, (change) => this.#quietly(() => this.#setRate(change)), { description: twin });
  }

  /** The broadcast is under way from here on; what was asked for before takes effect now. */
  async open(started: BroadcastRef & { channel: string }): Promise<void> {
    this.#target = {
      ref: { broadcastId: started.broadcastId, attempt: started.attempt },
      channel: started.channel,
    };
    this.#stage = 'running';
    if (this.cancelled) await short.setControl(this.#target.ref, 'cancel');
    else if (this.#early === 'pause') await this.#control('pause');
  }

  close(): void {
    this.#ended = true;
  }

  show(stage: string, words: string): void {
    this.#stage = stage;
    setCurrentDetails(`**${stage}** ${words}`);
    upsertSearchAttributes([{ key: Stage, value: stage }]);
  }

  async #approve(): Promise<ControlAnswer> {
    this.approved = true;
    return this.#answer(0);
  }

  async #control(control: 'run' | 'pause'): Promise<ControlAnswer> {
    this.#early = control;
    if (!this.#target || this.cancelled) return this.#answer(0);
    await short.setControl(this.#target.ref, control);
    this.#stage = control === 'pause' ? 'paused' : 'running';
    await this.#wake();
    return this.#answer(control === 'pause' ? await short.drained(this.#target.ref) : 0);
  }

  async #cancel(): Promise<ControlAnswer> {
    this.cancelled = true;
    this.#stage = 'cancelled';
    if (!this.#target) return this.#answer(0);
    await short.setControl(this.#target.ref, 'cancel');
    await this.#wake();
    return this.#answer(await short.drained(this.#target.ref));
  }

  async #setRate(change: RateChange): Promise<ControlAnswer> {
    checkRate(change);
    if (!this.#target)
      throw ApplicationFailure.nonRetryable(
        'The broadcast has not started; set the channel\'s rate with "sluice channels set".',
      );
    await short.setRate(this.#target.ref.broadcastId, change.perSecond);
    return this.#answer(0);
  }

  /** A delivery that sleeps, because it is paused or its channel is held up, looks again. */
  async #wake(): Promise<void> {
    const child = getExternalWorkflowHandle(`${workflowInfo().workflowId}/${this.#target!.channel}`);
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

function checkRate(change: RateChange | undefined): void {
  const perSecond = change?.perSecond;
  if (typeof perSecond === 'number' && Number.isFinite(perSecond) && perSecond >= 0) return;
  throw ApplicationFailure.nonRetryable(
    'Give {"perSecond": N}: requests a second, above 0; 0 for no limit.',
    'rate_invalid',
  );
}
