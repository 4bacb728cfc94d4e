// Runs tag frequency in this process as its workflow does, without Temporal; and the same question by plain SQL, written apart.
import type { Database } from '../ports/database.ts';
import { writeArrowFile } from '../adapters/arrow/ipc-file.ts';
import { svgPlots } from '../adapters/plots/svg-plots.ts';
import { folderAt } from '../adapters/files/folder.ts';
import {
  parseFrequencyInput,
  partsFor,
  type FrequencyInput,
  type FrequencyResult,
  type PublishRequest,
} from '../contracts/tag-frequency.ts';
import { countPart } from '../pipelines/frequency/count-part.ts';
import type { FrequencyWorld } from '../pipelines/frequency/ports.ts';
import { prepareFrequency } from '../pipelines/frequency/prepare.ts';
import { publishFrequency } from '../pipelines/frequency/publish.ts';
import { reportFrequency } from '../pipelines/frequency/report-data.ts';
import { bringUpToDate } from '../pipelines/frequency/scrub.ts';
import { control, type TestLake } from './lake-world.ts';

export interface TestFrequency extends FrequencyWorld {
  lake: TestLake;
}

export function frequencyOn(lake: TestLake): TestFrequency {
  return {
    ...lake,
    lake,
    resultFolder: folderAt(lake.dataFolder.at('frequency')),
    reportFolder: folderAt(lake.dataFolder.at('reports')),
    plots: () => Promise.resolve(svgPlots),
    writeArrow: writeArrowFile,
  };
}

let runs = 0;

/** All steps of one run, as of `asOf` in milliseconds. */
export async function runFrequency(
  world: TestFrequency,
  given: Partial<FrequencyInput>,
  asOf = Date.now(),
): Promise<FrequencyResult> {
  const counted = await countFrequency(world, given, asOf);
  if ('windows' in counted && 'report' in counted) return counted;
  const result = await publishFrequency(world, counted, control);
  if (!counted.input.report) return result;
  const { channel } = counted.input;
  return { ...result, report: await reportFrequency(world, { ...counted, channel, result }, control) };
}

/** The steps of a run before it publishes; or the answer, when the question is recognised. */
export async function countFrequency(
  world: TestFrequency,
  given: Partial<FrequencyInput>,
  asOf = Date.now(),
): Promise<PublishRequest | FrequencyResult> {
  const input = parseFrequencyInput({ report: false, ...given });
  const plan = await prepareFrequency(world, input, input.asOf === null ? asOf : Date.parse(input.asOf));
  if (plan.recognised) return plan.recognised;
  const lake = await bringUpToDate(world, false, control);
  const knownAtUs = plan.knownAtUs ?? lake.watermarkUs;
  const parts = partsFor(lake.rows, input.fanOut);
  const scope = {
    work: `test-${(runs += 1)}`,
    lakeVersion: lake.version,
    knownAtUs,
    channel: input.channel,
    windows: plan.windows,
  };
  const counted = [];
  for (let part = 0; part < parts; part += 1) counted.push(await countPart(world, { ...scope, part, parts }, control));
  return { ...scope, input, asOfMs: plan.asOfMs, parts: counted };
}

/** One line a row: `channel socialId tag times first last`, sorted. */
export async function resultLines(world: TestFrequency, folder: string): Promise<string[]> {
  return world.withDuck(control.signal, async (duck) => {
    const rows = await duck.rows<{ line: string }>(
      `select concat_ws(' ', channel_id, contact_id, social_id, tag, times, epoch_us(first_at), epoch_us(last_at)) as line
       from read_parquet('${world.resultFolder.at(folder)}/*.parquet')`,
    );
    return rows.map(({ line }) => line).sort();
  });
}

/** The same by plain SQL over tag_events, and its checksum; known-at in epoch microseconds. */
export async function plainFrequency(
  db: Database,
  span: { from: string; to: string; knownAtUs: string; channel?: string | null },
): Promise<{ lines: string[]; checksum: string }> {
  const { rows } = await db.query<{ line: string; hash: string }>(
    `with known as (
       select e.* from tag_events e
       where extract(epoch from e.recorded_at) * 1000000 <= $3::numeric
     ), counted as (
       select e.channel_id, e.contact_id, c.social_id, e.tag, count(*) as times,
         (extract(epoch from min(e.occurred_at)) * 1000000)::bigint as first, (extract(epoch from max(e.occurred_at)) * 1000000)::bigint as last
       from known e join contacts c on c.id = e.contact_id
       where e.kind = 'applied' and e.occurred_at >= $1 and e.occurred_at < $2 and ($4::text is null or e.channel_id = $4)
         and e.id not in (select retracts from known where kind = 'retracted')
       group by e.channel_id, e.contact_id, c.social_id, e.tag
     )
     select concat_ws(' ', channel_id, contact_id, social_id, tag, times, first, last) as line,
       ('x' || left(md5(concat_ws(E'\\x1f', channel_id, social_id, tag, times, first, last)), 16)) as hash
     from counted`,
    [span.from, span.to, span.knownAtUs, span.channel ?? null],
  );
  const sum = rows.reduce((total, { hash }) => total + BigInt(`0x${hash.slice(1)}`), 0n);
  return { lines: rows.map(({ line }) => line).sort(), checksum: String(BigInt.asUintN(64, sum)) };
}
