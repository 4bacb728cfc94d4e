// How a business number shows itself, and the envelope of all that is reported about it.

/** A made-up number that is always the same for the same sender. */
export function displayNumber(sender: string): string {
  return `1555${sender.replace(/\D/g, '').padStart(7, '0').slice(-7)}`;
}

/**
 * The account of a number as WhatsApp spells it: with the 1 of old in Mexico, with the 9 of mobile numbers in Argentina, and in Brazil
 * with the ninth digit where it came first (areas 11 to 28) and without it elsewhere.
 */
export function accountOf(user: string): string {
  return user
    .replace(/^52(\d{10})$/, '521$1')
    .replace(/^54(?!9)(\d{10})$/, '549$1')
    .replace(/^55(1[1-9]|2[1-8])([6-9]\d{7})$/, (_, area: string, rest: string) => `55${area}9${rest}`)
    .replace(/^55([3-9]\d)9(\d{8})$/, '55$1$2');
}

/** One POST with reports of one number. */
export function statusEnvelope(sender: string, statuses: unknown[]): Record<string, unknown> {
  const metadata = { display_phone_number: displayNumber(sender), phone_number_id: sender };
  return envelope(sender, 'messages', { messaging_product: 'whatsapp', metadata, statuses });
}

/** Any change of one number. */
export function envelope(sender: string, name: string, value: unknown): Record<string, unknown> {
  const changes = [{ field: name, value }];
  return { object: 'whatsapp_business_account', entry: [{ id: `waba-${sender}`, changes }] };
}
