// What Sluice promises of imports, erasures and answers, looked at while a course runs. Knows the log by plain SQL only.
import type { ImportResult } from '../../../contracts/import.ts';
import type { TagImportResult } from '../../../contracts/tag-import.ts';
import type { FrequencyResult } from '../../../contracts/tag-frequency.ts';
import { wholeResult } from '../../../pipelines/frequency/result-place.ts';
import { instantUs } from '../../../pipelines/frequency/windows.ts';
import { plainFrequency } from '../../frequency-harness.ts';
import { tagsByLog, tagsNow } from '../../tag-harness.ts';
import type { Actor } from '../simulation.ts';
import type { ContactFile, Person, TagFile } from './people.ts';
import { contactOf, ResultReader } from './read-results.ts';
import type { Run } from './runs.ts';
import type { Shop } from './shop.ts';

interface Erasure {
  person: Person;
  contactId: string;
  step: number;
  /** Numbers up to this one were given when it was committed. */
  number: bigint;
}

interface PublishedRow extends Record<string, unknown> {
  id: string;
  channel_id: string;
  window_name: string;
  from: Date;
  to: Date;
  known_us: string;
  folder: string;
  checksum: string;
  erased_through: string;
}

export class Promises {
  readonly erasures: Erasure[] = [];
  /** Every question that was answered, once. */
  readonly answers: FrequencyResult[] = [];
  readonly ended: { run: Run; file: ContactFile | TagFile; result: ImportResult | TagImportResult }[] = [];
  /** Imports whose events people have taken back, or tried to. */
  readonly retracted = new Set<string>();
  retractedAnything = false;
  /** Somebody has damaged files: what cannot be read may be forgotten. */
  damaged = false;
  readonly #shop: Shop;
  readonly #reader: ResultReader;
  #due: (() => Promise<void>)[] = [];
  /** Of each import, the step at which its first run began. */
  readonly #began = new Map<string, number>();
  #published = false;
  /** Rows there were. */
  #known = new Set<string>();
  /** Rows that were found right, and what they said then. */
  #right = new Map<string, string>();

  constructor(shop: Shop) {
    this.#shop = shop;
    this.#reader = new ResultReader(shop);
  }

