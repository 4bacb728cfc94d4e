// Generated contacts for benches: the same rows as a CSV to import and as a ready COPY file for the floor. Deterministic.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

const SURNAMES = ['陳', '林', '黃', '張', '李', '王', '吳', '劉', '蔡', '楊'];
const GIVEN = ['怡君', '志明', '淑芬', '家豪', '雅婷', '俊傑', '美玲', '建宏', '欣怡', '宗翰'];
const CITIES = ['台北市', '新北市', '桃園市', '台中市', '台南市', '高雄市', '基隆市', '新竹市'];

/** Rows written at a time; only speed. */
const CHUNK = 5_000;

/** Paths of the two files, and what is in them. */
export interface ContactFiles {
  csv: string;
  copy: string;
}

/** Writes `rows` contacts of eight columns (LINE UID, name, member ID, e-mail, phone, last interaction, city, points). */
export async function writeContacts(files: ContactFiles, rows: number): Promise<void> {
  const csv = createWriteStream(files.csv);
  const copy = createWriteStream(files.copy);
  csv.write('LINE UID,姓名,會員編號,Email,手機,最後互動時間,city,points\n');
  for (let from = 0; from < rows; from += CHUNK) {
    let csvText = '';
    let copyText = '';
    for (let row = from; row < Math.min(rows, from + CHUNK); row++) {
      const uid = `U${createHash('md5').update(`contact ${row}`).digest('hex')}`;
      const name = SURNAMES[row % 10]! + GIVEN[Math.floor(row / 10) % 10]! + (row % 97);
      const member = String(row).padStart(9, '0');
      const email = `user${row}@example.com`;
      const mobile = String(10_000_000 + (row % 89_999_999)).padStart(8, '0');
      const day = `2026-0${(row % 9) + 1}-1${row % 10}`;
      const time = `${String(row % 24).padStart(2, '0')}:${String(row % 60).padStart(2, '0')}:00`;
      const city = CITIES[row % CITIES.length]!;
      csvText += `${uid},${name},${member},${email},09${mobile},${day} ${time},${city},${row % 5000}\n`;
      copyText += `${row + 2}\t${uid}\t${name}\t${member}\t${email}\t${email}\t+8869${mobile}\t09${mobile}\t${day} ${time}+08\t{"city": "${city}", "points": ${row % 5000}}\n`;
    }
    if (!csv.write(csvText)) await once(csv, 'drain');
    if (!copy.write(copyText)) await once(copy, 'drain');
  }
  csv.end();
  copy.end();
  await Promise.all([finished(csv), finished(copy)]);
}
