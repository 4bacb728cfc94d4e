// What must hold at every instant, by the model's own knowledge: who may be claimed, who may send, who may still change what.
import type { StartRequest } from '../../pipelines/broadcast/start.ts';
import type { Started } from '../../contracts/broadcast-input.ts';
import type { Sent } from './fake-provider.ts';
import { forbiddenSince, type Person } from './people.ts';
import type { Run } from './runs.ts';
import type { Actor } from './simulation.ts';
import type { World } from './world.ts';

/** Statements that change nothing any more once another try of the slice, or another broadcast attempt, has begun. */
const FENCED = new Set([
  'begin_slice',
  'abandon_claims',
  'give_back_unsent',
  'claim_singles',
  'pick_members',
  'take_chunks',
  'repeat_chunk',
  'confirm_chunks',
  'confirm_claims',
  'resend_uncertain',
  'finish_slice',
  'suppress_unbound',
  'create_contacts',
  'bind_contacts',
  'cancel_planned',
  'close_slices',
  'reopen_recipients',
  'reopen_slices',
  'uncount_slices',
  'show_settling',
]);

/** A successor may have come meanwhile: what waited longer is asked about again before it goes. */
const OLDEST_PERMIT_MS = 2_500;

interface Permit {
  step: number;
  until: number;
}

type Row = Record<string, unknown>;

