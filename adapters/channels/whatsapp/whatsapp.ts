// WhatsApp Business Cloud API: the request's bytes, and one phone number. It knows no retry key: nothing is ever repeated here.
import type { DeliveryMode, Provider, ProviderAccount, ProviderAccountOptions } from '../../../ports/provider.ts';
import { DOCUMENTED_RATES } from '../../../contracts/channel-kinds.ts';
import { isBusinessScopedId } from '../../../contracts/whatsapp-address.ts';
import { openWire } from '../exchange.ts';
import { sendOnce } from '../send-once.ts';
import { readWhatsAppAnswer } from './answers.ts';
import { whatsappMessageProblems } from './message-rules.ts';
import { whatsappValueRules } from './value-rules.ts';

const MESSAGE: DeliveryMode = {
  endpoint: 'message',
  chunkSize: 1,
  idempotent: false,
  defaultRate: DOCUMENTED_RATES['message']!,
};

export const whatsapp: Provider = {
  validate: whatsappMessageProblems,
  valueRules: whatsappValueRules,
  mode: () => MESSAGE,
  body: (message, addresses, reference) =>
    `{"messaging_product":"whatsapp","recipient_type":"individual",${recipient(addresses[0]!)},` +
    `"biz_opaque_callback_data":${JSON.stringify(reference)},${withoutProduct(message).slice(1)}`,
};

/** Never both, and never an id in `to`: the API answers 200 to it, with a message id, and delivers to nobody. */
function recipient(address: string): string {
  return `"${isBusinessScopedId(address) ? 'recipient' : 'to'}":${JSON.stringify(address)}`;
}

/** A message may or may not name the product; the request names it once. */
function withoutProduct(message: string): string {
  if (!message.includes('"messaging_product"') && !message.includes('"recipient_type"')) return message;
  const {
    messaging_product: _product,
    recipient_type: _type,
    ...rest
  } = JSON.parse(message) as Record<string, unknown>;
  return JSON.stringify(rest);
}

/** Opens nothing before the first request. The channel's sender id is the phone number's id. */
export function openWhatsAppAccount(options: ProviderAccountOptions): ProviderAccount {
  const wire = openWire({
    baseUrl: options.channel.baseUrl,
    connections: options.connections,
    timeoutMs: options.timeoutMs,
  });
  const headers = { authorization: `Bearer ${options.secret}`, 'content-type': 'application/json' };
  const path = `/${encodeURIComponent(options.channel.senderId)}/messages`;
  return {
    send: (_mode, { body, personal }) =>
      sendOnce(
        () => wire.exchange({ method: 'POST', path, headers, body }),
        (exchange) => readWhatsAppAnswer(exchange, personal),
      ),
    validate: async () => null,
    quotaLeft: async () => null,
    close: () => wire.close(),
  };
}
