// One run of the model: its channel, its people, its processes, and the product's ports as each actor has them.
import { createHash } from 'node:crypto';
import { seededRandom } from '../../simulator/random.ts';
import { providerOf } from '../../adapters/channels/providers.ts';
import type { Database } from '../../ports/database.ts';
import { isPassing } from '../../activities/failures.ts';
import type { PlanPorts } from '../../pipelines/broadcast/plan-ports.ts';
import { addChannel, rateOf, readChannel } from '../../pipelines/channels/channel-store.ts';
import type { DeliveryPorts, Lane } from '../../pipelines/delivery/ports.ts';
import { InFlight } from '../../pipelines/delivery/in-flight.ts';
import { ServerClock } from '../../pipelines/limiter/server-clock.ts';
import { suppressionPads } from '../../pipelines/values/address-hash.ts';
import { checkKey } from '../../pipelines/suppressions/suppression-store.ts';
import { inlineListReader } from '../../server/normaliser-threads.ts';
import { TEST_KEY } from '../import-harness.ts';
import { actorDatabase } from './actor-database.ts';
import { DatabaseFaults } from './disturb.ts';
import { FakeProvider } from './fake-provider.ts';
import { Oracle } from './oracle.ts';
import { makePerson, type Person, type Way } from './people.ts';
import type { Prologue } from './prologue.ts';
import type { SharedModel } from './shared.ts';
import type { Actor, Process } from './simulation.ts';
import type { Run } from './runs.ts';
import type { Try } from './temporal.ts';

export type Mode = 'multicast' | 'push' | 'phones' | 'personal phones' | 'members';

export interface Setting {
  /** What is done already when the course begins. */
  prologue: Prologue;
  /** Answers to come from then on. */
  script: string[];
  repeats: string[];
  mode: Mode;
  people: number;
  /** Of ten, how many are contacts already. */
  known: number;
  sliceSize: number;
  chunkSize: number;
  /** Requests a second; 0: no limit. */
  rate: number;
  /** Permits of a worker; 0: by the rate. */
  inFlight: number;
  onUncertain: 'hold' | 'resend';
  onUnclear: 'retry' | 'hold';
  maxAttempts: number;
  /** Seconds. */
  settle: number;
  seed: number;
}

export interface Worker extends Process {
  clock: ServerClock;
  lanes: Map<string, InFlight>;
}

export type Ports = PlanPorts & DeliveryPorts;

const WAYS: Record<Mode, Way> = {
  multicast: 'social_id',
  push: 'social_id',
  phones: 'phone',
  'personal phones': 'phone',
  members: 'member_id',
};
const CHANNEL = 'one';

export class World {
  readonly people: Person[];
  readonly kind: 'line' | 'whatsapp';
  readonly personal: boolean;
  readonly channel = CHANNEL;
  readonly provider: FakeProvider;
  readonly oracle: Oracle;
  readonly runs: Run[] = [];
  readonly tries = new Set<Try>();
  readonly temporal: Process = { name: 'temporal', state: 'alive', woken: [] };
  readonly town: Process = { name: 'people', state: 'alive', woken: [] };
  readonly files = new Map<string, Buffer>();
  /** Who stands on which line of which list. */
  readonly lists = new Map<string, Person[]>();
  readonly wrongs: string[] = [];
  /** Broadcasts that a person has cancelled or given up on, ever. */
  readonly everGivenUp = new Set<string>();
  workers: Worker[];
  readonly faults = new DatabaseFaults();
  /** Something was done that leaves requests without a known end. */
  disturbed = false;
  #born = 0;

  readonly shared: SharedModel;
  readonly setting: Setting;

  constructor(shared: SharedModel, setting: Setting) {
    this.shared = shared;
    this.setting = setting;
    const way = WAYS[setting.mode];
    this.kind = way === 'social_id' ? 'line' : 'whatsapp';
    this.personal = setting.mode === 'push' || setting.mode === 'personal phones';
    this.people = Array.from({ length: setting.people }, (_, n) => makePerson(n, way, n % 10 < setting.known));
    this.#list('/all.csv', this.people);
    this.#list(
      '/half.csv',
      this.people.filter(({ n }) => n % 2 === 0),
    );
    this.workers = [this.#worker(), this.#worker()];
    this.provider = new FakeProvider(shared.sim, (what) => this.wrong(what));
    this.oracle = new Oracle(this);
    shared.sim.random = seededRandom(setting.seed);
    shared.sim.fault = (actor, label) => this.#fault(actor, label);
    shared.sim.onStatement = (...seen) => this.oracle.statement(...seen);
    this.provider.onSend = (sent) => this.oracle.sent(sent);
  }

