// Headers of bindings: facts that a later version keeps. Known here, so that they are never taken for something else. A dictionary.
import { headerKey, withoutBrackets } from './header-key.ts';

const WORDS = `手機綁定, 手机绑定, 手機綁定狀態, 手機綁定時間, 電話綁定, 社群身份綁定, 社群身分綁定, 社群身份绑定, 社群身份綁定狀態, 社群身份綁定時間, 社群綁定, 會員綁定, 会员绑定,
  會員綁定狀態, 會員綁定時間, 91app會員綁定, 91app 會員綁定, 跨渠道綁定, phone binding, phone bound, mobile binding, social binding, social identity binding, social id binding, member binding,
  membership binding`;

const KEYS = new Set(WORDS.split(',').map(headerKey));

/** Whether a header names a binding, also with brackets around a remark. */
export function isBinding(header: string): boolean {
  return KEYS.has(headerKey(header)) || KEYS.has(headerKey(withoutBrackets(header)));
}
