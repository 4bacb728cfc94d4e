// One course of the model: its people and files, its processes, and the product's ports as each actor has them.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ActivityDeps } from '../../../activities/index.ts';
import { seededRandom } from '../../../simulator/random.ts';
import { duckSessions } from '../../../adapters/duckdb/session.ts';
import { folderAt } from '../../../adapters/files/folder.ts';
import type { FrequencyWorld } from '../../../pipelines/frequency/ports.ts';
import type { RegisterSteps } from '../../../pipelines/import/register.ts';
import { checkKey } from '../../../pipelines/suppressions/suppression-store.ts';
import { suppressionPads } from '../../../pipelines/values/address-hash.ts';
import { activityDeps } from '../../../server/activity-deps.ts';
import { loadConfig } from '../../../server/config.ts';
import { inlineNormaliser, inlineTagReader } from '../../../server/normaliser-threads.ts';
import { TEST_KEY } from '../../import-harness.ts';
import { actorDatabase } from '../actor-database.ts';
import { DatabaseFaults } from '../disturb.ts';
import type { Actor, Fault, Process } from '../simulation.ts';
import type { Site, Try } from '../temporal.ts';
import { actorFolder, DuckPlaces } from './actor-folder.ts';
import { makeFiles, makePeople, type ContactFile, type Person, type TagFile } from './people.ts';
import { Promises } from './promises.ts';
import type { Run } from './runs.ts';
import type { SharedLog } from './shared.ts';

export interface Setting {
  people: number;
  /** Of ten, how many are contacts already. */
  known: number;
  sliceLines: number;
  tagSliceLines: number;
  /** Rows of a unit of the lake, above which it is divided. */
  unitRows: number;
  /** What has ended well before the course begins; `racing`: imports of the same people are about to make them. */
  prologue: 'nothing' | 'racing' | 'imported' | 'answered';
  seed: number;
}

export type Ports = ActivityDeps;

/** What times of files may be behind the clock, in real milliseconds: a tick of the kernel. */
const DISK_BEHIND_MS = 5;

export class Shop implements Site<Ports> {
  readonly shared: SharedLog;
  readonly setting: Setting;
  readonly people: Person[];
  readonly files: (ContactFile | TagFile)[];
  readonly runs: Run[] = [];
  readonly tries = new Set<Try>();
  readonly temporal: Process = { name: 'temporal', state: 'alive', woken: [] };
  /** Where people have their command lines. */
  readonly town: Process = { name: 'people', state: 'alive', woken: [] };
  readonly wrongs: string[] = [];
  readonly promises: Promises;
  workers: Process[];
  readonly faults = new DatabaseFaults();
  folder = '';
  ducks!: DuckPlaces;
  #base!: ActivityDeps;
  #born = 0;
  /** Real instants, and the simulation's from then on. */
  #times: [real: number, virtual: number][] = [[0, 0]];

  constructor(shared: SharedLog, setting: Setting) {
    this.shared = shared;
    this.setting = setting;
    const random = seededRandom(setting.seed);
    this.people = makePeople(setting.people);
    this.files = makeFiles(this.people, random);
    this.workers = [this.#worker(), this.#worker()];
    this.promises = new Promises(this);
    shared.sim.random = random;
    shared.sim.fault = (actor, label) => this.#fault(actor, label);
    shared.sim.onStatement = (actor, label) => this.promises.statement(actor, label);
  }

  get sim() {
    return this.shared.sim;
  }

  wrong(what: string): void {
    this.wrongs.push(`${this.sim.step}: ${what}`);
  }

  /** Folder, files, and whoever is a contact before anything runs. */
  async open(): Promise<void> {
    this.folder = await mkdtemp(path.join(tmpdir(), 'sluice-model-'));
    const config = loadConfig({
      env: { SLUICE_SUPPRESSION_KEY: TEST_KEY },
      overrides: { dataDir: this.folder },
    });
    const temporal = { workflow: {} } as unknown as Parameters<typeof activityDeps>[2];
    this.#base = activityDeps(config, this.shared.db, temporal);
    const duck = { memoryMiB: 256, threads: 1, tempFolder: path.join(this.folder, 'tmp') };
    this.ducks = new DuckPlaces(this.sim, () => duckSessions(duck));
    for (const { name, text } of this.files) await writeFile(path.join(this.folder, name), text);
    await this.shared.db.query(
      `insert into contacts (channel_id, social_id, source) select 'line', s, 'test' from unnest($1::text[]) as s`,
      [this.people.filter(({ n }) => n % 10 < this.setting.known).map(({ socialId }) => socialId)],
    );
  }

  async close(): Promise<void> {
    await this.ducks.closeOf(null);
    await rm(this.folder, { recursive: true, force: true });
  }

  #worker(): Process {
    return { name: `worker ${(this.#born += 1)}`, state: 'alive', woken: [] };
  }

