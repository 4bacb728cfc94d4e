// Makes the sample tag log: ninety days of tags on the contacts of line-contacts.csv, with true repeats, a few rows that are
// wrong and some about people nobody knows. Seeded: the same bytes every time. Run `node examples/make-tag-events.mjs`.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { makeSamples } from './make-samples.mjs';

const EVENTS = 2_400;
/** Midnight in Taipei on the day after the last event. `npm start` asks for the windows that end here. */
export const END = '2026-10-01T00:00:00+08:00';
const TAGS = 'VIP 新客 雙11 回購 生日禮 問卷 加購🛒 "限量,搶購"'.split(' ');
const SOURCES = 'bot keyword_auto_reply broadcast line_rich_menu coupon survey add_cart chatbot_button'.split(' ');

function dice(seed) {
  let state = seed;
  return (limit) => {
    // A linear congruential generator is random enough for a sample.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** The file's text; UIDs as in line-contacts.csv. */
export function makeTagEvents() {
  const contacts = makeSamples()['line-contacts.csv'].toString('utf8');
  const uids = [...new Set(contacts.match(/^U[0-9a-f]{32}/gm))];
  const throwDice = dice(11);
  const cell = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = ['LINE UID,標籤,時間,來源'];
  for (let n = 0; n < EVENTS; n += 1) {
    // Some people are tagged far more often than others.
    const uid =
      n % 97 === 96 ? `U${'0'.repeat(31)}${n % 10}` : uids[Math.floor((throwDice(uids.length) * throwDice(100)) / 100)];
    const at = new Date(Date.parse(END) - 1000 - throwDice(90 * 86_400) * 1000);
    const local = new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    const time = n === 700 ? '昨天下午' : n % 5 === 0 ? at.toISOString() : local;
    const tag = TAGS[Math.floor((throwDice(TAGS.length) * throwDice(100)) / 100)];
    const line = [uid, tag, time, SOURCES[throwDice(SOURCES.length)]].map(cell).join(',');
    lines.push(line);
    if (n % 60 === 0) lines.push(line);
  }
  return `${lines.join('\n')}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(new URL('line-tag-events.csv', import.meta.url), makeTagEvents());
