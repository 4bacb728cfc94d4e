// Sends what is left of one slice: take permits, reserve slots, claim exactly the rows about to go out, send, record. Holds
// no truth of its own: whatever moment it is killed at, the ledger says what it had claimed.
import type { SliceResult } from '../../contracts/broadcast.ts';
import type { ProviderAnswer } from '../../ports/provider.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { leaseSlots, type Budget, type Lease } from '../limiter/lease.ts';
import { deliverySql } from './delivery-sql.ts';
import { Alarm } from './alarm.ts';
import { signalChannel, type SignalState } from './channel-signals.ts';
import type { Answered, DeliveryPorts, Lane, Repeat, Sender, SliceJob, Unit } from './ports.ts';
import type { Permits } from './permits.ts';
import { keptAnswers } from './kept-answers.ts';
import { NOT_SENT, UNREADABLE } from './own-answers.ts';
import { openRecorder, type Recorder } from './recorder.ts';
import { openSlotQueue, type SlotQueue } from './slot-queue.ts';
import { landed, noteLatency, PermitWait, returnPermits } from './unit-permits.ts';

/** Units claimed in one statement at most. Lower: round trips dominate at full speed; higher: the first of them wait longer. */
const CLAIM_AT_ONCE = 256;
/** Longer waits are the workflow's: a slot of the worker is worth more than a sleeping activity. */
const LONGEST_WAIT_MS = 10_000;

/**
 * A lease older than this is not trusted any more: a process that stood still may have been given up meanwhile, so it asks again
 * whether what it claimed is still its own. Too low: a busy machine asks twice; too high: a frozen one sends beside its successor.
 */
const LEASE_TRUSTED_MS = 2_000;

/** Between two looks whether a lost database is back. */
const RECOVERY_PAUSE_MS = 200;

type Stop = { stopped: SliceResult['stopped'] | 'superseded'; nextAt: number | null; waitMs: number | null };

const stop = (stopped: Stop['stopped']): Stop => ({ stopped, nextAt: null, waitMs: null });

export class DeliveryRun {
  readonly #job: SliceJob;
  readonly #lane: Lane;
  readonly #ports: DeliveryPorts;
  readonly #sender: Sender;
  readonly #control: StepControl;
  readonly #budget: Budget;
  readonly #signals: SignalState = { troubled: false, probe: null };
  readonly #recorder: Recorder;
  readonly #slots: SlotQueue;
  /** Sent and not yet on record, by id. Each holds a permit. */
  readonly #inFlight = new Map<number, Unit>();
  /** Claimed, without a slot. */
  #ready: Unit[] = [];
  /** Goes out again later; holds no permit. */
  #repeats: { unit: Unit; dueMs: number }[] = [];
  #more = true;
  /** The database was away, and it is not known yet what was claimed meanwhile. */
  #unrecovered = false;
  #sent = 0;
  #broken: Error | null = null;
  readonly #alarm: Alarm;
  readonly #permitWait: PermitWait;

  constructor(job: SliceJob, lane: Lane, ports: DeliveryPorts, sender: Sender, control: StepControl) {
    this.#job = job;
    this.#lane = lane;
    this.#ports = ports;
    this.#sender = sender;
    this.#control = control;
    this.#alarm = new Alarm(control.signal);
    this.#permitWait = new PermitWait(lane.inFlight.permits, control.signal);
    this.#budget = { channel: lane.channel.id, endpoint: job.mode.endpoint, defaultRate: job.mode.defaultRate };
    this.#slots = openSlotQueue(
      lane.clock,
      (unit, slotMs) => this.#start(unit, slotMs),
      (unit) => {
        this.#ready.push(unit);
        this.#alarm.ring();
        this.#permitWait.end();
      },
    );
    const kept = keptAnswers(
      job.broadcastId,
      (text) => ports.warn(text),
      () => lane.clock.local(),
    );
    this.#recorder = openRecorder({
      write: (answers, again) => sender.record(answers, again),
      onWritten: (answers, repeats) => this.#written(answers, repeats),
      isPassing: (error) => ports.isPassing(error),
      onTrouble: (error) => {
        this.#broken ??= error instanceof Error ? error : new Error(String(error));
        this.#alarm.ring();
        this.#permitWait.end();
      },
      onRefused: ({ unit }) => {
        // It waits for the database alone: nobody else is to wait for its permit.
        returnPermits(lane, [unit]);
        kept(this.#broken);
      },
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
  }

