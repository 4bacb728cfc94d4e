// Admin calls about faults: reads a fault strictly, adds it, tells what each one did.
import { PROVIDERS } from '../exchange.ts';
import { FAULT_KINDS, type Fault, type FaultSpec } from '../faults.ts';
import { isObject, type JsonObject } from '../json-values.ts';
import { senderName } from '../sender-names.ts';
import type { World } from '../world.ts';
import * as read from './admin-fields.ts';

const TEXTS = ['endpoint', 'sender', 'recipient', 'message'] as const;
const NUMBERS = ['skip', 'every', 'count', 'seed', 'forMs', 'ms', 'status', 'code'] as const;
const ALL = ['kind', 'provider', 'probability', 'mode', ...TEXTS, ...NUMBERS];

/** One fault, or `{"faults": [...]}`: all are read before the first is added. */
export function addFaults(world: World, value: unknown): JsonObject {
  const list = isObject(value) && Array.isArray(value['faults']) ? (value['faults'] as unknown[]) : [value];
  const specs = list.map(readFault);
  const added = specs.map((spec) => {
    const fault = world.faults.add(spec);
    if (spec.kind === 'down' && spec.mode !== 'destroy') {
      fault.hits += 1;
      world.goDown(spec.forMs!);
    }
    return fault;
  });
  return { faults: added.map(shown) };
}

export function tellFaults({ faults, outbox }: World): JsonObject {
  return {
    faults: faults.all.map(shown),
    lostAnswers: faults.all.reduce((sum, { lostAnswers }) => sum + lostAnswers, 0),
    unheardAnswers: outbox.unheardAnswers,
    held: outbox.held,
  };
}

function shown({ id, spec, fitting, hits, lostAnswers }: Fault): JsonObject {
  return { id, ...spec, fitting, hits, lostAnswers };
}

function readFault(value: unknown): FaultSpec {
  const body = read.fields(value, ...ALL);
  const spec: FaultSpec = { kind: read.choiceField(body, 'kind', FAULT_KINDS) };
  if (body['provider'] !== undefined) spec.provider = read.choiceField(body, 'provider', PROVIDERS);
  for (const name of TEXTS) if (body[name] !== undefined) spec[name] = read.textField(body, name);
  for (const name of NUMBERS)
    if (body[name] !== undefined)
      spec[name] = read.wholeField(body, name, name === 'every' || name === 'count' ? 1 : 0);
  if (body['probability'] !== undefined) spec.probability = read.numberField(body, 'probability', 0, 1);
  if (body['mode'] !== undefined) spec.mode = read.choiceField(body, 'mode', ['refuse', 'destroy'] as const);
  if (spec.sender) spec.sender = senderName(spec.sender);
  if (spec.recipient) spec.recipient = spec.recipient.replace(/^\+/, '');
  checkKind(spec);
  return spec;
}

function checkKind(spec: FaultSpec): void {
  const need = (name: keyof FaultSpec): void => {
    if (spec[name] === undefined) throw new read.AdminError(`A fault ${spec.kind} needs ${name}.`);
  };
  if (spec.kind === 'slow' || spec.kind === 'webhook-delay') need('ms');
  // The admin API is behind the same port: somebody must open it again.
  if (spec.kind === 'down' && spec.mode !== 'destroy') need('forMs');
  if (spec.kind === 'quota-zero' && spec.provider === 'whatsapp')
    throw new read.AdminError('WhatsApp has no monthly quota: use error with a code.');
  if (spec.kind !== 'error' && spec.kind !== 'accept-then-error') return;
  need('provider');
  need(spec.provider === 'line' ? 'status' : 'code');
}
