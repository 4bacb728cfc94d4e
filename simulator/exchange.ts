// The words of one request: what arrived, what was read from it, what is answered. Types only.
import type { IncomingHttpHeaders } from 'node:http';

export const PROVIDERS = ['line', 'whatsapp'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** An answer. Nothing goes out before the books of its tick are written. */
export interface Reply {
  status: number;
  /** Name, value, name, value: what `writeHead` passes on without looking. */
  headers: string[];
  body: string;
  /** Why it was refused, for the arrival log: the provider's code or a short word; empty when it was not. */
  code: string;
  /** True when this very request put messages on their way. */
  accepted: boolean;
}

/** One request. Its head says who calls what: token and rate are judged by that alone. The body fills in the rest. */
export interface Call {
  atUs: number;
  /** When it is decided: later than `atUs` only when a fault held it back. */
  acceptUs: number;
  provider: ProviderName;
  /** Empty when the token names nobody. */
  sender: string;
  endpoint: string;
  requestId: string;
  headers: IncomingHttpHeaders;
  /** What the head alone is refused for. */
  refusal: Reply | null;
  /** As the body names them, also when the request is refused later. */
  recipients: readonly string[];
  /** LINE's retry key, WhatsApp's biz_opaque_callback_data; empty when there is none. */
  correlation: string;
}

/** How a fault asks a provider for one of its own refusals. */
export type Refusal =
  | { kind: 'rate' | 'token' | 'quota' }
  | { kind: 'error'; status: number | null; code: number | null; message: string | null }
  /** What a broken server says: no word of the provider's own. */
  | { kind: 'broken' };

/** One provider's API. `arrive` gives null for a path it does not know. One object for each request: this is the hot path. */
export interface ProviderApi<C extends Call = Call> {
  readonly name: ProviderName;
  arrive(method: string, path: string, headers: IncomingHttpHeaders, atUs: number): C | null;
  read(call: C, body: Buffer): void;
  decide(call: C): Reply;
  refuse(call: C, refusal: Refusal): Reply;
  /** Reports the message just accepted before its answer goes out. */
  hasten?(): void;
}
