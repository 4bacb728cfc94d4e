// The words that files use for contact fields, in English, traditional and simplified Chinese. A dictionary, nothing
// else.
import type { ContactField } from '../../contracts/contact-fields.ts';
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import { consentConfidence, consentOf } from './consent-words.ts';
import { headerKey } from './header-key.ts';

/** What a header can mean by itself. */
export type HeaderMeaning = ContactField | 'tags' | 'attributes';

/**
 * Words by meaning. Before the bar: sure. After it: likely, and it gives way to a sure word in another column.
 */
const WORDS: Record<Exclude<HeaderMeaning, 'social_id'>, string> = {
  member_id: `member id, member number, member no, member code, membership id, membership number, member card, vip number, vip no,
    會員編號, 會員id, 會員代號, 會員代碼, 會員號碼, 會員號, 會員卡號, 会员编号, 会员id, 会员代号, 会员号, 会员号码, 会员卡号
    | customer id, customer number, customer no, customer code, crm id, 顧客編號, 顧客id, 客戶編號, 客戶id, 客戶代號, 客户编号, 客户id, 顾客编号`,
  phone: `phone, phone number, phone no, mobile, mobile phone, mobile number, mobile no, cell phone, cellphone, cell number, msisdn,
    phone 1 value, 電話 1 值, 手機, 手機號碼, 手機號, 手機電話, 行動電話, 行動電話號碼, 會員手機, 聯絡手機, 手机, 手机号, 手机号码, 移动电话, 流動電話, 手提電話
    | tel, telephone, telephone number, contact number, contact phone, cell, 電話, 電話號碼, 聯絡電話, 聯繫電話, 连络电话, 电话, 电话号码, 联系电话, 联络电话`,
  email: `email, e mail, email address, mail address, e mail 1 value, email 1 value, 電子郵件 1 值, 電子郵件, 電子郵件地址, 電子信箱, 電郵, 電郵地址, 會員信箱, 电子邮件, 电子邮箱, 电邮, 邮箱, 邮箱地址
    | mail, 信箱, 郵件, 郵箱, 邮件`,
  display_name: `display name, full name, name, nickname, nick name, customer name, member name, contact name, user name, line name, line display name,
    profile name, 姓名, 全名, 名稱, 客戶名稱, 顧客名稱, 顧客全名, 聯絡人名稱, 顯示名稱, 暱稱, 會員姓名, 會員名稱, 顧客姓名, 客戶姓名, 聯絡人, 聯絡人姓名, line暱稱, line名稱, line顯示名稱, 中文姓名,
    名字, 名称, 显示名称, 昵称, 会员姓名, 会员名称, 客户姓名, 顾客姓名, 联系人 | 稱呼, 称呼, customer, 顧客, 客戶, 客户`,
  avatar_url: `avatar, avatar url, picture url, picture, profile picture, profile picture url, profile image, photo url,
    頭像, 頭像網址, 大頭貼, 大頭照, 头像, 头像地址 | image url, 圖片, 照片`,
  time_zone: `time zone, timezone, tz, 時區, 时区`,
  subscribed: `subscribed, is subscribed, subscription, subscription status, subscribe status, opt in, marketing consent, consent,
    訂閱, 訂閱狀態, 是否訂閱, 已訂閱, 行銷同意, 订阅, 订阅状态, 是否订阅, 已订阅 | 同意行銷, 接收行銷訊息, accepts marketing, 好友狀態`,
  subscribed_since: `subscribed since, subscribed at, subscription time, subscription date, subscribe time, opt in time, opt in at, followed at,
    訂閱時間, 加入訂閱時間, 訂閱日期, 訂閱日, 加入好友時間, 加好友時間, 追蹤時間, 订阅时间, 订阅日期, 关注时间 | 加入時間, 加入日期, joined at`,
  last_interaction_at: `last interaction at, last interaction, last interaction time, last interacted at, last active, last active at, last seen,
    last message at, 最後互動, 最後互動時間, 最後互動日期, 最近互動, 最近互動時間, 最後訊息時間, 最后互动, 最后互动时间, 最近互动, 最近互动时间 | 最後活動時間, 最近活動時間`,
  tags: `tags, tag, labels, label, tag list, 標籤, 標籤名稱, 會員標籤, 顧客標籤, 客戶標籤, 标签, 会员标签, 客户标签, 客戶標記 | 分眾, 群組標籤`,
  attributes: `attributes, custom attributes, custom fields, 自訂屬性, 自定義屬性, 自定义属性, 客製屬性 | 自訂欄位, 自定義欄位, 自定义字段`,
};

