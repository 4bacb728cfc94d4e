// Records the histories of importTags and expireTags that tests/replay replays, as record-histories.mjs does for contacts. Run it
// after a deliberate change of a workflow, and keep the old files.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addChannel } from '../dist/pipelines/channels/channel-store.js';
import { cancelAfterSlices, LINE, recordHistories } from './history-recorder.mjs';

await recordHistories(async ({ db, folder, run, write }) => {
  await addChannel(db, LINE);
  await db.query(`insert into contacts (channel_id, social_id, member_id, source)
    select 'line', 'U' || md5(n::text), 'M' || n, 'record' from generate_series(1, 1000) n`);
  const file = join(folder, 'tags.csv');
  const rows = Array.from({ length: 150_000 }, (_, n) => `M${(n % 1000) + 1},tag ${n % 20},${1_700_000_000 + n}`);
  writeFileSync(file, `member_id,tag,time\n${rows.join('\n')}\n`);
  const bad = join(folder, 'bad.csv');
  writeFileSync(bad, 'member_id,tag,time\nM1,x,never\n');
  const record = async (type, name, input, disturb) => {
    await run(type, `record/${name}`, [input], disturb);
    write(name, `record/${name}`);
  };
  const tags = (name, input, disturb) =>
    record('importTags', `import-tags-${name}`, { channel: 'line', ...input }, disturb);
  await tags('cancelled', { file }, cancelAfterSlices(db, 1));
  await tags('resumed', { file });
  await tags('recognised', { file });
  await tags('dry-run', { file, dryRun: true });
  await tags('rejected', { file: bad });
  await tags('failed', { file: join(folder, 'missing.csv') });
  await tags('wrong-input', { file: 'relative.csv' });
  await record('expireTags', 'expire-tags-plain', {});
  await record('expireTags', 'expire-tags-wrong-input', { batch: 0 });
});
