// The database as one actor of a simulation has it: each statement waits for its turn, may fail, and may never be heard of again.
import type { Database, Transaction, TransactionOptions } from '../../adapters/postgres/database.ts';
import { audienceSql } from '../../pipelines/audience/audience-sql.ts';
import { broadcastSql } from '../../pipelines/broadcast/broadcast-sql.ts';
import { planSql } from '../../pipelines/broadcast/plan-sql.ts';
import { deliverySql } from '../../pipelines/delivery/delivery-sql.ts';
import type { Actor, Simulation } from './simulation.ts';

const NAMES = new Map(
  [audienceSql, planSql, broadcastSql, deliverySql].flatMap((statements) =>
    Object.entries(statements).map(([name, text]) => [text, name] as const),
  ),
);

const nameOf = (text: string): string => NAMES.get(text) ?? text.trim().slice(0, 60).replace(/\s+/g, ' ');

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
  try {
    await sim.statement(actor, 'begin', [], async () => {
      await new Promise<void>((begun, failed) => {
        outer = real.transaction(async (tx) => {
          opened = tx;
          actor.inTransaction = true;
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
    actor.inTransaction = false;
  }
}

function wrapped(tx: Transaction, sim: Simulation, actor: Actor): Transaction {
  return {
    query: (text, values = [], prepareAs) =>
      sim.statement(actor, nameOf(text), values, () => tx.query(text, values, prepareAs)),
    copyIn: async (text, chunks) => {
      await sim.statement(actor, 'copy', [], async () => {
        await tx.copyIn(text, chunks);
        return NOTHING;
      });
    },
    copyOut: async () => {
      throw new Error('the model has no use for it');
    },
  };
}
