// Makes the sample recipient lists for broadcasts from the sample contacts: found, unknown, twice, unreadable, without a value.
// The same bytes every time. Run `node examples/make-recipients.mjs` to write them beside this file.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parse } from 'csv-parse/sync';
import { makeSamples } from './make-samples.mjs';

const code = (index) =>
  `FALL-${String(index * 7919)
    .padStart(7, '0')
    .slice(-5)}`;

/** Members of the LINE sample, by member ID. */
function lineRecipients(contacts) {
  const members = contacts.map((fields) => [fields[4], fields[1].trim()]).filter(([member]) => /^[0-9]+$/.test(member));
  const lines = members.slice(0, 200).map(([member, name], index) => `${member},${name},${code(index)}`);
  lines[20] = lines[20].replace(/,[^,]*$/, ','); // Nothing to put into the message.
  lines.splice(40, 0, '0099999,沒有這個人,FALL-00000');
  lines.splice(60, 0, lines[10], '');
  lines.splice(80, 0, '1.23E+10,試算表弄壞的,FALL-00001');
  return Buffer.from(`\ufeff會員編號,姓名,優惠碼\r\n${lines.join('\r\n')}\r\n`);
}

/** People of the WhatsApp sample, by phone, and some that nobody knows yet. */
function whatsappRecipients(contacts) {
  const people = contacts.filter((fields) => fields.length > 1).slice(0, 150);
  const lines = people.map((fields, index) => `${fields[0]},${fields[1].trim()},${code(index)}`);
  for (let n = 0; n < 20; n++) lines.push(`+852 5100 ${9000 + n},New Customer ${n + 1},${code(n)}`);
  lines.splice(30, 0, '2345 6789,Fixed Line,FALL-00002', '12345,Too Short,FALL-00003', lines[7]);
  return Buffer.from(`Phone Number,Full Name,Code\n${lines.join('\n')}\n`);
}

/** The two lists, by name. Calling it again gives the same bytes. */
export function makeRecipients() {
  const samples = makeSamples();
  const records = (name, delimiter) =>
    parse(samples[name], { bom: true, delimiter, relax_column_count: true, skip_empty_lines: true, from: 2 });
  return {
    'line-recipients.csv': lineRecipients(records('line-contacts.csv', ',')),
    'whatsapp-recipients.csv': whatsappRecipients(records('whatsapp-contacts.csv', ';')),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, bytes] of Object.entries(makeRecipients())) writeFileSync(new URL(name, import.meta.url), bytes);
}
