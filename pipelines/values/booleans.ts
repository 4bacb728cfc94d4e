// Words that mean yes or no in the files of shops, in English and Chinese. Refuses everything else; empty is not "no".
import { cleanIdentifier } from './cell-text.ts';

const YES = `true t yes y 1 on ok v o ✓ ✔ ☑ ✅ ○ ◯ ● √ 是 有 真 對 对 開 开 開啟 开启 啟用 启用 同意 已同意 願意 愿意 接受
訂閱 订阅 已訂閱 已订阅 訂閱中 订阅中 追蹤 追踪 追蹤中 已追蹤 好友 subscribed subscribe active enabled opt-in optin opted-in opted_in`;
const NO = `false f no n 0 off x ✗ ✘ ✕ ❌ × 否 無 无 不 假 錯 错 關 关 關閉 关闭 停用 禁用 不同意 未同意 不願意 不愿意 拒絕 拒绝
取消訂閱 取消订阅 已取消訂閱 已取消订阅 未訂閱 未订阅 退訂 退订 已退訂 已退订 封鎖 封锁 已封鎖 已封锁
unsubscribed unsubscribe inactive disabled blocked opt-out optout opted-out opted_out`;

const WORDS = new Map<string, boolean>();
for (const word of YES.split(/\s+/)) WORDS.set(cleanIdentifier(word).toLowerCase(), true);
for (const word of NO.split(/\s+/)) WORDS.set(cleanIdentifier(word).toLowerCase(), false);

export type BooleanResult = { ok: true; value: boolean } | { ok: false; reason: 'boolean_empty' | 'boolean_invalid' };

/**
 * Yes or no from one cell, whatever its width or case (`Ｙ`, `TRUE`, `1.0`, `取消訂閱`). An unknown word is invalid, never a
 * guess.
 */
export function normaliseBoolean(raw: string): BooleanResult {
  const known = WORDS.get(raw);
  if (known !== undefined) return { ok: true, value: known };
  const text = cleanIdentifier(raw).toLowerCase();
  if (text === '') return { ok: false, reason: 'boolean_empty' };
  const value = WORDS.get(text === '1.0' ? '1' : text === '0.0' ? '0' : text);
  return value === undefined ? { ok: false, reason: 'boolean_invalid' } : { ok: true, value };
}