  get sim() {
    return this.shared.sim;
  }

  wrong(what: string): void {
    this.wrongs.push(`${this.sim.step}: ${what}`);
  }

  /** Channel and people, before anything runs. */
  async open(): Promise<void> {
    await addChannel(this.shared.db, {
      id: CHANNEL,
      kind: this.kind,
      baseUrl: 'http://127.0.0.1:9',
      senderId: 'test',
      secretEnv: 'TEST_TOKEN',
      rates: { '*': this.setting.rate },
      defaultCountry: 'TW',
      timeZone: 'Asia/Taipei',
      enabled: true,
    });
    await checkKey(this.shared.db, TEST_KEY);
    await putIn(
      this.shared.db,
      this.people.filter(({ known }) => known),
    );
  }

  #list(file: string, people: Person[]): void {
    const column = { social_id: 'LINE UID', phone: '手機', member_id: '會員編號' }[WAYS[this.setting.mode]];
    this.lists.set(file, people);
    this.files.set(file, Buffer.from(`${column},name\n${people.map(({ key, n }) => `${key},n${n}`).join('\n')}\n`));
  }

  #worker(): Worker {
    return {
      name: `worker ${(this.#born += 1)}`,
      state: 'alive',
      woken: [],
      clock: new ServerClock(() => this.shared.sim.now),
      lanes: new Map(),
    };
  }

  /** Another one is started in its place. */
  replace(worker: Worker): void {
    this.workers = this.workers.map((one) => (one === worker ? this.#worker() : one));
  }

  #fault(actor: Actor, label: string): ReturnType<SharedModel['sim']['fault']> {
    if (!this.workers.includes(actor.process as Worker)) return null;
    return this.faults.ofStatement(label);
  }

  /** The product's ports, in the hands of an actor. */
  ports(actor: Actor): Ports {
    const db = actorDatabase(this.shared.db, this.sim, actor);
    return {
      db,
      openSpool: async (path) => ({
        read: async (buffer, position) => this.files.get(path)!.copy(buffer, 0, position),
        close: async () => undefined,
      }),
      openListReader: inlineListReader,
      suppressionPads: async () => {
        await checkKey(db, TEST_KEY);
        return suppressionPads(TEST_KEY);
      },
      writeReport: async (name, text) => {
        for await (const _part of text);
        return name;
      },
      matchChunkLines: 5,
      listTransactionBytes: 400,
      listBlockBytes: 200,
      provider: providerOf,
      validateAtProvider: async () => [],
      quotaLeft: async () => null,
      spoolList: async ({ csv }) => {
        const content = this.files.get(csv)!;
        return {
          path: csv,
          lostCharacters: 0,
          bytes: content.length,
          encoding: 'utf-8',
          sha256: createHash('sha256').update(content).digest('hex'),
        };
      },
      isRunning: async (workflowId, runId) =>
        this.runs.some((run) => run.workflowId === workflowId && run.runId === runId && run.state === 'running'),
      lane: (channelId, endpoint) => this.#lane(db, actor.process as Worker, channelId, endpoint),
      isPassing,
      warn: () => undefined,
      random: () => this.sim.random(),
    };
  }

  async #lane(db: Database, worker: Worker, channelId: string, endpoint: string): Promise<Lane> {
    const channel = await readChannel(db, channelId);
    const rate = rateOf(channel, endpoint);
    const fixed = this.setting.inFlight;
    let inFlight = worker.lanes.get(endpoint);
    if (!inFlight) worker.lanes.set(endpoint, (inFlight = new InFlight(rate, fixed, fixed > 0 ? fixed : 64)));
    return {
      channel,
      provider: providerOf(channel.kind),
      account: this.provider.account(this.kind),
      inFlight,
      clock: worker.clock,
    };
  }
}

export async function putIn(db: Database, people: Person[]): Promise<void> {
  await db.query(
    `insert into contacts (channel_id, social_id, phone, phone_raw, member_id, source)
     select '${CHANNEL}', s, p, p, m, 'test' from unnest($1::text[], $2::text[], $3::text[]) as u (s, p, m)
     on conflict do nothing`,
    [people.map((one) => one.socialId), people.map((one) => one.phone), people.map((one) => one.memberId)],
  );
}
