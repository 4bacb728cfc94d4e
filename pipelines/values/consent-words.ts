// Headers by which shops and newsletter tools say that a person agreed to be written to, and by which way. A dictionary.
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import { headerKey, withoutBrackets } from './header-key.ts';

/** What the consent is for: any message, or one way only. Of these `email` and `sms` are no channel of Sluice. */
export type ConsentFor = 'any' | 'email' | 'sms' | ChannelKind;

/**
 * From the public documentation of SHOPLINE, Shopify, 91APP, CYBERBIZ, Mailchimp, Klaviyo, WooCommerce and HubSpot, and from what people call
 * such columns. What header-words.ts knows as `subscribed` is not repeated.
 */
const WORDS: Record<ConsentFor, string> = {
  any: `接受優惠宣傳, 接受优惠宣传, 願意接收優惠宣傳, 是否接受優惠宣傳, 接收優惠資訊, 接受優惠訊息, 接收優惠訊息, 願意接收優惠訊息, 接受行銷訊息, 願意接收行銷訊息, 接受推廣訊息,
    接收推廣訊息, 願意收到行銷訊息, 同意接收行銷訊息, 同意行銷活動, 行銷訊息同意, 接收促銷訊息, 接受促銷, 是否接收促銷訊息, 接收通知, 是否同意行銷, 接受行銷, 是否接受行銷,
    accepts marketing, accept marketing, accepts promotions, accepts marketing messages, marketing opt in, opted in to marketing, marketing permission, gdpr consent`,
  email: `訂閱電郵, 電郵訂閱, 订阅电邮, 訂閱電子報, 電子報訂閱, 是否訂閱電子報, 電子報, 訂閱edm, edm訂閱, edm, 是否訂閱edm, 訂閱email, email訂閱, 接收電子郵件, 接收email, 接受email行銷, 電子郵件訂閱, 訂閱電子郵件, 願意收到電子報,
    accepts email marketing, accept email marketing, email marketing consent, email consent, email opt in, email optin, email subscribed, email subscription, email subscription status, email marketing status, email marketing, newsletter,
    newsletter subscription, newsletter subscribed, subscribed to newsletter, opted out of email, unsubscribed from all email`,
  sms: `訂閱簡訊, 簡訊訂閱, 是否接收簡訊, 接收簡訊, 接受簡訊, 願意接收簡訊, 訂閱短訊, 短訊訂閱, 接收短訊, 订阅短信, 接收短信, 簡訊行銷, 是否訂閱簡訊, accepts sms marketing, accept sms marketing, sms marketing consent, sms consent, sms opt in,
    sms optin, sms subscribed, sms subscription, sms marketing status, text opt in`,
  line: `訂閱line, line訂閱, 訂閱line訊息, 接收line訊息, 接受line訊息, line推播, line通知, line好友, 是否為line好友, line好友狀態, line 官方帳號好友, line subscribed, line subscription, line opt in, accepts line marketing, line friend`,
  whatsapp: `訂閱whatsapp, whatsapp訂閱, 接收whatsapp訊息, 接受whatsapp訊息, whatsapp subscribed, whatsapp subscription, whatsapp opt in, whatsapp optin, whatsapp consent, accepts whatsapp marketing`,
  messenger: `訂閱messenger, messenger訂閱, 訂閱facebook, facebook訂閱, 訂閱fb, fb訂閱, 接收messenger訊息, messenger subscribed, messenger subscription, messenger opt in, facebook opt in, accepts messenger marketing`,
};

/** Parts of headers that speak of consent, for columns that no list above names. */
const LOOKS =
  /訂閱|订阅|退訂|退订|同意|接受|接收|願意|愿意|行銷|营销|宣傳|宣传|推廣|推广|促銷|電子報|edm|consent|opt(?:ed)?[\s_-]*(?:in|out)|subscri|accepts?\b|marketing|newsletter|promotion/i;

const KEYS = new Map<string, ConsentFor>();
for (const [way, words] of Object.entries(WORDS) as [ConsentFor, string][])
  for (const word of words.split(',')) KEYS.set(headerKey(word), way);

/** What consent a header names, also with brackets and marks around it; null: none that is known. */
export function consentOf(header: string): ConsentFor | null {
  return KEYS.get(headerKey(header)) ?? KEYS.get(headerKey(withoutBrackets(header).replace(/必填|選填/g, ''))) ?? null;
}

/** Whether a header speaks of consent at all. */
export function looksLikeConsent(header: string): boolean {
  return consentOf(header) !== null || LOOKS.test(header.normalize('NFKC'));
}

/**
 * How sure a header means the subscription on that kind of channel: 1 for its own consent, 0.8 for a general one, which gives way to it.
 * A consent to e-mail or SMS is none to be written to on LINE, WhatsApp or Messenger, whatever it says: 0.
 */
export function consentConfidence(header: string, kind: ChannelKind): number {
  const way = consentOf(header);
  return way === kind ? 1 : way === 'any' ? 0.8 : 0;
}
