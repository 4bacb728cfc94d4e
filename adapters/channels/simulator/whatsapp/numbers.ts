// How a business number shows itself, and the envelope of all that is reported about it.

/** A made-up number that is always the same for the same sender. */
export function displayNumber(sender: string): string {
  return `1555${sender.replace(/\D/g, '').padStart(7, '0').slice(-7)}`;
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
