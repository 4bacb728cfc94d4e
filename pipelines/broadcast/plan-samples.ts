// Rendered samples of a plan, for a person's eyes: personal data, never to enter Temporal or a log.
import type { Queryable } from '../../ports/database.ts';
import { compileMessage } from '../../contracts/message-template.ts';
import type { MessageJson } from '../../ports/provider.ts';
import { planSql } from './plan-sql.ts';
import { readPlan, type PlanRow } from './plan-store.ts';

export interface PlanSample {
  ordinal: number;
  /** Only its ends can be read. */
  address: string;
  message: MessageJson;
}

/** Rendered messages of the first `n` recipients that would be sent to; fewer when there are fewer. */
export async function planSamples(db: Queryable, broadcastId: string, n: number): Promise<PlanSample[]> {
  const row = await readPlan(db, broadcastId);
  const rendered = await renderFirst(db, row, n);
  return rendered.map(({ ordinal, address, text }) => ({
    ordinal,
    address: maskAddress(address),
    message: JSON.parse(text) as MessageJson,
  }));
}

/** The same as JSON text, with the address as it is. */
export async function renderFirst(
  db: Queryable,
  row: PlanRow,
  n: number,
): Promise<{ ordinal: number; address: string; text: string }[]> {
  const { rows } = await db.query<{ ordinal: number; address: string; parameters: string[] | null }>(planSql.samples, [
    row.broadcastId,
    n,
  ]);
  const render = compileMessage(row.message, row.parameterNames);
  return rows.map(({ ordinal, address, parameters }) => ({ ordinal, address, text: render(parameters ?? []) }));
}

/** Characters left at each end of a masked address: enough to compare with a list, too few to message anyone. */
const SHOWN = 3;

/** `+88*******678`; a short address is masked altogether. */
export function maskAddress(address: string): string {
  if (address.length < 3 * SHOWN) return '*'.repeat(address.length);
  return address.slice(0, SHOWN) + '*'.repeat(address.length - 2 * SHOWN) + address.slice(-SHOWN);
}
