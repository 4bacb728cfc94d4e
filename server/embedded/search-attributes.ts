// The six search attributes that Sluice's workflows set, and their registration on a namespace.
import type { Connection } from '@temporalio/client';

/**
 * At most six: SQL visibility stores give a small fixed number per type and namespace, and other users need some too.
 * Values are stored in clear: ids, stages and counts only.
 */
export const SEARCH_ATTRIBUTES = {
  BroadcastId: 'Keyword',
  ImportId: 'Keyword',
  Channel: 'Keyword',
  Stage: 'Keyword',
  RowsDone: 'Int',
  RowsTotal: 'Int',
} as const;

/** temporal.api.enums.v1.IndexedValueType. */
const INDEXED_VALUE_TYPE = { Keyword: 2, Int: 3 } as const;

/**
 * Registers the missing ones; the flags of the server act only when it makes the namespace. Calling twice changes nothing.
 * Answers the names that it added. Rejects with the server's error, for example when the namespace has no room.
 */
export async function ensureSearchAttributes(
  connection: Pick<Connection, 'operatorService'>,
  namespace: string,
): Promise<string[]> {
  const listed = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !(name in listed.customAttributes));
  if (missing.length === 0) return [];
  const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]));
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  return missing.map(([name]) => name);
}
