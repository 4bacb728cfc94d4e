// A simulated WhatsApp Cloud API: takes each message it may, never twice the same answer, never a duplicate noticed.
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Books } from '../books.ts';
import { ContentHash } from '../content-hash.ts';
import type { Call, ProviderApi, Refusal, Reply } from '../exchange.ts';
import { isObject, parseJson, textOf, type JsonObject } from '../json-values.ts';
import type { RateLimits } from '../rate-limits.ts';
import { bearerToken } from '../sender-names.ts';
import { REACHES, type Arrival } from './arrival.ts';
import { checkBody, isMisplacedId, recipientOf } from './message-rules.ts';
import { accountOf, displayNumber } from './numbers.ts';
import { NumberPaths } from './number-paths.ts';
import type { StatusFeed } from './status-feed.ts';
import type { WhatsAppState, WhatsAppUserState } from './whatsapp-state.ts';

export interface WhatsAppCall extends Call {
  body: JsonObject | undefined;
}

export interface WhatsAppApiOptions {
  state: WhatsAppState;
  rates: RateLimits;
  books: Books;
  feed: StatusFeed;
}

const NOBODY: readonly string[] = [];

export function whatsappApi({ state, rates, books, feed }: WhatsAppApiOptions): ProviderApi<WhatsAppCall> {
  const { errors } = state;
  // New for each process, so that a restarted simulator never gives an id again.
  const idPrefix = randomBytes(9).toString('base64url').replace(/[-_]/g, 'x');
  let lastId = 0;
  const paths = new NumberPaths();
  const contents = new ContentHash();
  return { name: 'whatsapp', arrive, read, decide, refuse, hasten: () => feed.hasten() };

  function arrive(method: string, url: string, headers: IncomingHttpHeaders, atUs: number): WhatsAppCall | null {
    const path = paths.get(url);
    if (!path) return null;
    const requestId = newId();
    const { endpoint } = path;
    const known = method === (endpoint === 'number' ? 'GET' : 'POST');
    const token = bearerToken(headers.authorization);
    // The path names the number, but a bad token speaks for nobody.
    const sender = token === '' ? '' : path.sender;
    let refusal: Reply | null = null;
    if (token === '') refusal = errors.reply(requestId, 190);
    else if (!known) refusal = errors.reply(requestId, 100, 'Unsupported request');
    else if (!rates.admit('whatsapp', sender, endpoint, atUs))
      refusal = errors.reply(requestId, endpoint === 'messages' ? 130429 : 80007);
    return {
      atUs,
      acceptUs: atUs,
      provider: 'whatsapp',
      sender,
      endpoint,
      requestId,
      headers,
      refusal,
      recipients: NOBODY,
      correlation: '',
      body: undefined,
    };
  }

  function read(call: WhatsAppCall, bytes: Buffer): void {
    const body = bytes.length === 0 ? undefined : parseJson(bytes.toString());
    if (!isObject(body)) return;
    call.body = body;
    const recipient = recipientOf(body);
    if (recipient !== '') call.recipients = [recipient];
    call.correlation = textOf(body['biz_opaque_callback_data']);
  }

  function decide(call: WhatsAppCall): Reply {
    const { requestId, sender, body } = call;
    if (call.endpoint === 'number') return numberInfo(sender);
    if (body === undefined) return errors.reply(requestId, 100, 'The body is no JSON object');
    const user = call.recipients[0] ?? '';
    const simulatedUs = state.clock.simulatedUs(call.acceptUs);
    const problem = checkBody(body, user);
    if (problem) return errors.reply(requestId, problem.code, problem.details);
    if (!state.pairs.admit(sender, user, simulatedUs)) return errors.reply(requestId, 131056);

    const type = textOf(body['type']) || 'text';
    const content = body[type] as JsonObject;
    const template = type === 'template' ? state.templates.find(content) : null;
    const category = type === 'template' ? (template?.category ?? 'marketing') : 'service';
    const unfit = type === 'template' ? state.templates.check(content) : null;
    if (unfit) return errors.reply(requestId, unfit.code, unfit.details);
    if (category === 'authentication' && !isNumber(user)) return errors.reply(requestId, 131062);
    const windowOpen = state.windows.isOpen(sender, user, simulatedUs);
    if (type !== 'template' && !windowOpen) return errors.reply(requestId, 131047);

    const userState = state.users.of(sender, user);
    if (userState.kind === 'fails' && userState.sync && touches(userState, category))
      return errors.reply(requestId, userState.code);
    let arrival = arrivalOf(userState, category, feed);
    if (!windowOpen && !state.portfolio.admit(user, simulatedUs)) {
      const { signal, code } = state.portfolio.rule;
      if (signal === 'error') return errors.reply(requestId, code);
      arrival = { kind: 'fails', code };
    }
    if (template?.status === 'held') arrival = { kind: 'held' };
    if (isMisplacedId(body)) arrival = { kind: 'lost' };
    return accept(call, user, { arrival, category, contentHash: contents.of(JSON.stringify(content)) });
  }

  function accept(
    call: WhatsAppCall,
    user: string,
    sent: { arrival: Arrival; category: string; contentHash: string },
  ): Reply {
    const { arrival, category, contentHash } = sent;
    const wamid = `wamid.${newId()}`;
    const reached = arrival.kind === 'reaches' ? call.recipients : NOBODY;
    const unreached = arrival.kind === 'reaches' ? NOBODY : call.recipients;
    books.accept(call, { contentHash, bodyHash: '', messageIds: wamid, reached, unreached });
    feed.accepted({ sender: call.sender, user, wamid, reference: call.correlation, category, arrival });
    const status = arrival.kind === 'held' ? 'held_for_quality_assessment' : 'accepted';
    const input = JSON.stringify(call.body?.['to'] ?? call.body?.['recipient']);
    const known = isNumber(user) || arrival.kind === 'lost' ? 'wa_id' : 'user_id';
    const contact = `{"input":${input},"${known}":"${arrival.kind === 'lost' ? user.split('.').at(-1)! : accountOf(user)}"}`;
    return {
      status: 200,
      headers: ['content-type', 'application/json; charset=UTF-8'],
      body: `{"messaging_product":"whatsapp","contacts":[${contact}],"messages":[{"id":"${wamid}","message_status":"${status}"}]}`,
      code: '',
      accepted: true,
    };
  }

  function refuse({ requestId }: Call, refusal: Refusal): Reply {
    switch (refusal.kind) {
      case 'rate':
        return errors.reply(requestId, 130429);
      case 'token':
        return errors.reply(requestId, 190);
      case 'quota':
        return errors.reply(requestId, 131048);
      case 'broken':
        // No Graph envelope: nobody can tell from it whether the message went out.
        return {
          status: 500,
          headers: ['content-type', 'text/html'],
          body: '<html></html>',
          code: 'http_500',
          accepted: false,
        };
      case 'error':
        return errors.reply(
          requestId,
          refusal.code ?? 131000,
          refusal.message ?? undefined,
          refusal.status ?? undefined,
        );
    }
  }

  function newId(): string {
    lastId += 1;
    return `${idPrefix}${lastId.toString(36).padStart(7, '0')}`;
  }
}

const isNumber = (user: string): boolean => /^\d/.test(user);

function touches(userState: { marketingOnly: boolean }, category: string): boolean {
  return !userState.marketingOnly || category === 'marketing';
}

function arrivalOf(userState: WhatsAppUserState, category: string, feed: StatusFeed): Arrival {
  switch (userState.kind) {
    case 'blocked':
      return userState;
    case 'fails':
      return touches(userState, category) ? { kind: 'fails', code: userState.code } : REACHES;
    case 'active': {
      const code = feed.drawFailure();
      return code === null ? REACHES : { kind: 'fails', code };
    }
  }
}

function numberInfo(sender: string): Reply {
  const info = {
    ...{ id: sender, display_phone_number: displayNumber(sender), verified_name: 'Simulated account' },
    ...{ quality_rating: 'GREEN', throughput: { level: 'STANDARD' } },
  };
  const headers = ['content-type', 'application/json; charset=UTF-8'];
  return { status: 200, headers, body: JSON.stringify(info), code: '', accepted: false };
}
