// What a tag event is to workflows, pipelines and the command line: its kinds and its sources.

/** What a person or a file can say of a tag. `expired` and `retracted` are written by Sluice only. */
export const TAG_KINDS = ['applied', 'removed'] as const;
export type TagKind = (typeof TAG_KINDS)[number];

/** The sources that the product itself writes. Others are allowed: see {@link tagSource}. */
export const TAG_SOURCES = [
  'bot',
  'broadcast',
  'manual',
  'import',
  'keyword_auto_reply',
  'open_api',
  'game',
  'abandoned_cart',
  'remarketing',
  'product_referral',
  'journey',
  'line_rich_menu',
  'third_party_system',
  'coupon',
  'cross_channel_connector',
  'phone_binding',
  'survey',
  'social_channel_mapping',
  'chatbot_button',
  'add_cart',
] as const;

export const SOURCE = /^[a-z0-9][a-z0-9_.-]{0,62}$/;

/** A source as it is stored: lower case, blanks as `_`. Null for what cannot be one. Reading its own result changes nothing. */
export function tagSource(text: string): string | null {
  const source = text.trim().toLowerCase().replace(/\s+/g, '_');
  return SOURCE.test(source) ? source : null;
}