  statement(actor: Actor, label: string): void {
    const { facts } = actor;
    if (label === 'published') facts['asked'] = this.#shop.sim.step;
    if (label !== 'commit') return;
    if (facts['contactId'] !== undefined) {
      const erasure = {
        person: facts['erases'] as Person,
        contactId: facts['contactId'] as string,
        step: this.#shop.sim.step,
        number: 0n,
      };
      this.erasures.push(erasure);
      erasure.person.erased = erasure.step;
      this.#due.unshift(async () => {
        const { rows } = await this.#shop.shared.admin.query<{ last: string }>(
          'select coalesce(max(id), 0) as last from tag_erasures',
        );
        erasure.number = BigInt(rows[0]!.last);
      });
    }
    if (/^(publish|refresh) /.test(String(facts['name']) + ' ')) this.#published = true;
  }

  retracting(importId: string): void {
    this.retracted.add(importId);
    this.retractedAnything = true;
  }

  /** Nobody who was erased before the question was looked up is in an answer that was given again. */
  recognised(actor: Actor, result: FrequencyResult): void {
    const asked = Number(actor.facts['asked']);
    this.#due.push(async () => {
      const late = new Set(this.erasures.filter(({ step }) => step >= asked).map(({ contactId }) => contactId));
      for (const window of result.windows) {
        const what = `the recognised answer ${window.folder}`;
        if ((await wholeResult(this.#shop.plain(), window.folder)) === null) {
          this.#shop.wrong(`${what} is not whole`);
          continue;
        }
        const { from, to, folder } = window;
        const span = { from, to, knownAtUs: String(instantUs(result.knownAt)), channel: result.channel };
        await this.#compare(what, folder, span, late);
      }
    });
  }

  answered(result: FrequencyResult): void {
    const key = ({ asOf, knownAt, channel, windows }: FrequencyResult) =>
      [asOf, knownAt, channel, ...windows.map(({ window }) => window)].join();
    if (!this.answers.some((one) => key(one) === key(result))) this.answers.push(result);
  }

  /** Whoever was erased before a refresh began is in nothing that is published when it has ended. */
  refreshed(run: Run): void {
    const before = this.erasures.filter(({ step }) => step < run.since).map(({ contactId }) => contactId);
    this.#due.push(async () => {
      const { rows } = await this.#shop.shared.admin.query<{ folder: string }>('select folder from tag_frequencies');
      for (const { folder } of rows) {
        if ((await wholeResult(this.#shop.plain(), folder)) === null) continue;
        const held = (await this.#reader.lines(folder)).map(contactOf).filter((id) => before.includes(id));
        if (held.length > 0)
          this.#shop.wrong(`after ${run.actor.name} (refresh), ${folder} holds erased ${held.join()}`);
      }
    });
  }

  /** A run has an import in its hands, new or taken over. */
  began(run: Run, importId: string): void {
    if (!this.#began.has(importId)) this.#began.set(importId, run.since);
  }

  imported(run: Run, file: ContactFile | TagFile, result: ImportResult | TagImportResult): void {
    this.ended.push({ run, file, result });
    this.#due.push(() => this.#balanced(run, file, result));
  }

  /** Looks at what is due; called after each thing that happens. */
  async look(): Promise<void> {
    while (this.#due.length > 0) await this.#due.shift()!();
    if (!this.#published) return;
    this.#published = false;
    await this.published('now');
  }

  /** All that is published says what the log says; `end`: by now without anybody, and without anything damaged. */
  async published(when: 'now' | 'end'): Promise<void> {
    const { rows } = await this.#shop.shared.admin.query<PublishedRow>(
      `select id, channel_id, window_name, window_from as from, window_to as to, epoch_us(known_at) as known_us, folder,
         checksum::text as checksum, erased_through from tag_frequencies order by id`,
    );
    const lost = [...this.#known].filter((id) => !rows.some((row) => row.id === id));
    if (lost.length > 0 && !this.damaged) this.#shop.wrong(`published results were lost: ${lost.join()}`);
    this.#known = new Set(rows.map(({ id }) => id));
    for (const row of rows) {
      const manifest = await wholeResult(this.#shop.plain(), row.folder);
      const what = `the result ${row.folder}`;
      if (manifest === null || manifest.checksum !== row.checksum) {
        // What is damaged stays so until somebody asks for it, or somebody in it is erased.
        if (when === 'end' && !this.damaged)
          this.#shop.wrong(`${what} is ${manifest === null ? 'damaged' : 'another than its row says'}`);
        continue;
      }
      const said = JSON.stringify([row, manifest, this.erasures.length, when]);
      if (this.#right.get(row.id) === said) continue;
      const newer = this.erasures.filter(({ number }) => number > BigInt(row.erased_through));
      const late = new Set(when === 'end' ? [] : newer.map(({ contactId }) => contactId));
      const channel = row.channel_id === '*' ? null : row.channel_id;
      const span = { from: row.from.toISOString(), to: row.to.toISOString(), knownAtUs: row.known_us, channel };
      const checksum = await this.#compare(what, row.folder, span, late);
      if (late.size === 0 && checksum !== row.checksum) this.#shop.wrong(`${what} has another checksum than its rows`);
      this.#right.set(row.id, said);
    }
  }

  /** Rows of a result against the log; `late`: contacts whose rows may still be there. Gives the log's checksum. */
  async #compare(
    what: string,
    folder: string,
    span: Parameters<typeof plainFrequency>[1],
    late: Set<string>,
  ): Promise<string> {
    const plain = await plainFrequency(this.#shop.shared.admin, span);
    const held = (await this.#reader.lines(folder)).filter((line) => !late.has(contactOf(line)));
    const tooMany = held.filter((line) => !plain.lines.includes(line));
    const missing = plain.lines.filter((line) => !held.includes(line));
    if (tooMany.length + missing.length > 0)
      this.#shop.wrong(`${what}: should not hold ${tooMany.join('; ') || '-'}; lacks ${missing.join('; ') || '-'}`);
    return plain.checksum;
  }

  async #balanced(run: Run, file: ContactFile | TagFile, result: ImportResult | TagImportResult): Promise<void> {
    const { importId, lines, skipped, outcomes } = result;
    const what = `${run.actor.name}, import ${importId} of ${file.name}`;
    const sum = Object.values(outcomes).reduce((total, count) => total + count, 0);
    const records = file.text.trimEnd().split('\n').length;
    if (sum !== lines || lines + skipped.blank + skipped.preamble + skipped.header + skipped.footer !== records)
      this.#shop.wrong(`${what}: ${records} records, ${lines} lines, ${sum} outcomes`);
    const { rows } = await this.#shop.shared.admin.query<{
      line: string;
      outcome: string;
      contact_id: string;
      social_id: string | null;
    }>(
      `select l.line, l.outcome, l.contact_id, c.social_id from import_lines l left join contacts c on c.id = l.contact_id
       where import_id = $1 order by l.line`,
      [importId],
    );
    if (rows.length !== lines) this.#shop.wrong(`${what}: ${lines} lines, ${rows.length} on record`);
    if (file.kind === 'tags' || result.dryRun) return;
    const erased = new Set(this.erasures.map(({ contactId }) => contactId));
    for (const { line, outcome, contact_id: id, social_id: found } of rows) {
      const person = file.people[Number(line) - 2];
      if (!person || !['create', 'update', 'unchanged'].includes(outcome)) continue;
      if (found === null && !erased.has(id)) this.#shop.wrong(`${what}: line ${line} is ${outcome} of nobody`);
      // Of an import that was taken over, lines may have been applied before.
      if (person.erased !== null && person.erased < Math.min(run.since, this.#began.get(importId) ?? run.since))
        this.#shop.wrong(`${what}: line ${line} is ${outcome}, of somebody erased before it began`);
    }
  }

  /** What holds at every moment. */
  async invariants(): Promise<void> {
    const { admin } = this.#shop.shared;
    const gone = this.#shop.people.filter(({ erased }) => erased !== null).map(({ socialId }) => socialId);
    const { rows: back } = await admin.query<{ id: string; social_id: string }>(
      'select id, social_id from contacts where social_id = any ($1::text[])',
      [gone],
    );
    for (const { id } of back) this.#shop.wrong(`somebody who was erased is contact ${id}`);
    const [now, log] = [await tagsNow(admin), await tagsByLog(admin)];
    if (now.join() !== log.join())
      this.#shop.wrong(
        `tags now are not what the log says: ${now.filter((one) => !log.includes(one)).join('; ') || '-'} against ${log.filter((one) => !now.includes(one)).join('; ') || '-'}`,
      );
    const { rows: nobody } = await admin.query<{ id: string }>(
      `select contact_id as id from tag_events where contact_id not in (select id from contacts)
       union select contact_id from contact_tags where contact_id not in (select id from contacts)`,
    );
    if (nobody.length > 0) this.#shop.wrong(`tags of nobody: ${nobody.map(({ id }) => id).join()}`);
  }
}
