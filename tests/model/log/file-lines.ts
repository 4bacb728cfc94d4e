// At the end of a course: each line of each file that was imported is in the log as often as it should be, and no more.
import { tagsNow } from '../../tag-harness.ts';
import type { ContactFile, TagFile } from './people.ts';
import type { Shop } from './shop.ts';

export async function fileLines(shop: Shop): Promise<void> {
  const { admin } = shop.shared;
  const { rows: live } = await admin.query<{ key: string; n: number }>(
    `select concat_ws(' ', c.social_id, e.tag, extract(epoch from e.occurred_at)::numeric(20, 3)) as key, count(*)::integer as n
     from tag_events e join contacts c on c.id = e.contact_id
     where e.kind = 'applied' and e.source = 'import'
       and not exists (select from tag_events r where r.kind = 'retracted' and r.retracts = e.id)
     group by 1`,
  );
  const inLog = new Map(live.map(({ key, n }) => [key, n]));
  for (const file of shop.files)
    if (file.kind === 'tags') await tagFile(shop, file, inLog);
    else await contactFile(shop, file);
}

/** Its last import that has its report, and was not a dry run. */
function lastOf(shop: Shop, file: ContactFile | TagFile) {
  return shop.promises.ended.findLast((one) => one.file === file && one.result.state === 'done' && !one.result.dryRun);
}

async function tagFile(shop: Shop, file: TagFile, inLog: Map<string, number>): Promise<void> {
  const keyOf = ({ person, tag, at }: TagFile['lines'][number]) =>
    `${person.socialId} ${tag} ${(Date.parse(at) / 1000).toFixed(3)}`;
  const most = new Map<string, number>();
  for (const line of file.lines) most.set(keyOf(line), (most.get(keyOf(line)) ?? 0) + 1);
  for (const [key, n] of most)
    if ((inLog.get(key) ?? 0) > n) shop.wrong(`${file.name}: ${inLog.get(key)} events of ${n} lines: ${key}`);
  const last = lastOf(shop, file);
  if (!last || shop.promises.retractedAnything) return;
  const { rows } = await shop.shared.admin.query<{ line: string; outcome: string }>(
    'select line, outcome from import_lines where import_id = $1',
    [last.result.importId],
  );
  const due = new Map<string, number>();
  for (const { line, outcome } of rows) {
    const given = file.lines[Number(line) - 2];
    if (!given || given.person.erased !== null || !['added', 'known'].includes(outcome)) continue;
    due.set(keyOf(given), (due.get(keyOf(given)) ?? 0) + 1);
  }
  for (const [key, n] of due)
    if ((inLog.get(key) ?? 0) !== n) shop.wrong(`${file.name}: ${inLog.get(key) ?? 0} events of ${n} lines: ${key}`);
}

/** Everybody in it is a contact with its tag, where nobody ever took a tag off or back. */
async function contactFile(shop: Shop, file: ContactFile): Promise<void> {
  const last = lastOf(shop, file);
  const takesOff = shop.runs.some(({ wanted }) => 'tags' in wanted && wanted.tags !== 'add');
  if (!last || takesOff || shop.promises.retractedAnything) return;
  const { rows } = await shop.shared.admin.query<{ id: string; social_id: string }>(
    'select id, social_id from contacts',
  );
  const on = new Set((await tagsNow(shop.shared.admin)).map((line) => line.split('@')[0]));
  for (const person of file.people) {
    if (person.erased !== null) continue;
    const contact = rows.find(({ social_id: id }) => id === person.socialId);
    if (!contact) shop.wrong(`${file.name}: person ${person.n} has vanished`);
    else if (!on.has(`${contact.id} ${file.tag}`))
      shop.wrong(`${file.name}: person ${person.n} has no tag ${file.tag}`);
  }
}
