// The database as one actor of a simulation has it: each statement waits for its turn, may fail, and may never be heard of again.
import type { Database, Transaction, TransactionOptions } from '../../ports/database.ts';
import { audienceSql } from '../../pipelines/audience/audience-sql.ts';
import { broadcastSql } from '../../pipelines/broadcast/broadcast-sql.ts';
import { planSql } from '../../pipelines/broadcast/plan-sql.ts';
import { deliverySql } from '../../pipelines/delivery/delivery-sql.ts';
import { frequencySql } from '../../pipelines/frequency/frequency-sql.ts';
import { importSql } from '../../pipelines/import/import-sql.ts';
import { lakeSql } from '../../pipelines/lake/lake-sql.ts';
import { tagsSql } from '../../pipelines/tags/tags-sql.ts';
import type { Actor, Simulation } from './simulation.ts';

const NAMES = new Map(
  [audienceSql, planSql, broadcastSql, deliverySql, importSql, tagsSql, lakeSql, frequencySql].flatMap((statements) =>
    Object.entries(statements).map(([name, text]) => [plain(text), name] as const),
  ),
);

/** Without what an import puts into its statements: its number, a column. */
function plain(text: string): string {
  return text.replace(/\{\{\w+\}\}|"\w+"/g, '').slice(0, 400);
}

const nameOf = (text: string): string => NAMES.get(plain(text)) ?? text.trim().slice(0, 60).replace(/\s+/g, ' ');

export function actorDatabase(real: Database, sim: Simulation, actor: Actor): Database {
  return {
    query: (text, values = [], prepareAs) =>
      sim.statement(actor, nameOf(text), values, () => real.query(text, values, prepareAs)),
    transaction: (work, options) => transaction(real, sim, actor, work, options),
    get kysely(): never {
      throw new Error('the model has no use for it');
    },
    end: async () => undefined,
  };
}

const NOTHING = { rows: [], rowCount: 0 };

async function transaction<T>(
  real: Database,
  sim: Simulation,
  actor: Actor,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  // Real time does not count here; a simulation ends transactions that stand still by itself.
  const { timeoutMs: _real, ...rest } = options;
  let outer: Promise<void> = Promise.resolve();
  let commit: () => void = () => undefined;
  let rollBack: (why: unknown) => void = () => undefined;
  const end = new Promise<void>((resolve, reject) => {
    commit = resolve;
    rollBack = reject;
  });
  end.catch(() => undefined);
  let opened: Transaction | null = null;
  let committing = false;
  const own = { open: false };
  return sim.transactions.run(own, async () => {
    try {
      await sim.statement(actor, 'begin', [], async () => {
        await new Promise<void>((begun, failed) => {
          outer = real.transaction(async (tx) => {
            opened = tx;
            own.open = true;
            begun();
            await end;
          }, rest);
          outer.catch(failed);
        });
        return NOTHING;
      });
      const result = await work(wrapped(opened!, sim, actor));
      await sim.statement(actor, 'commit', [], async () => {
        committing = true;
        commit();
        await outer;
        return NOTHING;
      });
      return result;
    } catch (error) {
      if (!committing && opened !== null) {
        rollBack(error);
        await sim.outside(() => outer.catch(() => undefined));
      }
      if (sim.gone(actor)) return await new Promise<T>(() => undefined);
      throw error;
    } finally {
      own.open = false;
    }
  });
}

function wrapped(tx: Transaction, sim: Simulation, actor: Actor): Transaction {
  return {
    query: (text, values = [], prepareAs) =>
      sim.statement(actor, nameOf(text), values, () => tx.query(text, values, prepareAs)),
    copyIn: async (text, chunks) => {
      // What they are made of may be waiting for turns of its own.
      const all: Uint8Array[] = [];
      for await (const chunk of chunks) all.push(chunk);
      await sim.deed(actor, 'copy', () => tx.copyIn(text, all));
    },
    copyOut: (text, into) => sim.deed(actor, 'copy out', () => tx.copyOut(text, into)),
  };
}
