// What must hold between any two commands: the ledger against itself, against what people were promised, and against the provider.
import type { Fate } from '../../contracts/broadcast.ts';
import { emptyFates } from '../../contracts/broadcast.ts';
import { readStatus } from '../../pipelines/broadcast/status.ts';
import type { Sent } from './fake-provider.ts';
import { explains, type Person } from './people.ts';
import type { World } from './world.ts';

interface LedgerRow extends Record<string, unknown> {
  broadcast_id: string;
  ordinal: number;
  fate: Fate;
  code: string | null;
  delivery: string;
  address: string | null;
  contact_id: string | null;
  line: string;
  list: string;
}

interface Transition extends Record<string, unknown> {
  id: string;
  broadcast_id: string;
  ordinal: number;
  was: Fate;
  became: Fate;
  code: string | null;
}

/** design.md §7, as it is written there. */
const TRANSITIONS: Record<Fate, Fate[]> = {
  planned: ['claimed', 'suppressed', 'cancelled', 'rejected'],
  claimed: ['accepted', 'rejected', 'planned', 'uncertain'],
  uncertain: ['accepted', 'rejected', 'planned'],
  rejected: ['planned'],
  cancelled: ['planned'],
  accepted: [],
  suppressed: [],
};

const EARLIEST_EXPIRY_MS = 23 * 3_600_000;

