// The kinds of channel there are, and what sets one apart from another: whoever needs to know asks here, and never what kind it is.
import type { MatchKey } from './contact-fields.ts';

export const CHANNEL_KINDS = ['line', 'whatsapp', 'messenger'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

export interface KindOfChannel {
  /** What an address on it is called. */
  addressWord: string;
  /** How an address is written, and so how a cell is read as one. */
  addressForm: 'line user id' | 'whatsapp number' | 'psid';
  /**
   * What a list must give of people who are not contacts yet, and makes contacts of: a user id, or the phone that is the address. Where
   * it is the phone, a file needs no `social_id` beside it, and a phone that cannot receive messages is none.
   */
  addressField: 'social_id' | 'phone';
  /** What a list may be matched by. */
  listKeys: readonly MatchKey[];
  /** Budgets of requests. None: nothing can be sent through it yet. */
  endpoints: readonly string[];
  /** Whether the provider has a service that says beforehand if it would take a message. */
  judgesMessages: boolean;
  /** Path under which the simulator answers as the provider does. */
  simulatedAt: string;
}

export const KINDS: Readonly<Record<ChannelKind, KindOfChannel>> = {
  line: {
    addressWord: 'LINE user id',
    addressForm: 'line user id',
    addressField: 'social_id',
    listKeys: ['social_id', 'member_id', 'email', 'phone'],
    endpoints: ['push', 'multicast'],
    judgesMessages: true,
    simulatedAt: '',
  },
  whatsapp: {
    addressWord: 'phone',
    addressForm: 'whatsapp number',
    addressField: 'phone',
    listKeys: ['member_id', 'email', 'phone'],
    endpoints: ['message'],
    judgesMessages: false,
    simulatedAt: '/v23.0',
  },
  messenger: {
    addressWord: 'PSID',
    addressForm: 'psid',
    addressField: 'social_id',
    listKeys: ['social_id', 'member_id', 'email', 'phone'],
    endpoints: [],
    judgesMessages: false,
    simulatedAt: '/v23.0',
  },
};

export const addressIsPhone = (kind: ChannelKind): boolean => KINDS[kind].addressField === 'phone';
export const canSend = (kind: ChannelKind): boolean => KINDS[kind].endpoints.length > 0;

/** Requests a second that the providers document, by budget. A channel's own `rates` go before. */
export const DOCUMENTED_RATES: Readonly<Record<string, number>> = { push: 2_000, multicast: 200, message: 80 };
