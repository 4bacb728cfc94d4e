// What a person sees of a tag frequency run in the Temporal UI. Pure.
import type { FrequencyResult, LakeRefresh } from '../contracts/tag-frequency.ts';

const group = (count: number): string => count.toLocaleString('en-US');

export function describeCounting(lake: LakeRefresh, knownAtUs: string, done: number, parts: number): string {
  const knownAt = new Date(Math.floor(Number(knownAtUs) / 1000)).toISOString();
  const changed = lake.daysChanged === 0 ? 'no day had changed' : `${group(lake.daysChanged)} days written anew`;
  return `**counting** ${group(lake.rows)} events of lake version ${lake.version} (${changed}), known at ${knownAt}: ${done} of ${parts} parts`;
}

export function describeFrequency(result: FrequencyResult): string {
  const head = `**done**${result.recognised ? ' (published before)' : ''}: as of ${result.asOf}, known at ${result.knownAt}, lake version ${result.lakeVersion}`;
  const rows = result.windows.map(
    ({ window, rows, times, checksum, folder }) =>
      `| ${window} | ${group(rows)} | ${group(times)} | ${checksum} | \`${folder}\` |`,
  );
  const table = ['| window | rows | times | checksum | folder |', '| --- | ---: | ---: | --- | --- |', ...rows].join(
    '\n',
  );
  const erased = result.windows.reduce((most, { erasedSince }) => Math.max(most, erasedSince), 0);
  const note = erased > 0 && `Erased since the known-at: ${group(erased)} people, who are no longer counted.`;
  return [head, table, note, result.report && `Report: \`${result.report}\``].filter(Boolean).join('\n\n');
}

export function describeRefusal(message: string): string {
  return `**refused** by a gate: ${message}`;
}
