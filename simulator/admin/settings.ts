// The settings that admin calls change: each call is applied, then kept, so that a restarted simulator is the same one.
import { isObject, listOf, type JsonObject } from '../json-values.ts';
import { LINE_USER_STATES } from '../line/line-state.ts';
import { DELIVERY_RULES } from '../whatsapp/status-feed.ts';
import { TEMPLATE_CATEGORIES, TEMPLATE_STATUSES } from '../whatsapp/templates.ts';
import { NAMED_STATES, type WhatsAppUserState } from '../whatsapp/whatsapp-state.ts';
import type { World } from '../world.ts';
import * as read from './admin-fields.ts';

type Apply = (world: World, body: unknown, atUs: number) => void;

/** By the last part of the path under /__sim/. */
const SETTINGS: Record<string, Apply> = {
  users,
  quota,
  rate,
  clock,
  templates,
  webhook,
  delivery,
  window: open,
  switches,
};

export const isSetting = (name: string): boolean => Object.hasOwn(SETTINGS, name);

/** Applies a setting and keeps it. Throws AdminError, having changed nothing, when the body is wrong. */
export function changeSetting(world: World, name: string, body: unknown): void {
  const atUs = world.clock.nowUs();
  SETTINGS[name]!(world, body, atUs);
  // The books are plain ASCII throughout.
  const text = JSON.stringify({ atUs, name, body }).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  world.settings.append(`${text}\n`);
  world.settings.flush();
}

/** Applies again what earlier processes kept. */
export async function restoreSettings(world: World): Promise<void> {
  for await (const lines of world.settings.blocks()) {
    for (const line of lines) {
      const { atUs, name, body } = JSON.parse(line) as { atUs: number; name: string; body: unknown };
      SETTINGS[name]?.(world, body, atUs);
    }
  }
}

function users(world: World, value: unknown): void {
  const body = read.fields(value, 'provider', 'sender', 'users', 'state', 'code', 'sync', 'marketingOnly');
  const sender = read.senderField(body);
  const list = read.textsField(body, 'users');
  if (read.providerField(body) === 'line') {
    world.line.users.set(sender, list, read.choiceField(body, 'state', LINE_USER_STATES));
  } else {
    const digits = list.map((user) => user.replace(/^\+/, ''));
    world.whatsapp.users.set(sender, digits, whatsappUserState(body));
  }
}

function whatsappUserState(body: JsonObject): WhatsAppUserState {
  const name = read.choiceField(body, 'state', [...Object.keys(NAMED_STATES), 'fails']);
  const named = NAMED_STATES[name];
  const sync = body['sync'] === undefined ? undefined : read.flagField(body, 'sync');
  if (named) return named.kind === 'fails' && sync !== undefined ? { ...named, sync } : named;
  const marketingOnly = body['marketingOnly'] === undefined ? false : read.flagField(body, 'marketingOnly');
  return { kind: 'fails', code: read.wholeField(body, 'code', 0), sync: sync ?? false, marketingOnly };
}

function quota(world: World, value: unknown): void {
  const body = read.fields(value, 'sender', 'value', 'onExceed');
  const limit = body['value'] === null ? null : read.wholeField(body, 'value', 0);
  const onExceed =
    body['onExceed'] === undefined
      ? 'refuse-whole'
      : read.choiceField(body, 'onExceed', ['refuse-whole', 'partial'] as const);
  world.line.quota.set(read.senderField(body), { limit, onExceed });
}

function rate(world: World, value: unknown): void {
  const body = read.fields(value, 'provider', 'endpoint', 'sender', 'limit');
  const name = `${read.providerField(body)}.${read.textField(body, 'endpoint')}`;
  setRate(world, name, read.wholeField(body, 'limit', 0), read.senderField(body));
}

/** Throws AdminError for an endpoint that has no rate. */
export function setRate(world: World, name: string, limit: number, sender: string | null): void {
  try {
    world.rates.set(name, limit, sender);
  } catch (error) {
    throw new read.AdminError(error instanceof RangeError ? error.message : String(error), { cause: error });
  }
}

function clock(world: World, value: unknown, atUs: number): void {
  world.clock.advance(read.numberField(read.fields(value, 'advanceMs'), 'advanceMs', 0), atUs);
}

