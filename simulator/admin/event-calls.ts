// Admin calls that let users act: follow, block, write, stop marketing. The state changes first, then the webhook tells.
import { randomUUID } from 'node:crypto';
import { isObject, type JsonObject } from '../json-values.ts';
import { LINE_EVENT_TYPES, lineEnvelope, lineEvent, redelivered } from '../line/line-events.ts';
import { displayNumber, envelope } from '../whatsapp/numbers.ts';
import type { World } from '../world.ts';
import * as read from './admin-fields.ts';
import { changeSetting } from './settings.ts';

/** Says the status with which each webhook was answered; 0 when none was sent. */
export async function event(world: World, value: unknown): Promise<JsonObject> {
  const body = read.fields(
    value,
    'provider',
    'sender',
    'type',
    'user',
    'extra',
    'redeliver',
    'text',
    'message',
    'value',
  );
  const sender = read.senderField(body);
  if (sender === null) throw new read.AdminError('sender must be given.');
  return read.providerField(body) === 'line' ? lineCall(world, sender, body) : whatsappCall(world, sender, body);
}

async function lineCall(world: World, sender: string, body: JsonObject): Promise<JsonObject> {
  const type = read.choiceField(body, 'type', [...LINE_EVENT_TYPES, 'probe'] as const);
  if (type === 'probe') return { answered: [await world.webhooks.once('line', sender, lineEnvelope(sender, []))] };
  const user = type === 'botSuspended' ? '' : read.textField(body, 'user');
  const extra = isObject(body['extra']) ? { ...body['extra'] } : {};
  if (type === 'follow') extra['follow'] ??= { isUnblocked: world.line.users.of(sender, user) === 'blocked' };
  if (type === 'follow' || type === 'unfollow') {
    const state = type === 'follow' ? 'friend' : 'blocked';
    changeSetting(world, 'users', { provider: 'line', sender, users: [user], state });
  }
  const made = lineEvent(type, user, extra, Math.floor(world.clock.simulatedUs(world.clock.nowUs()) / 1000));
  const answered = [await world.webhooks.once('line', sender, lineEnvelope(sender, [made]))];
  if (body['redeliver'] === true)
    answered.push(await world.webhooks.once('line', sender, lineEnvelope(sender, [redelivered(made)])));
  return { event: made, answered };
}

async function whatsappCall(world: World, sender: string, body: JsonObject): Promise<JsonObject> {
  const type = read.choiceField(body, 'type', ['message', 'preferences'] as const);
  const user = read.textField(body, 'user').replace(/^\+/, '');
  const nowUs = world.clock.nowUs();
  const timestamp = String(Math.floor(world.clock.simulatedUs(nowUs) / 1_000_000));
  const messaging = { messaging_product: 'whatsapp' };
  const metadata = { display_phone_number: displayNumber(sender), phone_number_id: sender };
  const contacts = [{ profile: { name: `User ${user.slice(-4)}` }, wa_id: user }];
  let sent: JsonObject;
  if (type === 'preferences') {
    const value = read.choiceField(body, 'value', ['stop', 'resume'] as const);
    const state = value === 'stop' ? 'stopped' : 'active';
    changeSetting(world, 'users', { provider: 'whatsapp', sender, users: [user], state });
    const preference = { wa_id: user, detail: 'User preference', category: 'marketing_messages', value, timestamp };
    sent = envelope(sender, 'user_preferences', { ...messaging, metadata, contacts, user_preferences: [preference] });
  } else {
    changeSetting(world, 'window', { sender, users: [user] });
    // What comes in uses the number's throughput too.
    world.rates.remember('whatsapp', sender, 'messages', nowUs);
    const content = isObject(body['message'])
      ? body['message']
      : { type: 'text', text: { body: body['text'] === undefined ? 'Hi' : read.textField(body, 'text') } };
    const message = { from: user, id: `wamid.in${randomUUID().replaceAll('-', '')}`, timestamp, ...content };
    sent = envelope(sender, 'messages', { ...messaging, metadata, contacts, messages: [message] });
  }
  return { event: sent, answered: [await world.webhooks.once('whatsapp', sender, sent)] };
}
