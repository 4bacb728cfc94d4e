// A simulator for one test, and short ways to call it. Its time stands still until the test moves it, so that no pause of the
// machine looks like a limit that was not held. Closed after the test, its folder removed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../simulator/simulator.ts';

export const user = (n: number): string => `U${n.toString(16).padStart(32, '0')}`;
export const phone = (n: number): string => `8869${String(n).padStart(8, '0')}`;
export const TEXT = { messages: [{ type: 'text', text: 'Hello' }] };

/** All that the tests read from answers; which of it is there depends on the call. */
export interface AnswerBody {
  message: string;
  details: { message: string; property: string }[];
  sentMessages: { id: string }[];
  userIds: string[];
  next?: string;
  error?: { code: number; error_data: { details: string } };
  contacts: unknown[];
  messages: { id: string; message_status: string }[];
  contractViolations: Record<string, number>;
  duplicatesByCorrelation: number;
  unheardAnswers: number;
  held: number;
  faults: { hits: number; lostAnswers: number }[];
  webhooks: { waiting: number };
}

export interface LedgerRecord {
  recipient: string;
  correlation: string;
  contentHash: string;
  messageId: string;
  at: number;
}

export interface Answer {
  status: number;
  json: AnswerBody;
  text: string;
  headers: Headers;
}

/** Where every test's time begins: the calendar day matters to quotas only. */
const START_US = Date.UTC(2026, 2, 5, 4) * 1000 + 1_000;

/** A clock that stands still until it is moved. Simulators that follow each other in one test share one. */
export interface HandClock {
  nowUs: () => number;
  advance: (ms: number) => void;
}

export function handClock(): HandClock {
  let nowUs = START_US;
  return {
    nowUs: () => nowUs,
    advance: (ms) => void (nowUs += ms * 1000),
  };
}

export interface RunningSimulator {
  url: string;
  clock: HandClock;
  simulator: Simulator;
  call(method: string, path: string, options?: { token?: string; body?: unknown; headers?: object }): Promise<Answer>;
  push(to: unknown, key?: string, more?: object): Promise<Answer>;
  multicast(to: unknown, key?: string, more?: object): Promise<Answer>;
  whatsapp(to: string, more?: object, number?: string): Promise<Answer>;
  admin(path: string, body: unknown): Promise<Answer>;
  get(path: string): Promise<AnswerBody>;
  ledger(query?: string): Promise<LedgerRecord[]>;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-simulator-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

export async function running(
  options: Omit<SimulatorOptions, 'nowUs'> = {},
  clock: HandClock = handClock(),
): Promise<RunningSimulator> {
  const simulator = await startSimulator({ ...options, nowUs: clock.nowUs });
  onTestFinished(() => simulator.close());
  const { url } = simulator;
  const call: RunningSimulator['call'] = async (method, path, { token = 'shop', body, headers } = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: read(text), text, headers: response.headers };
  };
  const send = (path: string, to: unknown, key?: string, more: object = {}): Promise<Answer> =>
    call('POST', path, { body: { to, ...TEXT, ...more }, headers: key ? { 'x-line-retry-key': key } : {} });
  return {
    ...{ url, clock, simulator, call },
    push: (to, key, more) => send('/v2/bot/message/push', to, key, more),
    multicast: (to, key, more) => send('/v2/bot/message/multicast', to, key, more),
    whatsapp: (to, more = {}, number = '12345') =>
      call('POST', `/v23.0/${number}/messages`, { body: { ...templateMessage(), to, ...more } }),
    admin: (path, body) => call('POST', `/__sim/${path}`, { body }),
    get: async (path) => (await call('GET', path)).json,
    ledger: async (query = '') => jsonLines<LedgerRecord>((await call('GET', `/__sim/ledger${query}`)).text),
  };
}

/** Undefined for what is no JSON, which some tests expect. */
function read(text: string): AnswerBody {
  try {
    return JSON.parse(text) as AnswerBody;
  } catch {
    return undefined as unknown as AnswerBody;
  }
}

export function jsonLines<T>(text: string): T[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}

export function templateMessage(name = 'promo', parameters: unknown[] = [{ type: 'text', text: 'Amy' }]): object {
  return {
    messaging_product: 'whatsapp',
    type: 'template',
    template: { name, language: { code: 'zh_TW' }, components: [{ type: 'body', parameters }] },
  };
}

export const FREE_TEXT = { type: 'text', text: { body: 'Hello' } };
