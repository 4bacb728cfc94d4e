// Makes the sample contact files: invented people of Taiwan and Hong Kong, dirty in the ways that real exports are.
// Seeded: the same bytes every time. Run `node examples/make-samples.mjs` to write them beside this file; it touches
// nothing else.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import iconv from 'iconv-lite';

const CONTACTS = 300;

/** A small seeded generator (mulberry32), so that the files never change by themselves. */
function random(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => Math.floor(next() * limit),
    pick: (list) => list[Math.floor(next() * list.length)],
    chance: (share) => next() < share,
  };
}

const SURNAMES = [...'陳林黃張李王吳劉蔡楊許鄭謝郭洪'];
const GIVEN_NAMES = '怡君 志明 淑芬 俊傑 雅婷 家豪 美玲 宗翰 佳穎 冠廷 心怡 柏翰 詩涵 承恩 宜蓁 建宏'.split(' ');
const HONG_KONG = 'Chan Wong Lee Cheung Lau Leung Ho Ng Tsang Yip'.split(' ');
const ENGLISH = 'Amy Ben Carmen Daniel Emily Felix Grace Henry Ivy Jason Kelly Louis'.split(' ');
const TAGS = 'VIP 新客 台北 台中 高雄 母親節 雙11 回購 生日禮 問卷'.split(' ');
const TAGS_HK = ['VIP', 'New', 'Kowloon', 'Island', 'Flash Sale', 'Repeat', 'Birthday'];

const two = (number) => String(number).padStart(2, '0');
const wide = (text) => text.replace(/[!-~]/g, (mark) => String.fromCharCode(mark.charCodeAt(0) + 0xfee0));
const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function someTags(dice, names, separator) {
  const chosen = Array.from({ length: dice.below(4) }, () => dice.pick(names));
  return chosen.join(dice.chance(0.3) ? `${separator} ` : separator);
}

/** An address at one of the reserved example domains. */
function email(dice, index, domains) {
  const address = `${dice.pick(ENGLISH).toLowerCase()}.${1000 + index}@${dice.pick(domains)}`;
  if (dice.chance(0.03)) return address.toUpperCase();
  return dice.chance(0.03) ? ` ${address} ` : address;
}

function day(dice, from, years) {
  return {
    year: from + dice.below(years),
    month: 1 + dice.below(12),
    day: 1 + dice.below(28),
    hour: dice.below(24),
    minute: dice.below(60),
  };
}

/** A Taiwan mobile number of a block that is hardly in use, written in one of the ways people write it. */
function taiwanMobile(dice, index) {
  const digits = `0900${two(dice.below(100))}${String(index).padStart(4, '0')}`;
  const [a, b, c] = [digits.slice(0, 4), digits.slice(4, 7), digits.slice(7)];
  const writings = [
    digits,
    digits,
    digits,
    `${a}-${b}-${c}`,
    `${a} ${b} ${c}`,
    `+886${digits.slice(1)}`,
    `886${digits.slice(1)}`,
    digits.slice(1),
    wide(digits),
    `'${digits}`,
    `${digits.slice(1)}.0`,
  ];
  return dice.pick(writings);
}

function lineFile() {
  const dice = random(20240305);
  const header =
    'LINE UID,姓名,手機號碼,電子郵件,會員編號,標籤,訂閱狀態,訂閱時間,最後互動時間,會員等級,生日,累積消費,備註';
  const lines = Array.from({ length: CONTACTS }, (_, index) => {
    const uid = `U${Array.from({ length: 32 }, () => dice.below(16).toString(16)).join('')}`;
    const since = day(dice, 2021, 3);
    const seen = day(dice, 2024, 1);
    const born = day(dice, 1960, 45);
    return [
      uid,
      `${dice.chance(0.1) ? ' ' : ''}${dice.pick(SURNAMES)}${dice.pick(GIVEN_NAMES)}${dice.chance(0.1) ? '　' : ''}`,
      dice.chance(0.15) ? '' : taiwanMobile(dice, index),
      dice.chance(0.2) ? '' : email(dice, index, ['example.com', 'example.com.tw', 'example.org']),
      dice.chance(0.3) ? '' : two(0) + String(10_000 + index),
      someTags(dice, TAGS, ','),
      dice.pick(['訂閱', '訂閱', '訂閱', '取消訂閱', '']),
      `${since.year}/${since.month}/${since.day} ${dice.chance(0.5) ? '上午' : '下午'} ${two(1 + (since.hour % 12))}:${two(since.minute)}`,
      `${seen.year}-${two(seen.month)}-${two(seen.day)} ${two(seen.hour)}:${two(seen.minute)}:00`,
      dice.pick(['一般', '銀卡', '金卡', '白金']),
      `${born.year}-${two(born.month)}-${two(born.day)}`,
      dice.chance(0.3) ? (1000 + dice.below(90_000)).toLocaleString('en-US') : String(dice.below(1000)),
      dice.chance(0.05) ? '請於下午聯絡\n勿寄 "紙本" 型錄' : '',
    ];
  });
  lines[10][2] = '9.00123E+8'; // What a spreadsheet leaves of a number.
  lines[20][3] = 'amy.example.com';
  lines[30][0] = lines[30][0].slice(0, 20);
  lines[40][0] = '';
  lines[50][4] = '1.23E+10';
  lines[60][3] = 'ben@@example.com';
  lines[70][2] = '0900000070、02-2345-6789';
  const text = lines.map((fields) => fields.map(cell).join(','));
  text.splice(100, 0, text[99], ''); // The same person twice, then an empty line.
  text.splice(
    200,
    0,
    lines[150].map((value, index) => cell(index === 1 ? `${value.trim()}（改名）` : value)).join(','),
  );
  text.splice(250, 0, ',,,,,,,,,,,,');
  return Buffer.from(`\ufeff${[header, ...text].join('\r\n')}\r\n`);
}