export class Oracle {
  /** By broadcast and slice. */
  readonly #epochs = new Map<string, number>();
  readonly attempts = new Map<string, number>();
  /** What people want, and since when. */
  readonly controls = new Map<string, { control: string; step: number }>();
  readonly givenUp = new Map<string, number>();
  /** Ended broadcasts by digest. */
  readonly ended = new Map<string, string>();
  /** When an actor was last permitted to send a unit. */
  readonly #permits = new Map<Actor, Map<string, Permit>>();
  readonly #keyOfChunk = new Map<string, string>();
  readonly #byAddress = new Map<string, Person>();
  /** How often each person was reached, and claimed, by broadcast. */
  readonly reached = new Map<string, number>();
  readonly #claimed = new Set<string>();
  readonly #byOrdinal = new Map<string, Person>();
  /** Contacts made by starts, and the step at which their transaction began. */
  readonly made: { id: string; since: number }[] = [];
  readonly hopeless = new Set<string>();
  readonly firstSent = new Map<string, number>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    for (const person of world.people)
      for (const address of [person.socialId, person.phone, person.key])
        if (address !== null) this.#byAddress.set(address, person);
  }

  personAt(address: string): Person | undefined {
    return this.#byAddress.get(address);
  }

  /** A statement was done. */
  statement(actor: Actor, label: string, values: readonly unknown[], rows: unknown[], rowCount: number): void {
    const { step } = this.#world.sim;
    const found = rows as Row[];
    const { facts } = actor;
    if (label === 'begin') facts['begun'] = step;
    if (FENCED.has(label) && rowCount > 0 && this.#overtaken(actor, label, found))
      this.#world.wrong(`${actor.name} was overtaken, and ${label} still had an effect`);
    switch (label) {
      case 'begin_slice':
        if (!found[0]) return;
        facts['slice key'] = `${text(values[0])}/${text(values[1])}`;
        facts['epoch'] = found[0]['epoch'];
        this.#epochs.set(text(facts['slice key']), Number(found[0]['epoch']));
        return;
      case 'take_over':
        facts['taking'] = { id: text(values[0]), attempt: Number(found[0]?.['attempt']) };
        return;
      case 'commit':
        this.#committed(actor);
        return;
      case 'lease_slots':
        facts['lease'] = step;
        facts['ahead'] = slotsAhead(found[0]);
        return;
      case 'stop_broadcast':
        if (rowCount > 0) this.controls.set(text(values[0]), { control: 'fail', step });
        return;
      case 'claim_singles':
      case 'pick_members':
        this.#claims(actor, text(values[0]), found, label === 'claim_singles');
        return;
      case 'seal_chunks':
        for (const row of found) {
          this.#keyOfChunk.set(text(row['id']), text(row['retry_key']));
          this.#permit(actor, text(row['retry_key']));
        }
        return;
      case 'repeat_chunk':
      case 'confirm_chunks':
        for (const row of found) this.#permit(actor, this.#keyOfChunk.get(text(row['id'])) ?? '');
        return;
      case 'confirm_claims': {
        const ordinals = values[3] as number[];
        const attempts = values[4] as number[];
        for (const row of found) {
          const at = ordinals.indexOf(Number(row['ordinal']));
          this.#permit(actor, `${text(values[0])}/${ordinals[at]}.${attempts[at]}`);
        }
        return;
      }
      case 'opt_out':
        for (const ordinal of values[1] as number[]) {
          const person = this.#byOrdinal.get(`${text(values[0])}/${ordinal}`);
          if (rowCount > 0 && person && (person.erased === null || person.again !== null)) person.unsubscribed ??= step;
        }
        return;
      case 'create_contacts':
        for (const row of found) this.made.push({ id: text(row['id']), since: Number(facts['begun']) });
        return;
      default:
    }
  }

  #permit(actor: Actor, unit: string): void {
    const until = this.#world.sim.now + OLDEST_PERMIT_MS + Number(actor.facts['ahead'] ?? 0);
    const own = this.#permits.get(actor) ?? new Map<string, Permit>();
    this.#permits.set(actor, own.set(unit, { step: this.#world.sim.step, until }));
  }

  #overtaken(actor: Actor, label: string, rows: Row[]): boolean {
    const { facts } = actor;
    const id = text(facts['broadcastId']);
    if (facts['attempt'] !== undefined && (this.attempts.get(id) ?? 0) > Number(facts['attempt'])) return true;
    if (facts['slice key'] === undefined || label === 'begin_slice') return false;
    return (this.#epochs.get(text(facts['slice key'])) ?? 0) > Number(facts['epoch']) && rows.length >= 0;
  }

  #committed(actor: Actor): void {
    const taking = actor.facts['taking'] as { id: string; attempt: number } | undefined;
    if (!taking) return;
    delete actor.facts['taking'];
    this.attempts.set(taking.id, taking.attempt);
    this.controls.set(taking.id, { control: 'run', step: this.#world.sim.step });
    this.givenUp.delete(taking.id);
    for (const [key, epoch] of this.#epochs)
      if (key.startsWith(`${taking.id}/`) && epoch > 0) this.#epochs.set(key, epoch + 1);
  }

  #claims(actor: Actor, id: string, rows: Row[], single: boolean): void {
    const free = rows.filter((row) => row['obstacle'] === null);
    if (free.length === 0) return;
    const control = this.controls.get(id);
    if (control && control.control !== 'run' && Number(actor.facts['lease']) > control.step)
      this.#world.wrong(`${actor.name} claims after ${control.control} of step ${control.step}`);
    for (const row of free) {
      const person = this.#byAddress.get(text(row['address']));
      if (!person) {
        this.#world.wrong(`a claim of nobody we know: ${text(row['address'])}`);
        continue;
      }
      const since = forbiddenSince(person);
      if (since !== null)
        this.#world.wrong(`person ${person.n} is claimed, and must not be written to since step ${since}`);
      this.#byOrdinal.set(`${id}/${text(row['ordinal'])}`, person);
      this.#claimed.add(`${id}/${person.n}`);
      if (single) this.#permit(actor, `${id}/${text(row['ordinal'])}.${text(row['attempts'])}`);
    }
  }

  /** A request has left. */
  sent(sent: Sent): void {
    const { broadcastId: id, actor } = sent;
    const line = this.#world.kind === 'line';
    const permit = this.#permits.get(actor)?.get(line ? sent.unit : `${id}/${sent.unit}`);
    if (!permit) this.#world.wrong(`${actor.name} sends ${sent.unit} without a permit of its own`);
    else if (sent.at > permit.until)
      this.#world.wrong(
        `${actor.name} sends ${sent.unit} ${Math.round(sent.at - permit.until)} ms after its permit has run out`,
      );
    else if (actor.process.woken.some((step) => step >= permit.step) && this.#overtaken(actor, 'send', []))
      this.#world.wrong(`${actor.name} was woken and sends what its successor owns`);
    const earlier = this.#world.provider.sent.filter(
      (one) => one !== sent && one.unit === sent.unit && one.broadcastId === id,
    );
    if (!line && earlier.length > 0) this.#world.wrong(`attempt ${sent.unit} goes out twice`);
    const givenUp = this.givenUp.get(id);
    if (
      givenUp !== undefined &&
      permit &&
      permit.step > givenUp &&
      earlier.some(({ means, heard }) => !heard || means === 'unknown')
    )
      this.#world.wrong(`${sent.unit} is repeated after it was given up`);
    const { rate } = this.#world.setting;
    const second = this.#world.provider.sent.filter((one) => one.at > sent.at - 1_000);
    if (rate > 0 && second.length > rate) this.#world.wrong(`${second.length} requests in a second, of ${rate}`);
    if (sent.hopeless) this.hopeless.add(id);
    if (earlier.length === 0) this.firstSent.set(sent.unit, sent.at);
    for (const address of sent.addresses) {
      const person = this.#byAddress.get(address);
      if (!person) this.#world.wrong(`a request to nobody we know: ${address}`);
      if (!person || !sent.taken) continue;
      const key = `${id}/${person.n}`;
      if (!this.#claimed.has(key)) this.#world.wrong(`person ${person.n} is reached, and no claim was seen`);
      this.reached.set(key, (this.reached.get(key) ?? 0) + 1);
    }
  }

  /** A run has been told what it has started. */
  started(run: Run, request: StartRequest, started: Started): void {
    const { broadcastId: id, attempt, runningIn } = started;
    const holder = this.#world.runs.find(
      (other) => other.started?.broadcastId === id && other.state === 'running' && other !== run,
    );
    if (holder && runningIn === null && this.attempts.get(id) === holder.started!.attempt + 1)
      this.#world.wrong(`${run.actor.name} took broadcast ${id} from ${holder.actor.name}, which runs`);
    if (runningIn !== null) return;
    if (attempt < 1) this.#world.wrong(`broadcast ${id} is started as attempt ${attempt}`);
    if (this.attempts.get(id) !== attempt) this.#world.wrong(`attempt ${attempt} of ${id} was never taken`);
    for (const other of this.#world.runs)
      if (other !== run && other.started?.broadcastId === id && other.started.attempt >= attempt)
        this.#world.wrong(`attempt ${attempt} of ${id} is in two hands`);
    // A later attempt goes on with what was started once, by --again perhaps.
    if (attempt > 1 || ('again' in request && request.again)) return;
    const digests = new Map(this.#world.runs.flatMap(({ plan }) => (plan ? [[plan.broadcastId, plan.digest]] : [])));
    const digest = digests.get(id);
    for (const other of this.#world.runs) {
      const earlier = other.started?.broadcastId;
      if (earlier !== undefined && earlier !== id && digest !== undefined && digests.get(earlier) === digest)
        this.#world.wrong(`what was sent as broadcast ${earlier} is sent a second time, as ${id}`);
    }
  }
}

/** Milliseconds until the last slot of a lease. */
function slotsAhead(lease: Row | undefined): number {
  if (typeof lease?.['first_slot'] !== 'number') return 0;
  return lease['first_slot'] + Number(lease['granted']) * Number(lease['spacing_ms']) - Number(lease['now_ms']);
}

function text(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'bigint'
      ? String(value)
      : '';
}