  /** Until nothing is left to send now, or something says stop. What it had claimed is settled or given back by then. */
  async run(): Promise<Stop> {
    this.#later(await this.#sender.takeOver(null));
    let ended: Stop;
    try {
      ended = await this.#work();
    } finally {
      await this.#windDown();
    }
    if (this.#broken !== null) throw this.#broken;
    return ended;
  }

  async #work(): Promise<Stop> {
    for (;;) {
      if (this.#control.signal.aborted || this.#broken !== null) return stop('wait');
      if (this.#unrecovered) {
        await this.#recover();
        continue;
      }
      this.#moveDueRepeats();
      if (this.#ready.length === 0 && !this.#more) {
        const ended = await this.#idle();
        if (ended) return ended;
        continue;
      }
      try {
        const ended = await this.#round();
        if (ended) return ended;
      } catch (error) {
        if (!this.#ports.isPassing(error)) throw error;
        await this.#recover();
      }
    }
  }

  /** One lease, and the units that go with it. */
  async #round(): Promise<Stop | null> {
    const holders = () => this.#ready.filter((unit) => unit.permit).length;
    const wanted = this.#more ? CLAIM_AT_ONCE : this.#ready.length - holders();
    const mustWait = holders() === 0;
    const taken = wanted > 0 && (mustWait || this.#permits.available) ? await this.#permitWait.take(wanted) : 0;
    const purse = { permits: taken, askedMs: this.#lane.clock.local() };
    const held = holders();
    try {
      if (held + taken === 0) return null;
      const resolving = this.#ready.length > 0 && this.#ready.every((unit) => unit.unknown);
      const lease = await leaseSlots(
        this.#ports.db,
        this.#budget,
        this.#job,
        held + taken,
        this.#lane.clock,
        resolving,
      );
      if (lease.faults > 0 || lease.held !== null) this.#signals.troubled = true;
      if (lease.control === 'superseded' || (lease.control !== 'run' && !resolving)) return this.#stop(lease.control);
      if (lease.granted > 0) {
        await this.#use(lease, purse);
        return null;
      }
      if (lease.waitMs > LONGEST_WAIT_MS)
        return { stopped: 'wait', nextAt: this.#lane.clock.latest() + lease.waitMs, waitMs: lease.waitMs };
      this.#permits.give(purse.permits);
      purse.permits = 0;
      await this.#alarm.pause(lease.waitMs);
      return null;
    } finally {
      if (purse.permits > 0) this.#permits.give(purse.permits);
    }
  }

  /** Only what may have been taken already goes on; when another run has taken over, that one asks about it. */
  #stop(control: Lease['control']): Stop | null {
    const rest = [...this.#ready, ...this.#slots.clear()];
    this.#ready = control === 'superseded' ? [] : rest.filter((unit) => unit.unknown);
    this.#more = false;
    this.#giveBack(rest.filter((unit) => !this.#ready.includes(unit)));
    // What is repeated later is the slice's next try's: nobody waits for it here.
    return this.#ready.length > 0 ? null : stop(stopOf(control));
  }

  get #permits(): Permits {
    return this.#lane.inFlight.permits;
  }

  /** Goes out again, now or later. */
  #later(repeats: Repeat[]): void {
    for (const { unit, delayMs } of repeats)
      if (delayMs <= 0) this.#ready.push(unit);
      else this.#repeats.push({ unit, dueMs: this.#lane.clock.local() + delayMs });
  }

  /** Fills the granted slots, first with what is claimed already; takes permits out of the purse for what holds none. */
  async #use(lease: Lease, purse: { permits: number; askedMs: number }): Promise<void> {
    this.#ready.sort((a, b) => Number(b.permit) - Number(a.permit));
    let units = this.#ready.splice(0, lease.granted);
    try {
      // Whatever did not go out at once, by a missed slot or a pause, may be a successor's by now.
      for (const unit of units) unit.stale = unit.armed;
      if (units.length > 0) await this.#sender.arm(units);
      // Not ours any more: another try has settled or taken them.
      returnPermits(
        this.#lane,
        units.filter((unit) => !unit.armed || unit.stale),
      );
      units = units.filter((unit) => unit.armed && !unit.stale);
      const missing = units.filter((unit) => !unit.permit).length;
      const room = Math.min(lease.granted - units.length, purse.permits - missing);
      if (room > 0 && this.#more && lease.control === 'run') {
        const claimed = await this.#sender.claim(room);
        this.#more = claimed.more;
        units.push(...claimed.units);
      }
    } catch (error) {
      this.#ready.unshift(...units);
      throw error;
    }
    for (const unit of units) {
      if (unit.permit) continue;
      unit.permit = true;
      purse.permits -= 1;
    }
    if (lease.probe) {
      if (units[0]) this.#signals.probe = units[0].id;
      else await this.#ports.db.query(deliverySql.probe_unused, [this.#budget.channel]);
    }
    if (this.#lane.clock.local() - purse.askedMs > LEASE_TRUSTED_MS || this.#lane.clock.stoodStill()) {
      // This process stood still, or the database did: the slots are gone, and perhaps the claims.
      this.#ready.unshift(...units);
      return;
    }
    units.forEach((unit, index) => {
      // A probe is alone on its channel: if it were held to its slot, a slow moment would cost the next quarter minute.
      if (lease.firstSlot === null || lease.probe) this.#start(unit, lease.firstSlot);
      else this.#slots.add(unit, lease.firstSlot + index * lease.spacingMs);
    });
  }

  #start(unit: Unit, slotMs: number | null): void {
    this.#inFlight.set(unit.id, unit);
    this.#sent += 1;
    void this.#send(unit).then((answer) => {
      landed(this.#lane, unit);
      this.#recorder.push({ unit, answer, slotMs, answeredMs: this.#lane.clock.latest() });
    });
  }

  /** What an account throws, although it must not, may have happened after the request left. */
  async #send(unit: Unit): Promise<ProviderAnswer> {
    try {
      return await this.#lane.account.send(this.#job.mode, unit.request);
    } catch {
      return UNREADABLE;
    }
  }

  #written(answers: Answered[], repeats: Repeat[]): void {
    for (const { unit } of answers) this.#inFlight.delete(unit.id);
    this.#later(repeats);
    noteLatency(this.#lane, answers);
    returnPermits(
      this.#lane,
      answers.map(({ unit }) => unit),
    );
    this.#control.onProgress(this.#sent);
    this.#alarm.ring();
    signalChannel(this.#ports.db, this.#budget, this.#job, answers, this.#signals).catch((error: unknown) => {
      // News for the others, not truth: the next answer brings the same.
      if (!this.#ports.isPassing(error)) this.#broken ??= error instanceof Error ? error : new Error(String(error));
    });
  }

  /** Nothing to claim: waits for answers and repeats, or ends. */
  async #idle(): Promise<Stop | null> {
    if (this.#slots.size > 0 || this.#inFlight.size > 0) {
      await this.#alarm.pause(LONGEST_WAIT_MS);
      return null;
    }
    const due = Math.min(...this.#repeats.map(({ dueMs }) => dueMs));
    const waitMs = due - this.#lane.clock.local();
    // Repeats that are due later are the slice's next try's: they hold nothing else up.
    if (waitMs > LONGEST_WAIT_MS) return stop('done');
    await this.#alarm.pause(waitMs);
    return null;
  }

  #moveDueRepeats(): void {
    const now = this.#lane.clock.local();
    this.#ready.push(...this.#repeats.filter(({ dueMs }) => dueMs <= now).map(({ unit }) => unit));
    this.#repeats = this.#repeats.filter(({ dueMs }) => dueMs > now);
  }

  /** After the database was away: a claim whose commit got lost is undone, or its chunks are taken into the hand. */
  async #recover(): Promise<void> {
    this.#unrecovered = true;
    await this.#alarm.pause(RECOVERY_PAUSE_MS);
    this.#ready.push(...this.#slots.clear());
    const mine = [
      ...this.#inFlight.keys(),
      ...this.#ready.map(({ id }) => id),
      ...this.#repeats.map(({ unit }) => unit.id),
    ];
    try {
      this.#later(await this.#sender.takeOver(mine));
      this.#sender.rewind();
      this.#more = true;
      this.#unrecovered = false;
    } catch (error) {
      if (!this.#ports.isPassing(error)) throw error;
    }
  }

  /** Claimed and certainly not sent. What is not armed has no attempt on record to give back. */
  #giveBack(units: Unit[]): void {
    returnPermits(
      this.#lane,
      units.filter((unit) => !unit.armed),
    );
    for (const unit of units)
      if (unit.armed)
        this.#recorder.push({ unit, answer: NOT_SENT, slotMs: null, answeredMs: this.#lane.clock.latest() });
  }

  /**
   * Everything that was started is answered and on record, whatever error the database gives meanwhile; everything else is given
   * back. No permit is kept.
   */
  async #windDown(): Promise<void> {
    this.#giveBack([...this.#ready, ...this.#slots.clear()]);
    this.#ready = [];
    while (this.#inFlight.size > 0) await this.#alarm.pause(LONGEST_WAIT_MS);
    await this.#recorder.drained();
  }
}

function stopOf(control: Lease['control']): Stop['stopped'] {
  if (control === 'superseded') return 'superseded';
  if (control === 'pause') return 'paused';
  return control === 'fail' ? 'failed' : 'cancelled';
}
