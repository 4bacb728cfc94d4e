// Records the histories of tagFrequency that tests/replay replays, as record-histories.mjs does for imports: run it after a
// deliberate change of the workflow with a new suffix, and keep the old files.
import { fillTagLog } from '../dist/bench/tag-log-rows.js';
import { recordHistories } from './history-recorder.mjs';

await recordHistories(async ({ db, run, write }) => {
  await fillTagLog(db, 10_000, () => undefined);
  const record = async (name, input) => {
    const result = await run('tagFrequency', `tag-frequency/${name}`, [input]);
    write(`tag-frequency-${name}`, `tag-frequency/${name}`);
    return result;
  };
  await record('plain', {});
  const parts = await record('parts', { fanOut: 4, channel: 'bench', formats: ['parquet', 'csv'], report: false });
  await record('recognised', { asOf: parts.asOf, knownAt: parts.knownAt, channel: 'bench', report: false });
  // No event is as old as this window.
  await record('refused', { windows: ['2020-01-01..2020-02-01'], maxAgeHours: 1 });
  await record('wrong-input', { windows: ['never'] });
});
