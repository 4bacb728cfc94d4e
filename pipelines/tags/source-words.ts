// The words by which files in Chinese name the source of a tag event. A dictionary, nothing else.
import { TAG_SOURCES, tagSource } from '../../contracts/tag-event.ts';

/** The first word of each is the one that messages show. `order` and `system` are no sources of the product, and usual ones of shops. */
const WORDS: Record<(typeof TAG_SOURCES)[number] | 'order' | 'system', string> = {
  bot: '機器人, 机器人, 自動化, 自动化, 自動貼標, 自动贴标, 聊天機器人, 聊天机器人',
  broadcast: '廣播, 广播, 推播, 群發, 群发, 推送, 廣播訊息, 推播訊息, 群發訊息',
  manual: '手動, 手动, 人工, 手動貼標, 手动贴标, 人工貼標, 後台手動, 客服手動, 手動新增',
  import: '匯入, 汇入, 導入, 导入, 批次匯入, 批量导入, 檔案匯入, 名單匯入, csv匯入, excel匯入',
  keyword_auto_reply: '關鍵字自動回覆, 关键字自动回复, 關鍵字回覆, 關鍵字, 关键字, 关键词, 自動回覆, 自动回复',
  open_api: '介接, api介接, api串接, 串接, 開放api, 开放api, 開放平台, api匯入, api接口, 接口',
  game: '遊戲, 游戏, 互動遊戲, 互动游戏',
  abandoned_cart: '棄單, 棄購, 購物車未結帳, 未結帳購物車, 購物車未結, 弃购, 弃单, 購物車遺棄',
  remarketing: '再行銷, 再营销, 再營銷',
  product_referral: '商品推薦, 產品推薦, 商品推荐, 产品推荐, 推薦商品',
  journey: '旅程, 顧客旅程, 客戶旅程, 自動旅程, 顾客旅程, 客户旅程, 行銷旅程',
  line_rich_menu: '圖文選單, 图文菜单, line圖文選單, 選單',
  third_party_system: '第三方系統, 第三方系统, 第三方, 外部系統, 外部系统',
  coupon: '優惠券, 优惠券, 折價券, 優惠卷, 票券',
  cross_channel_connector: '跨渠道串接, 跨渠道連接, 跨通路串接, 跨管道串接, 跨渠道连接',
  phone_binding: '手機綁定, 手机绑定, 電話綁定, 电话绑定',
  survey: '問卷, 问卷, 問卷調查, 问卷调查, 調查表',
  social_channel_mapping: '社群渠道對應, 社群身份綁定, 社群綁定, 社群渠道綁定, 社群身份绑定',
  chatbot_button: '機器人按鈕, 机器人按钮, 聊天機器人按鈕, 按鈕, 按钮',
  add_cart: '加入購物車, 加入购物车, 加購物車',
  order: '訂單, 订单, 下單, 訂購, 購買',
  system: '系統, 系统, 系統自動',
};

const key = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_-]+/g, '');

const sources = new Map<string, string>();
for (const [source, words] of Object.entries(WORDS))
  for (const word of words.split(',')) sources.set(key(word), source);

/** The Chinese words of a source, the usual one first; none for a source that is not the product's. */
export function sourceWords(source: string): string[] {
  return Object.hasOwn(WORDS, source) ? WORDS[source as keyof typeof WORDS].split(',').map((word) => word.trim()) : [];
}

/** The source that a cell names, as it is stored: a word of letters as it is, else what a Chinese word means; null for none. */
export function sourceOf(text: string): string | null {
  return tagSource(text) ?? sources.get(key(text)) ?? null;
}

/** Every source of the product with its Chinese word, for a message. */
export const namedSources = (): string =>
  TAG_SOURCES.map((source) => `${source} (${sourceWords(source)[0]})`).join(', ');