export class Invariants {
  #seen = 0;
  /** Recipients that a person, or --on-uncertain resend, has put back although they may have been reached. */
  readonly #reopened = new Map<string, number>();
  readonly #persons = new Map<string, Person>();
  readonly #knownAt = new Map<string, number>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async check(): Promise<void> {
    const { admin } = this.#world.shared;
    const { rows } = await admin.query<LedgerRow>(
      `select l.broadcast_id, l.ordinal, l.fate, l.code, l.delivery, r.address, r.contact_id, r.line, b.source_path as list
       from broadcasts b join broadcast_ledger l on l.broadcast_id = b.id
       join broadcast_recipients r on r.broadcast_id = b.id and r.ordinal = l.ordinal
       where b.digest is not null order by 1, 2`,
    );
    for (const row of rows) this.#learn(row);
    await this.#transitions();
    await this.#conservation(rows);
    this.#truth(rows);
    await this.#contacts();
    await this.#records(rows);
    this.#permits();
  }

  #learn(row: LedgerRow): void {
    const key = keyOf(row);
    if (this.#persons.has(key)) return;
    const person = this.#world.lists.get(row.list)?.[Number(row.line) - 2];
    if (!person) throw new Error(`the model does not know line ${row.line} of ${row.list}`);
    this.#persons.set(key, person);
    this.#knownAt.set(key, this.#world.sim.step);
  }

  async #transitions(): Promise<void> {
    const { rows } = await this.#world.shared.admin.query<Transition>(
      'select * from model_transitions where id > $1 order by id',
      [this.#seen],
    );
    for (const row of rows) {
      this.#seen = Number(row.id);
      const key = keyOf(row);
      if (!TRANSITIONS[row.was].includes(row.became)) this.#wrong(`${key} went from ${row.was} to ${row.became}`);
      if (row.was === 'uncertain' && row.became === 'planned')
        this.#reopened.set(key, (this.#reopened.get(key) ?? 0) + 1);
      if (row.code === 'worker_lost' && row.became === 'uncertain' && !this.#world.disturbed)
        this.#wrong(`${key} is uncertain as of a lost worker, and none was lost`);
      if (row.became === 'uncertain' && row.was === 'claimed' && this.#world.kind === 'line') this.#lineUncertain(row);
    }
  }

  /** LINE can always be asked again, within a day. */
  #lineUncertain({ broadcast_id: id, ordinal }: Transition): void {
    const { oracle, provider, sim } = this.#world;
    if (oracle.givenUp.has(id) || this.#world.everGivenUp.has(id)) return;
    const person = this.#persons.get(`${id}/${ordinal}`);
    const sent = provider.sent.filter(
      (one) => one.broadcastId === id && one.addresses.some((address) => oracle.personAt(address) === person),
    );
    const first = Math.min(...sent.map(({ unit }) => oracle.firstSent.get(unit) ?? Infinity));
    if (sent.length > 0 && sim.now - first < EARLIEST_EXPIRY_MS)
      this.#wrong(`${id}/${ordinal} is uncertain, although LINE still knows its retry key`);
  }

  async #conservation(rows: LedgerRow[]): Promise<void> {
    const { admin } = this.#world.shared;
    const { rows: broadcasts } = await admin.query<{
      id: string;
      recipients: number;
      control: string;
      attempt: number;
    }>('select id, recipients, control, attempt from broadcasts where digest is not null order by id');
    for (const { id, recipients, control, attempt } of broadcasts) {
      const own = rows.filter((row) => row.broadcast_id === id);
      if (own.length !== recipients) this.#wrong(`${id} has ${recipients} recipients and ${own.length} rows`);
      if (control === 'fail' && !this.#world.oracle.hopeless.has(id))
        this.#wrong(`${id} was stopped, and no answer said that it is hopeless`);
      if (attempt === 0) continue;
      const status = await readStatus(admin, id);
      const fates = emptyFates();
      for (const { fate } of own) fates[fate] += 1;
      if (JSON.stringify(status.fates) !== JSON.stringify(fates))
        this.#wrong(`${id} shows ${JSON.stringify(status.fates)} and has ${JSON.stringify(fates)}`);
      const sent = own.filter(({ delivery }) => delivery === 'sent').length;
      if (status.delivery.sent !== sent) this.#wrong(`${id} shows ${status.delivery.sent} sent and has ${sent}`);
    }
  }

  /**
   * Each message that reached a recipient is accounted for: by its fate now, by a person's decision to send once more although it
   * may have been taken, or by an unclear refusal. Nobody counts as accepted who was not reached.
   */
  #truth(rows: LedgerRow[]): void {
    const { provider, oracle, setting } = this.#world;
    const unclear = new Map<string, number>();
    for (const { taken, means, broadcastId, addresses } of provider.sent)
      if (taken && means === 'unclear' && setting.onUnclear === 'retry')
        for (const address of addresses) {
          const key = `${broadcastId}/${oracle.personAt(address)?.n}`;
          unclear.set(key, (unclear.get(key) ?? 0) + 1);
        }
    for (const row of rows) {
      const person = this.#persons.get(keyOf(row))!;
      const key = `${row.broadcast_id}/${person.n}`;
      const reached = oracle.reached.get(key) ?? 0;
      const open = ['accepted', 'uncertain', 'claimed'].includes(row.fate) ? 1 : 0;
      const explained = open + (this.#reopened.get(keyOf(row)) ?? 0) + (unclear.get(key) ?? 0);
      if (reached > explained)
        this.#wrong(
          `${keyOf(row)} (${row.fate} ${row.code}) was reached ${reached} times, of which ${explained} are accounted for`,
        );
      if (row.fate === 'accepted' && reached === 0) this.#wrong(`${keyOf(row)} is accepted and was not reached`);
      if (row.fate === 'suppressed' && !explains(row.code, person))
        this.#wrong(`${keyOf(row)} is suppressed (${row.code}), and nobody wanted that`);
    }
  }

  async #contacts(): Promise<void> {
    const { admin } = this.#world.shared;
    const { rows } = await admin.query<{ id: string; social_id: string; source: string }>(
      'select id, social_id, source from contacts',
    );
    const made = new Map(this.#world.oracle.made.map(({ id, since }) => [id, since]));
    for (const { id, social_id, source } of rows) {
      const person = this.#world.oracle.personAt(social_id);
      if (!person) this.#wrong(`a contact nobody knows: ${social_id}`);
      else if (person.erased !== null && person.again === null)
        this.#wrong(`person ${person.n} was erased and is a contact`);
      else if (source === 'csv_broadcast' && person.suppressed !== null && person.suppressed < (made.get(id) ?? 0))
        this.#wrong(`person ${person.n} was suppressed at ${person.suppressed} and then made a contact`);
    }
    const { rows: kept } = await admin.query<LedgerRow>(
      'select broadcast_id, ordinal, address, contact_id from broadcast_recipients where address is not null',
    );
    for (const row of kept) {
      const person = this.#world.oracle.personAt(row.address!);
      if (!person || person.erased === null) continue;
      const before = (this.#knownAt.get(keyOf(row)) ?? Infinity) < person.erased;
      if (before || (row.contact_id !== null && person.again === null))
        this.#wrong(`${keyOf(row)} keeps the address of person ${person.n}, who was erased at ${person.erased}`);
    }
  }

  /** What a try has heard is on record when it has ended, unless its process died. */
  async #records(rows: LedgerRow[]): Promise<void> {
    const { provider, sim, kind } = this.#world;
    const heard = provider.sent.filter(({ heard: told, actor }) => told && actor.settled && !sim.gone(actor));
    if (heard.length === 0) return;
    const { rows: written } = await this.#world.shared.admin.query<{ unit: string; n: number }>(
      kind === 'line'
        ? `select c.retry_key::text as unit, count(*)::integer as n from broadcast_attempts a
           join broadcast_chunks c on c.id = a.unit group by 1`
        : `select a.broadcast_id || '/' || a.unit || '.' || a.attempt as unit, count(*)::integer as n from broadcast_attempts a
           group by 1`,
    );
    const recorded = new Map(written.map(({ unit, n }) => [unit, n]));
    this.#acceptances(rows, heard);
    const wanted = new Map<string, number>();
    for (const { unit, broadcastId } of heard) {
      const key = kind === 'line' ? unit : `${broadcastId}/${unit}`;
      wanted.set(key, (wanted.get(key) ?? 0) + 1);
    }
    for (const [unit, n] of wanted)
      if ((recorded.get(unit) ?? 0) < n)
        this.#wrong(`${n} answers to ${unit} were heard, ${recorded.get(unit) ?? 0} are on record`);
  }

  /** What a provider has said to be accepted is accepted, unless somebody has put it back since. */
  #acceptances(rows: LedgerRow[], heard: Sent[]): void {
    const fates = new Map(rows.map((row) => [`${row.broadcast_id}/${this.#persons.get(keyOf(row))!.n}`, row]));
    for (const { means, broadcastId, addresses } of heard.filter((one) => one.means === 'accepted'))
      for (const address of addresses) {
        const row = fates.get(`${broadcastId}/${this.#world.oracle.personAt(address)?.n}`);
        if (row && row.fate !== 'accepted' && !this.#reopened.has(keyOf(row)))
          this.#wrong(`${keyOf(row)} is ${row.fate}, and its answer was ${means}`);
      }
  }

  #permits(): void {
    const { workers, tries, setting } = this.#world;
    for (const worker of workers) {
      if ([...tries].some(({ actor }) => actor.process === worker)) continue;
      for (const [endpoint, { permits }] of worker.lanes) {
        const connections = setting.inFlight > 0 ? setting.inFlight : 64;
        const all = setting.rate === 0 ? Math.min(permits.limit, connections) : permits.limit;
        if (permits.free !== all)
          this.#wrong(`${worker.name} has ${permits.free} of ${all} permits of ${endpoint}, and no try`);
      }
    }
  }

  #wrong(what: string): void {
    this.#world.wrong(what);
  }
}

function keyOf({ broadcast_id, ordinal }: { broadcast_id: string; ordinal: number }): string {
  return `${broadcast_id}/${ordinal}`;
}
