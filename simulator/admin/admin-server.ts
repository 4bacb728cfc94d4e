// The simulator's own API under /__sim/: settings, faults, events, and the books. For tests and operators, on loopback.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseJson } from '../json-values.ts';
import type { World } from '../world.ts';
import { AdminError, fields, wholeField } from './admin-fields.ts';
import * as reports from './books-reports.ts';
import { event } from './event-calls.ts';
import { addFaults, tellFaults } from './fault-calls.ts';
import { changeSetting, isSetting } from './settings.ts';

export const ADMIN_PREFIX = '/__sim/';

/** A list of some million users fits; more would only hold the process up. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Answers one admin request. Never rejects. */
export async function answerAdmin(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'http://simulator');
  const name = url.pathname.slice(ADMIN_PREFIX.length);
  try {
    if (request.method === 'GET') return await tell(world, name, url.searchParams, response);
    const text = await bodyText(request);
    if (request.method === 'DELETE' && name === 'faults') {
      const id = url.searchParams.get('id');
      return json(response, 200, { removed: world.faults.remove(id === null ? null : Number(id)) });
    }
    if (request.method !== 'POST') return json(response, 405, { error: 'Use GET, POST or DELETE.' });
    const body = text === '' ? {} : parseJson(text);
    if (body === undefined) throw new AdminError('The body is no JSON.');
    json(response, 200, await act(world, name, body));
  } catch (error) {
    if (response.headersSent) response.destroy();
    else json(response, error instanceof AdminError ? 400 : 500, { error: (error as Error).message });
  }
}

async function act(world: World, name: string, body: unknown): Promise<unknown> {
  if (isSetting(name)) {
    changeSetting(world, name, body);
    return { ok: true };
  }
  switch (name) {
    case 'faults':
      return addFaults(world, body);
    case 'events':
      return await event(world, body);
    case 'release': {
      const given = fields(body, 'count');
      return { released: world.outbox.release(given['count'] === undefined ? null : wholeField(given, 'count', 1)) };
    }
    default:
      throw new AdminError(`There is no /__sim/${name} to post to.`);
  }
}

async function tell(world: World, name: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
  const { books } = world;
  books.flush();
  switch (name) {
    case 'ledger':
      return await lines(response, reports.ledger(books.truth, query));
    case 'arrivals':
      return await lines(response, reports.arrivals(books.arrivals, query));
    case 'violations':
      return await lines(response, reports.violations(books.violations, query));
    case 'summary':
      return json(response, 200, await reports.summary(world, query));
    case 'faults':
      return json(response, 200, tellFaults(world));
    case 'hold':
      return json(response, 200, { held: world.outbox.held });
    case 'health':
      return json(response, 200, { ready: true, pid: process.pid });
    default:
      return json(response, 404, { error: `There is no /__sim/${name}.` });
  }
}

async function lines(response: ServerResponse, texts: AsyncGenerator<string>): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  await pipeline(Readable.from(texts), response);
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

async function bodyText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new AdminError(`The body is longer than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
