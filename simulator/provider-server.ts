// Takes one request from its head to its answer: the provider judges, faults interfere, the outbox sends. Knows no provider.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call, ProviderApi, Refusal, Reply } from './exchange.ts';
import { errorOf, type Fault, type Faults } from './faults.ts';
import type { Outbox } from './outbox.ts';

/** LINE takes 2 MB; what is longer is cut here, so that the provider sees that it is too long. */
const MAX_BODY_BYTES = 2_100_000;

export interface ProviderServerOptions {
  apis: readonly ProviderApi[];
  faults: Faults;
  outbox: Outbox;
}

/** True when a provider knows the path; else nothing was done. */
export type ProviderServer = (request: IncomingMessage, response: ServerResponse, atUs: number) => boolean;

export function providerServer({ apis, faults, outbox }: ProviderServerOptions): ProviderServer {
  return (request, response, atUs) => {
    for (const api of apis) {
      const call = api.arrive(request.method ?? '', request.url ?? '', request.headers, atUs);
      if (!call) continue;
      readBody(request, (body) => answer(api, call, body, response));
      return true;
    }
    return false;
  };

  function answer(api: ProviderApi, call: Call, body: Buffer, response: ServerResponse): void {
    api.read(call, body);
    // A limit or a token that refuses comes before any fault: those refusals are the provider's own.
    const refusal = call.refusal;
    const fault = refusal === null && faults.any ? faults.strike('before', call) : null;
    if (fault?.spec.kind === 'hold-before-accept') {
      outbox.hold(fault, () => {
        // Decided even when the caller is gone: a real request goes on without its caller, too.
        call.acceptUs = Math.max(call.acceptUs, faults.nowUs());
        decide(api, call, response);
      });
      return;
    }
    if (refusal === null && fault === null) decide(api, call, response);
    else outbox.put(response, call, refusal ?? api.refuse(call, refusalOf(fault!)), fault);
  }

  function decide(api: ProviderApi, call: Call, response: ServerResponse): void {
    const reply: Reply = api.decide(call);
    const fault = faults.any && reply.status < 300 ? faults.strike('after', call) : null;
    if (fault?.spec.kind === 'webhook-before-response') api.hasten?.();
    outbox.put(response, call, reply, fault);
  }
}

function refusalOf({ spec }: Fault): Refusal {
  switch (spec.kind) {
    case 'rate-burst':
      return { kind: 'rate' };
    case 'token-expired':
      return { kind: 'token' };
    case 'quota-zero':
      return { kind: 'quota' };
    case 'error':
      return errorOf(spec);
    default:
      return { kind: 'broken' };
  }
}

const NOTHING = Buffer.alloc(0);

function readBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  let first: Buffer = NOTHING;
  let more: Buffer[] | null = null;
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length === chunk.length) first = chunk;
    else if (length <= MAX_BODY_BYTES || more === null) (more ??= [first]).push(chunk);
  });
  // A caller that goes away in the middle has sent no request.
  request.on('end', () => done(more === null ? first : Buffer.concat(more)));
}
