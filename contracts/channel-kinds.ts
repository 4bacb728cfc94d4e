// The kinds of channel there are.

/** `social_id` is a LINE user id, a WhatsApp phone in E.164, a Messenger PSID. */
export const CHANNEL_KINDS = ['line', 'whatsapp', 'messenger'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** The budgets of a channel, by its kind. Nothing is sent through Messenger yet. */
export const ENDPOINTS: Readonly<Record<ChannelKind, readonly string[]>> = {
  line: ['push', 'multicast'],
  whatsapp: ['message'],
  messenger: [],
};

/** Requests a second that the providers document, by budget. A channel's own `rates` go before. */
export const DOCUMENTED_RATES: Readonly<Record<string, number>> = { push: 2_000, multicast: 200, message: 80 };
