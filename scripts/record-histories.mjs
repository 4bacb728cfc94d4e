// Records the histories that tests/replay replays: runs importContacts on the real stack in its main courses and writes
// what Temporal kept. Run it after a deliberate change of a workflow (npm run record-histories NAME-SUFFIX), and keep the
// old files: runs of the old code must replay too.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeContacts } from '../dist/bench/contact-rows.js';
import { addChannel } from '../dist/pipelines/channels/channel-store.js';
import { cancelAfterSlices, LINE, recordHistories } from './history-recorder.mjs';

await recordHistories(
  async ({ db, folder, run, write }) => {
    await addChannel(db, LINE);
    const file = join(folder, 'contacts.csv');
    await writeContacts({ csv: file, copy: join(folder, 'contacts.copy') }, 60_000);
    const bad = join(folder, 'bad.csv');
    writeFileSync(bad, 'LINE UID\nnot a uid\n');
    const record = async (name, input, disturb) => {
      await run('importContacts', `import/${name}`, [{ channel: 'line', ...input }], disturb);
      write(`import-contacts-${name}`, `import/${name}`);
    };
    await record('cancelled', { file }, cancelAfterSlices(db, 5));
    await record('resumed', { file });
    await record('recognised', { file });
    await record('rejected', { file: bad });
    await record('failed', { file: join(folder, 'missing.csv') });
    await record('wrong-input', { file: 'relative.csv' });
  },
  { settings: { SLUICE_IMPORT_SLICE_LINES: '200' } },
);