function templates(world: World, value: unknown): void {
  const body = read.fields(value, 'templates', 'strict');
  const found = listOf(body['templates']).map((entry) => {
    const names = ['name', 'language', 'status', 'category', 'bodyParameters', 'headerParameters'];
    const template = read.fields(entry, ...names);
    const given = (name: string): boolean => template[name] !== undefined;
    return {
      ...{ name: read.textField(template, 'name'), language: read.textField(template, 'language') },
      status: given('status') ? read.choiceField(template, 'status', TEMPLATE_STATUSES) : 'approved',
      category: given('category') ? read.choiceField(template, 'category', TEMPLATE_CATEGORIES) : 'marketing',
      bodyParameters: given('bodyParameters') ? read.wholeField(template, 'bodyParameters', 0) : 0,
      headerParameters: given('headerParameters') ? read.wholeField(template, 'headerParameters', 0) : 0,
    } as const;
  });
  if (body['strict'] !== undefined) world.whatsapp.templates.strict = read.flagField(body, 'strict');
  for (const template of found) world.whatsapp.templates.add(template);
}

function webhook(world: World, value: unknown): void {
  const body = read.fields(value, 'provider', 'sender', 'url', 'secret');
  const provider = read.providerField(body);
  const sender = read.senderField(body);
  if (body['url'] === null) return world.webhooks.aim(provider, sender, null);
  const url = read.textField(body, 'url');
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new read.AdminError('url must be an http or https URL, or null.');
  world.webhooks.aim(provider, sender, { url, secret: read.textField(body, 'secret') });
}

function delivery(world: World, value: unknown): void {
  const body = read.fields(value, ...Object.keys(DELIVERY_RULES));
  const rules = { ...world.feed.rules };
  for (const name of Object.keys(body) as (keyof typeof rules)[]) {
    if (name === 'failedCodes') {
      rules.failedCodes = listOf(body[name]).filter((code) => typeof code === 'number');
      if (rules.failedCodes.length === 0) throw new read.AdminError('failedCodes must be a list of numbers.');
    } else rules[name] = read.numberField(body, name, 0, name.endsWith('Ms') ? 3_600_000 : 1);
  }
  if (rules.minDelayMs > rules.maxDelayMs) throw new read.AdminError('minDelayMs must not be above maxDelayMs.');
  world.feed.rules = rules;
}

function open(world: World, value: unknown, atUs: number): void {
  const body = read.fields(value, 'sender', 'users', 'all', 'hours');
  const hours = body['hours'] === undefined ? 24 : read.numberField(body, 'hours', 0, 24);
  const untilUs = world.clock.simulatedThenUs(atUs) + hours * 3_600_000_000;
  const sender = read.senderField(body);
  if (body['all'] === true) world.whatsapp.windows.open(sender, null, untilUs);
  else
    for (const user of read.textsField(body, 'users'))
      world.whatsapp.windows.open(sender, user.replace(/^\+/, ''), untilUs);
}

function switches(world: World, value: unknown): void {
  const names = ['unknownInMulticast', 'throttleStatus', 'pairLimit', 'portfolio'];
  const body = read.fields(value, ...names);
  const { line, whatsapp } = world;
  if (body['unknownInMulticast'] !== undefined)
    line.unknownInMulticast = read.choiceField(body, 'unknownInMulticast', ['reject-all', 'skip'] as const);
  if (body['throttleStatus'] !== undefined)
    whatsapp.errors.throttleStatus = read.choiceField(body, 'throttleStatus', [400, 429, 'alternate'] as const);
  if (body['pairLimit'] !== undefined) whatsapp.pairs.on = read.flagField(body, 'pairLimit');
  if (isObject(body['portfolio'])) {
    const rule = read.fields(body['portfolio'], 'limit', 'signal', 'code');
    whatsapp.portfolio.rule = {
      limit: rule['limit'] === null ? null : read.wholeField(rule, 'limit', 0),
      signal:
        rule['signal'] === undefined ? 'webhook' : read.choiceField(rule, 'signal', ['webhook', 'error'] as const),
      code: rule['code'] === undefined ? whatsapp.portfolio.rule.code : read.wholeField(rule, 'code', 0),
    };
  }
}