const SOCIAL_WORDS: Record<ChannelKind, string> = {
  line: `social id, 社群 user id, 社群使用者id, line uid, line id, line user id, line userid, lineuid, lineuserid, line使用者id, line用戶id, line 會員 uid, uid, user id, userid
    | 社群編號, line, 使用者id, 用戶id, 用户id, channel user id, recipient id`,
  messenger: `social id, 社群 user id, 社群使用者id, psid, page scoped id, messenger id, messenger psid, facebook id, fb id, facebook psid, fb psid, facebook user id, sender id
    | 社群編號, uid, user id, userid, messenger, recipient id, 使用者id, 用戶id, 用户id, 臉書id`,
  whatsapp: `social id, 社群 user id, 社群使用者id, whatsapp, whatsapp id, wa id, whatsapp number, whatsapp phone, whatsapp phone number, whatsapp no, bsuid, whatsapp號碼,
    whatsapp電話, whatsapp手機, whatsapp号码 | 社群編號, wa, wa number, recipient id`,
};

/** Longest header that is looked up. Lower misses questions of a form; higher lets a long cell of brackets cost its square. */
const MAX_HEADER = 1000;

const dictionaries = new Map<ChannelKind, Map<string, { meaning: HeaderMeaning; confidence: number }>>();

/**
 * What each header key means on a kind of channel; built once a kind. Confidence 1 for sure words, 0.8 for likely ones.
 */
export function headerDictionary(kind: ChannelKind): Map<string, { meaning: HeaderMeaning; confidence: number }> {
  let dictionary = dictionaries.get(kind);
  if (!dictionary) {
    dictionary = new Map();
    const entries = [['social_id', SOCIAL_WORDS[kind]], ...Object.entries(WORDS)] as [HeaderMeaning, string][];
    for (const [meaning, words] of entries) {
      dictionary.set(headerKey(meaning), { meaning, confidence: 1 });
      for (const [index, list] of words.split('|').entries()) {
        for (const word of list.split(','))
          dictionary.set(headerKey(word), { meaning, confidence: index === 0 ? 1 : 0.8 });
      }
    }
    dictionaries.set(kind, dictionary);
  }
  return dictionary;
}

/**
 * What a header means by its words, or null. Also looks at the text without what stands in brackets, without the marks
 * of required fields, and at what stands in the brackets: `手機號碼（必填）`, `Email (電子郵件)`, `*姓名`.
 */
export function meaningOf(header: string, kind: ChannelKind): { meaning: HeaderMeaning; confidence: number } | null {
  if (header.length > MAX_HEADER) return null;
  const consent = consentConfidence(header, kind);
  if (consent > 0) return { meaning: 'subscribed', confidence: consent };
  // A consent for another way must not pass for this one by a part of its name.
  if (consentOf(header) !== null) return null;
  const dictionary = headerDictionary(kind);
  const text = header.normalize('NFKC');
  const whole = dictionary.get(headerKey(text));
  if (whole) return whole;
  const outside = dictionary.get(
    headerKey(text.replace(/\([^)]*\)|\[[^\]]*\]|【[^】]*】|必填|選填|选填|required|optional/gi, '')),
  );
  if (outside) return { meaning: outside.meaning, confidence: outside.confidence * 0.9 };
  const parts = [...(/[([【]([^)\]】]*)[)\]】]/.exec(text)?.slice(1) ?? []), ...text.split(/[/|\n]/)];
  for (const part of parts) {
    const inside = dictionary.get(headerKey(part));
    if (inside) return { meaning: inside.meaning, confidence: inside.confidence * 0.8 };
  }
  return null;
}
