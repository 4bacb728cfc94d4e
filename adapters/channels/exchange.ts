// One HTTP exchange with a provider, and how far it got: what was never written cannot have been taken; anything after the
// first byte may have been. Retries nothing, follows no redirect.
import { Pool, type Dispatcher } from 'undici';

export interface ExchangeRequest {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array | null;
}

export type Exchange =
  | { kind: 'answer'; status: number; headers: Record<string, string | string[] | undefined>; body: string }
  /** Nothing of the request left this machine. `code`: `connect_refused`, `dns`, `connect_timeout`, `tls`, `connect`. */
  | { kind: 'not_sent'; code: string }
  /** Some of it left, and no whole answer came. `code`: `timeout`, `socket`. */
  | { kind: 'unknown'; code: string };

export interface Wire {
  exchange(request: ExchangeRequest): Promise<Exchange>;
  close(): Promise<void>;
}

export interface WireOptions {
  baseUrl: string;
  connections: number;
  /** Bounds the wait for the answer's head, and for its body. */
  timeoutMs: number;
}

/** Idle connections are given up before servers close them: a request written into a closing one would be uncertain. */
const KEEP_ALIVE_MS = 3_000;
/** Longer answers are cut: nothing a provider says to a send is this long, and memory is shared by hundreds of requests. */
const MAX_ANSWER_BYTES = 256 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;

/** Connections are opened when first needed. `exchange` resolves whatever happens; after `close` with `not_sent`. */
export function openWire(options: WireOptions): Wire {
  const { origin, pathname } = new URL(options.baseUrl);
  const prefix = pathname.replace(/\/$/, '');
  const pool = new Pool(origin, {
    connections: options.connections,
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });
  return {
    exchange: ({ method, path, headers, body }) =>
      new Promise((resolve) => {
        pool.dispatch({ origin, method, path: prefix + path, headers, body }, new AnswerHandler(resolve));
      }),
    close: () => pool.destroy(),
  };
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (exchange: Exchange) => void;
  #written = false;
  #status = 0;
  #headers: Record<string, string | string[] | undefined> = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(resolve: (exchange: Exchange) => void) {
    this.#resolve = resolve;
  }

  onRequestStart(): void {
    this.#written = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_ANSWER_BYTES) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body =
      this.#chunks.length === 1 ? this.#chunks[0]!.toString('utf8') : Buffer.concat(this.#chunks).toString('utf8');
    this.#resolve({ kind: 'answer', status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = (error as { code?: string }).code ?? error.name;
    if (!this.#written) this.#resolve({ kind: 'not_sent', code: notSentCode(code) });
    else this.#resolve({ kind: 'unknown', code: /TIMEOUT|ETIMEDOUT/.test(code) ? 'timeout' : 'socket' });
  }
}

function notSentCode(code: string): string {
  if (code === 'ECONNREFUSED') return 'connect_refused';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'connect_timeout';
  if (/^(ENOTFOUND|EAI_)/.test(code)) return 'dns';
  if (/^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(code)) return 'tls';
  return 'connect';
}

/** The answer of an exchange that got none: see `Exchange`. */
export function firstHeader(headers: Record<string, string | string[] | undefined>, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
