// Does what a command of the model says, in the shop of a course.
import { readdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { seededRandom } from '../../../simulator/random.ts';
import type { Database } from '../../../ports/database.ts';
import { eraseContact } from '../../../pipelines/contacts/erase.ts';
import { PipelineError } from '../../../contracts/pipeline-error.ts';
import { retractEvents, retractImport, writeEvent } from '../../../pipelines/tags/write-events.ts';
import { TEST_KEY } from '../../import-harness.ts';
import { actorDatabase } from '../actor-database.ts';
import { at, HORIZON_MS, lose, stop, terminate, victim } from '../disturb.ts';
import type { Actor, Process } from '../simulation.ts';
import { WINDOWS, type Command } from './commands.ts';
import { startRun, type Wanted } from './runs.ts';
import { BEGINNING } from './shared.ts';
import type { Shop } from './shop.ts';

const DAY = 86_400_000;

/** One thing happens; what is promised is looked at when it has. */
export async function next(shop: Shop, horizonMs: number, first: Actor | Process | null = null): Promise<boolean> {
  const went = await shop.sim.next(horizonMs, first);
  await shop.promises.look();
  // Less makes nobody's files old.
  if (shop.unnoted > 60_000) await shop.noteTime();
  return went;
}

export async function perform(shop: Shop, what: Command): Promise<void> {
  const { sim } = shop;
  switch (what.do) {
    case 'import': {
      const file = at(shop.files, what.file)!;
      const rest = { dryRun: what.dryRun, again: what.again };
      startRun(shop, file.kind === 'contacts' ? { import: file, tags: what.tags, ...rest } : { import: file, ...rest });
      return;
    }
    case 'ask':
      startRun(shop, question(shop, what));
      return;
    case 'refresh':
      startRun(shop, { refresh: what.anew ? 'anew' : 'changed' });
      return;
    case 'erase': {
      if (what.before !== null) await about(shop, what.which, what.before);
      await onContact(shop, { do: 'erase', which: what.which });
      // Who is erased at a moment is gone before anybody else does anything.
      for (let n = 0; n < 30 && what.before !== null; n++) if (!(await next(shop, HORIZON_MS, shop.town))) return;
      return;
    }
    case 'tag':
      return onContact(shop, what);
    case 'retract event':
      shop.promises.retractedAnything = true;
      people(shop, 'retract event', async (db) => {
        const { rows } = await db.query<{ id: string }>('select id from tag_events order by id');
        const one = at(rows, what.which * 7);
        if (one) await retractEvents(db, [one.id]);
      });
      return;
    case 'retract import': {
      const { rows } = await shop.shared.admin.query<{ id: string }>('select id from imports order by id');
      const one = at(rows, what.which);
      if (!one) return;
      shop.promises.retracting(one.id);
      people(shop, 'retract import', (db) => retractImport(db, one.id, undefined, 2));
      return;
    }
    case 'steps':
      sim.random = seededRandom(what.salt);
      for (let n = 0; n < what.n; n++) if (!(await next(shop, HORIZON_MS))) return;
      return;
    case 'kill':
    case 'freeze':
      return stop(
        shop,
        what,
        () => about(shop, what.which, what.before),
        (worker) => shop.replace(worker),
      );
    case 'wake': {
      const frozen = at(
        shop.workers.filter(({ state }) => state === 'frozen'),
        what.which,
      );
      if (!frozen) return;
      await shop.pass(3_000);
      sim.wake(frozen);
      for (let n = 0; n < what.first; n++) if (!(await next(shop, HORIZON_MS, frozen))) return;
      return;
    }
    case 'lose':
      return lose(shop, what.which);
    case 'terminate':
      terminate(shop, what.which);
      return;
    case 'failover':
    case 'unforeseen':
      return shop.faults.begin(what);
    case 'damage':
      return damage(shop, what.which);
    case 'time':
      return shop.pass(what.ms);
  }
}

function question(shop: Shop, what: Extract<Command, { do: 'ask' }>): Wanted {
  const formats = what.csv ? (['parquet', 'csv'] as const) : (['parquet'] as const);
  const before = what.like === null ? undefined : at(shop.promises.answers, what.like);
  if (before) {
    const { asOf, knownAt, channel, windows } = before;
    const names = windows.map(({ window }) => window);
    return {
      frequency: { asOf, knownAt, channel, windows: names, formats: [...formats], fanOut: what.parts },
      asOfMs: 0,
    };
  }
  const now = BEGINNING.getTime() + shop.sim.now;
  return {
    frequency: {
      windows: WINDOWS[what.windows]!,
      channel: what.channel ? 'line' : null,
      formats: [...formats],
      fanOut: what.parts,
    },
    asOfMs: now - what.daysAgo * DAY,
  };
}

/** Something people do by hand, as everything else in turns. What is refused changes nothing. */
export function people(
  shop: Shop,
  name: string,
  work: (db: Database) => Promise<unknown>,
  facts: Record<string, unknown> = {},
): void {
  const { sim } = shop;
  const actor = sim.actor(`people, ${name}`, shop.town);
  actor.facts = facts;
  sim
    .spawn(actor, () => work(actorDatabase(shop.shared.db, sim, actor)))
    .catch((error: unknown) => {
      if (error instanceof PipelineError && REFUSED.includes(error.code)) return;
      shop.wrong(`${actor.name}: ${String((error as Error).stack)}`);
    });
}

const REFUSED = ['contact_unknown', 'event_unknown', 'import_running', 'import_unknown'];

async function onContact(
  shop: Shop,
  what: Pick<Extract<Command, { do: 'erase' }>, 'do' | 'which'> | Extract<Command, { do: 'tag' }>,
): Promise<void> {
  const person = at(shop.people, what.which)!;
  const find = async (db: Database) => {
    const { rows } = await db.query<{ id: string }>('select id from contacts where social_id = $1', [person.socialId]);
    return rows[0]?.id;
  };
  if (what.do === 'erase') {
    const facts: Record<string, unknown> & { contactId?: string } = { erases: person };
    people(
      shop,
      `erase ${person.n}`,
      async (db) => {
        const id = await find(db);
        if (id === undefined) return;
        facts.contactId = id;
        await eraseContact(db, TEST_KEY, id, false);
      },
      facts,
    );
    return;
  }
  const daysAgo = what.daysAgo;
  const instant = daysAgo === null ? null : new Date(BEGINNING.getTime() - daysAgo * DAY - 30_000).toISOString();
  people(shop, `tag ${person.n}`, async (db) => {
    const id = await find(db);
    if (id === undefined) return;
    await writeEvent(db, {
      contactId: id,
      kind: what.on ? 'applied' : 'removed',
      tag: ['vip', 'single'][what.tag]!,
      at: instant,
      source: 'manual',
      messageId: null,
    });
  });
}

/** The worker that is about to do `before`, once one is; else any. */
function about(shop: Shop, which: number, before: string | null): Promise<Process> {
  return victim(shop, which, before, 100, () => next(shop, HORIZON_MS));
}

/** A published file loses its second half. Files of work, and of the lake, are watched by their writers' fingerprints as well. */
async function damage(shop: Shop, which: number): Promise<void> {
  const root = path.join(shop.folder, 'frequency');
  const names = await readdir(root, { recursive: true }).catch(() => []);
  const one = at(
    names.filter((name) => /frequency(-\d+)?\.(parquet|csv)$/.test(name) && !/(^|\/)\./.test(name)).sort(),
    which,
  );
  if (one === undefined) return;
  // In its place, since the same file may have a second name among those of work. A link to a folder is seen under two names.
  const file = await realpath(path.join(root, one));
  shop.promises.damaged = true;
  const content = await readFile(file);
  await writeFile(`${file}.cut`, content.subarray(0, content.length / 2));
  await rename(`${file}.cut`, file);
}