  /** Another one is started in its place. */
  async replace(worker: Process): Promise<void> {
    this.workers = this.workers.map((one) => (one === worker ? this.#worker() : one));
    await this.ducks.closeOf(worker);
  }

  /** Time that passes at once. */
  async pass(ms: number): Promise<void> {
    await this.sim.pass(ms);
    await this.noteTime();
  }

  /** What is written from now on was written now, as the simulation has it. Told apart by the disk's clock, which is a little behind. */
  async noteTime(): Promise<void> {
    const before = this.#times.at(-1)!;
    if (before[1] === this.sim.now) return;
    this.#times.push([Date.now() + DISK_BEHIND_MS, this.sim.now]);
    await new Promise((resolve) => setTimeout(resolve, 3 * DISK_BEHIND_MS));
  }

  /** Milliseconds of the simulation since a time was noted. */
  get unnoted(): number {
    return this.sim.now - this.#times.at(-1)![1];
  }

  #age(writtenAt: number): number {
    const [, virtual] = this.#times.findLast(([real]) => real <= writtenAt)!;
    return this.sim.now - virtual;
  }

  #fault(actor: Actor, label: string): Fault | null {
    if (!this.workers.includes(actor.process)) return null;
    const ofFiles = /^(file|duck) /.test(label);
    return ofFiles ? this.faults.ofFile() : this.faults.ofStatement(label);
  }

  runLives(runId: string): boolean {
    return this.runs.some((run) => run.runId === runId && run.state === 'running');
  }

  /** The product's ports, in the hands of an actor. */
  ports(actor: Actor): Ports {
    const { sim } = this;
    const db = actorDatabase(this.shared.db, sim, actor);
    const base = this.#base;
    const isRunning = async (_workflowId: string, runId: string) => this.runLives(runId);
    // Small, and read at once: whoever dies leaves no file open.
    const openSpool: Ports['openSpool'] = async (file) => {
      const content = await sim.outside(() => readFile(file));
      return {
        read: async (buffer, position) => content.copy(buffer, 0, position),
        close: async () => undefined,
      };
    };
    /** Its looks at the file are no steps of the simulation. */
    const outside = <P>(real: RegisterSteps<P>): RegisterSteps<P> => ({
      spool: () => sim.outside(() => real.spool()),
      inspect: (...what) => sim.outside(() => real.inspect(...what)),
      isRunning,
    });
    return {
      ...base,
      registerSteps: (...given) => outside(base.registerSteps(...given)),
      tagRegisterSteps: (...given) => outside(base.tagRegisterSteps(...given)),
      db,
      isRunning,
      openSpool,
      sliceLines: this.setting.sliceLines,
      tagSliceLines: this.setting.tagSliceLines,
      stageTransactionBytes: 400,
      stageBlockBytes: 200,
      openNormaliser: inlineNormaliser,
      openTagReader: inlineTagReader,
      suppressionPads: async () => {
        await checkKey(db, TEST_KEY);
        return suppressionPads(TEST_KEY);
      },
      writeReport: async (name, text) => {
        for await (const _part of text);
        return name;
      },
      frequency: this.#frequency(actor),
    };
  }

  #frequency(actor: Actor): FrequencyWorld {
    const folder = (name: string) =>
      actorFolder(folderAt(path.join(this.folder, name)), name, this.sim, actor, (at) => this.#age(at));
    return {
      ...this.#base.frequency,
      ...this.settings(),
      db: actorDatabase(this.shared.db, this.sim, actor),
      lakeFolder: folder('lake'),
      resultFolder: folder('frequency'),
      reportFolder: folder('reports'),
      withDuck: this.ducks.of(actor),
      runLives: async (runId) => this.runLives(runId),
    };
  }

  settings(): Pick<FrequencyWorld, 'timeZone' | 'graceSeconds' | 'division'> {
    return {
      timeZone: 'Asia/Taipei',
      graceSeconds: 3_600,
      division: { unitRows: this.setting.unitRows, countedRows: 4 * this.setting.unitRows },
    };
  }

  /** The same, in nobody's hands: for questions of the model. */
  plain(): FrequencyWorld {
    const folder = (name: string) => folderAt(path.join(this.folder, name));
    return {
      ...this.#base.frequency,
      ...this.settings(),
      db: this.shared.admin,
      lakeFolder: folder('lake'),
      resultFolder: folder('frequency'),
      reportFolder: folder('reports'),
    };
  }
}
