// Push and multicast of the simulated LINE: whom the messages reach, what the quota leaves, what is written as truth.
import type { Books } from '../books.ts';
import { ContentHash } from '../content-hash.ts';
import type { Reply } from '../exchange.ts';
import { listOf, textOf, type JsonObject } from '../json-values.ts';
import type { LineCall } from './line-call.ts';
import { isUserId } from './user-id.ts';
import * as replies from './line-replies.ts';
import type { LineState } from './line-state.ts';
import { checkMessages, checkOptions } from './message-rules.ts';

const MAX_MULTICAST = 500;
const contents = new ContentHash();

/** Message ids grow, as LINE's do. From the clock, so that a restarted simulator never gives one again: it is never that quick. */
let lastMessageId = Date.now() * 1000;

/** Decides a send whose key is new. The books hold the acceptance when this returns; they are flushed before the answer. */
export function sendLine(state: LineState, books: Books, call: LineCall, body: JsonObject): Reply {
  const { sender, requestId, endpoint, correlation } = call;
  const details = [...checkMessages(body), ...checkOptions(body)];
  const to = checkRecipients(endpoint, body['to']);
  if (to.detail) details.push({ message: to.detail, property: 'to' });
  if (details.length > 0) return replies.invalidContent(requestId, details);
  if (to.ids === null) return replies.badTo(requestId);
  if (endpoint === 'multicast' && new Set(to.ids).size < to.ids.length) books.violated(call, 'duplicate_recipients');

  const sorted = sortOut(state, sender, endpoint, to.ids);
  if (sorted === null) return replies.unknownRecipient(requestId);
  const simulatedUs = state.clock.simulatedUs(call.acceptUs);
  const granted = state.quota.grant(sender, sorted.reached.length, simulatedUs);
  if (granted === null) return replies.quotaExceeded(requestId);
  const reached = sorted.reached.slice(0, granted);
  const unreached = [...sorted.unreached, ...sorted.reached.slice(granted)];

  const messageIds = endpoint === 'push' ? newMessageIds(listOf(body['messages']).length) : '';
  const contentHash = contents.of(JSON.stringify(body['messages']));
  const { bodyHash } = call;
  if (correlation !== '')
    state.keys.add(sender, correlation, { requestId, bodyHash, messageIds, acceptedUs: simulatedUs });
  state.quota.count(sender, reached.length, simulatedUs);
  countUnit(state, sender, body['customAggregationUnits'], reached.length);
  books.accept(call, { contentHash, bodyHash, messageIds, reached, unreached });
  return replies.taken(requestId, endpoint === 'push' ? `{"sentMessages":${replies.sentMessages(messageIds)}}` : '{}');
}

/** `ids` null: LINE says no more than that `to` is invalid. */
function checkRecipients(endpoint: string, to: unknown): { ids: string[] | null; detail?: string } {
  if (endpoint === 'push') {
    if (textOf(to) === '') return { ids: null, detail: 'May not be empty' };
    // Groups and rooms are well-formed here, but the simulated bot is in none: they are unknown recipients.
    return { ids: /^[UCR][0-9a-f]{32}$/.test(textOf(to)) ? [textOf(to)] : null };
  }
  if (!Array.isArray(to) || to.length < 1 || to.length > MAX_MULTICAST)
    return { ids: null, detail: `Size must be between 1 and ${MAX_MULTICAST}` };
  return { ids: to.every((id) => isUserId(textOf(id))) ? (to as string[]) : null };
}

/** Null when an unknown id makes LINE refuse the whole request. */
function sortOut(
  state: LineState,
  sender: string,
  endpoint: string,
  ids: string[],
): { reached: string[]; unreached: string[] } | null {
  const reached: string[] = [];
  const unreached: string[] = [];
  for (const id of ids) {
    const userState = id.startsWith('U') ? state.users.of(sender, id) : 'unknown';
    if (userState === 'friend') reached.push(id);
    else if (userState !== 'unknown') unreached.push(id);
    else if (endpoint === 'push' || state.unknownInMulticast === 'reject-all') return null;
    else unreached.push(id);
  }
  return { reached, unreached };
}

function newMessageIds(count: number): string {
  let ids = '';
  for (let i = 0; i < count; i++) {
    lastMessageId += 1;
    ids += i === 0 ? String(lastMessageId) : `;${lastMessageId}`;
  }
  return ids;
}

function countUnit(state: LineState, sender: string, units: unknown, people: number): void {
  const unit = Array.isArray(units) ? textOf(units[0]) : '';
  if (unit === '') return;
  const key = `${sender} ${unit}`;
  state.units.set(key, (state.units.get(key) ?? 0) + people);
}