function whatsappFile() {
  const dice = random(852);
  const header =
    'Phone Number;Full Name;Email;Member ID;Tags;Subscribed;Subscribed At;Last Interaction;District;Points';
  const lines = Array.from({ length: CONTACTS }, (_, index) => {
    const digits = `${dice.pick(['5', '6', '9'])}${dice.pick(['1', '2', '3'])}00${String(1000 + index)}`;
    const written = [
      digits,
      digits,
      `${digits.slice(0, 4)} ${digits.slice(4)}`,
      `+852 ${digits.slice(0, 4)} ${digits.slice(4)}`,
      `852${digits}`,
      `00852${digits}`,
      wide(digits),
      `${digits}.0`,
    ];
    const since = day(dice, 2022, 2);
    const seen = day(dice, 2024, 1);
    const time = (at) => `${two(at.day)}/${two(at.month)}/${at.year} ${two(at.hour)}:${two(at.minute)}`;
    return [
      dice.chance(0.1) ? `+886 900 ${two(dice.below(100))}${String(index).padStart(4, '0')}` : dice.pick(written),
      `${dice.pick(ENGLISH)} ${dice.pick(HONG_KONG)}${dice.chance(0.1) ? '  ' : ''}`,
      dice.chance(0.3) ? '' : email(dice, index, ['example.com', 'example.com.hk', 'example.net']),
      dice.chance(0.2) ? '' : `HK-${String(index).padStart(6, '0')}`,
      someTags(dice, TAGS_HK, ','),
      dice.pick(['Yes', 'Y', 'TRUE', '1', 'No', '']),
      time(since),
      dice.chance(0.2) ? '' : time(seen),
      dice.pick(['Central', 'Mong Kok', 'Sha Tin', 'Tuen Mun; New Territories', 'Causeway Bay']),
      String(dice.below(5000)),
    ];
  });
  lines[5][0] = '2345 6789'; // A fixed line.
  lines[15][0] = '8.5291E+10';
  lines[25][0] = '';
  lines[35][0] = '9123 456';
  lines[45][2] = 'n/a';
  lines[55][5] = 'perhaps';
  lines[65][6] = '31/02/2023 10:00';
  const write = (fields) =>
    fields.map((text) => (/[";\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(';');
  const text = lines.map(write);
  text.splice(80, 0, text[79]);
  text.splice(120, 0, '', '   ');
  return Buffer.from([header, ...text].join('\n'));
}

function messengerFile() {
  const dice = random(1877);
  const header = 'PSID,暱稱,信箱,聯絡電話,標籤,標籤:VIP,訂閱,最後互動,會員等級';
  const lines = Array.from({ length: CONTACTS }, (_, index) => {
    const seen = day(dice, 2023, 2);
    return [
      `${24 + dice.below(40)}${String(dice.below(10 ** 9)).padStart(9, '0')}${String(10_000 + index)}`,
      `${dice.pick(SURNAMES)}${dice.pick(GIVEN_NAMES)}`,
      dice.chance(0.25) ? '' : email(dice, index, ['example.com', 'example.com.tw']),
      dice.chance(0.3) ? '' : taiwanMobile(dice, index),
      someTags(dice, TAGS, dice.pick([',', '、'])),
      dice.pick(['是', '否', '', 'V']),
      dice.pick(['是', '否', '']),
      `${seen.year}年${seen.month}月${seen.day}日 ${two(seen.hour)}時${two(seen.minute)}分`,
      dice.pick(['一般', '銀卡', '金卡']),
    ];
  });
  lines[12][0] = '2.48377E+15';
  lines[22][0] = '無';
  lines[32][2] = '沒有';
  lines[42][3] = '12345';
  lines[52][1] = '王 "小\n明"';
  const text = lines.map((fields) => fields.map(cell).join(','));
  text.splice(90, 0, text[10]);
  text.splice(140, 0, '');
  text.splice(160, 0, `${lines[160][0]},欄位不足`);
  return iconv.encode(
    ['粉絲專頁聯絡人匯出', '匯出時間,2024/12/31 18:00', '', header, ...text, ''].join('\r\n'),
    'big5',
  );
}

/** The three files, by name. Calling it again gives the same bytes. */
export function makeSamples() {
  return {
    'line-contacts.csv': lineFile(),
    'whatsapp-contacts.csv': whatsappFile(),
    'messenger-contacts.csv': messengerFile(),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, bytes] of Object.entries(makeSamples())) writeFileSync(new URL(name, import.meta.url), bytes);
}
