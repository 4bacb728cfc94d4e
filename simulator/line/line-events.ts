// Webhook events of the simulated LINE, made by admin calls: LINE reports no delivery, only what users do.
import { randomBytes, randomUUID } from 'node:crypto';
import type { JsonObject } from '../json-values.ts';
import { botUserId } from './line-reads.ts';

export const LINE_EVENT_TYPES = ['follow', 'unfollow', 'accountLink', 'message', 'postback', 'botSuspended'] as const;
export type LineEventType = (typeof LINE_EVENT_TYPES)[number];

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** `more` goes into the event as it is, for example `{"link":{"result":"ok","nonce":"…"}}`. */
export function lineEvent(type: LineEventType, user: string, more: JsonObject, nowMs: number): JsonObject {
  const answerable = type !== 'unfollow' && type !== 'botSuspended';
  return {
    ...{ type, mode: 'active', timestamp: nowMs, webhookEventId: ulid(nowMs) },
    ...(type === 'botSuspended' ? {} : { source: { type: 'user', userId: user } }),
    ...(answerable ? { replyToken: randomUUID().replaceAll('-', '') } : {}),
    ...(type === 'follow' ? { follow: { isUnblocked: false } } : {}),
    ...more,
    deliveryContext: { isRedelivery: false },
  };
}

/** The same event once more, as LINE redelivers it: same id, marked. */
export function redelivered(event: JsonObject): JsonObject {
  return { ...event, deliveryContext: { isRedelivery: true } };
}

export function lineEnvelope(sender: string, events: unknown[]): JsonObject {
  return { destination: botUserId(sender), events };
}

function ulid(nowMs: number): string {
  let time = '';
  for (let rest = nowMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = BASE32[rest % 32]! + time;
  return time + Array.from(randomBytes(16), (byte) => BASE32[byte % 32]).join('');
}
