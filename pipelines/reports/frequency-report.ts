// The report of a tag frequency run: what was counted, how, and what stands out, as one HTML page. Counts and tags, no persons.
import type { Plots } from '../../ports/plots.ts';
import {
  facts,
  fingerprint,
  heading,
  keyFigures,
  page,
  paragraph,
  plot,
  table,
  together,
  warning,
  type Html,
} from './html-page.ts';
import { periodsBetween, timeIn } from './report-times.ts';

export interface FrequencyReportTag {
  tag: string;
  people: number;
  times: number;
  timesPerDay: number;
  /** Times in the window before, of the same length; null when that was not counted. */
  before: number | null;
}

export interface FrequencyReportWindow {
  window: string;
  /** ISO instants: from ≤ occurred < to. */
  from: string;
  to: string;
  rows: number;
  times: number;
  people: number;
  tags: number;
  checksum: string;
  erasedSince: number;
  /** Most frequent first. */
  topTags: FrequencyReportTag[];
  /** Business days (`2024-03-05`); one without events may be left out. */
  daily: { day: string; times: number }[];
  /** How many pairs of contact and tag have that many times. */
  distribution: { atLeast: number; atMost: number; pairs: number }[];
}

export interface FrequencyReportData {
  asOf: string;
  knownAt: string;
  channel: string | null;
  timeZone: string;
  lakeVersion: string;
  /** Such as `lake version 3`. */
  generatedFrom: string;
  windows: FrequencyReportWindow[];
}

/** More bars than this are a wall; the table below has them all. */
const MOST_BARS = 15;
/** A line of more points than this is a block of colour, and the page megabytes: longer windows are shown by month. */
const MOST_POINTS = 400;
/** A bucket this wide has no upper end that would mean anything. */
const OPEN_END = 1e9;

export function frequencyReport(data: FrequencyReportData, plots: Plots): string {
  const { timeZone } = data;
  return page({
    title: `Tag frequency as of ${timeIn(data.asOf, timeZone)}`,
    lead: `How often each tag was applied to each contact, ${data.channel === null ? 'on all channels' : `on channel ${data.channel}`}, in ${count(data.windows.length, 'window')}.`,
    before: facts([
      ['As of', timeIn(data.asOf, timeZone)],
      ['Known at', timeIn(data.knownAt, timeZone)],
      ['Time zone', timeZone],
      ['Channel', data.channel ?? 'all'],
      ['Counted from', data.generatedFrom],
      ['Lake version', data.lakeVersion],
    ]),
    sections: data.windows.map((window, index) => ({
      id: `window-${index + 1}`,
      title: `Window ${window.window}`,
      body: windowBody(window, data, plots),
    })),
    footer:
      'Times are events in which a tag was applied, known at the time above and not retracted. Removing a tag, or its expiry, never lowers them. The same as-of and known-at give the same numbers and checksums again.',
  });
}

function windowBody(window: FrequencyReportWindow, { timeZone }: FrequencyReportData, plots: Plots): Html {
  const from = timeIn(window.from, timeZone);
  const to = timeIn(window.to, timeZone);
  const lengthMs = Date.parse(window.to) - Date.parse(window.from);
  return together(
    paragraph(`From ${from} up to, and without, ${to}.`),
    window.erasedSince > 0
      ? warning(
          `Erased since: ${count(window.erasedSince, 'contact')}. What they had is counted no longer. Erasure is the one thing that changes an answer afterwards.`,
        )
      : null,
    keyFigures([
      // A to-date window is empty at midnight sharp.
      {
        name: 'Times',
        value: whole(window.times),
        ...(lengthMs > 0 ? { note: `${decimal((window.times * DAY_MS) / lengthMs)} a day` } : {}),
      },
      { name: 'People', value: whole(window.people), note: 'with at least one' },
      { name: 'Tags', value: whole(window.tags), note: 'applied at least once' },
      { name: 'Rows', value: whole(window.rows), note: 'pairs of contact and tag' },
    ]),
    window.times === 0
      ? warning('No tag was applied in this window: there is nothing to draw.')
      : together(
          topTags(window, plots),
          daily(window, timeZone, plots),
          distribution(window, plots),
          changes(window, plots),
        ),
    window.topTags.length === 0 ? null : tagTable(window),
    fingerprint(`${count(window.rows, 'row')}, checksum ${window.checksum}`),
  );
}

function topTags({ topTags: all, tags }: FrequencyReportWindow, plots: Plots): Html | null {
  const shown = all.slice(0, MOST_BARS);
  if (shown.length === 0) return null;
  const items = shown.map(({ tag, times, people }) => ({ label: tag, value: times, note: count(people, 'person') }));
  const described = `Bars: times of ${count(shown.length, 'tag')}, from ${whole(shown[0]!.times)} down to ${whole(shown.at(-1)!.times)}`;
  return plot({
    title: 'Most frequent tags',
    caption: `Times in the window. ${tags > shown.length ? `The first ${shown.length} of ${count(tags, 'tag')}.` : 'All tags.'}`,
    draw: (width) => plots.bars({ items, width, description: described }),
  });
}

function daily({ daily: given, from, to }: FrequencyReportWindow, timeZone: string, plots: Plots): Html | null {
  const { unit, names } = periodsBetween(from, to, timeZone, MOST_POINTS);
  // One point is no line.
  if (names.length < 2) return null;
  const [first, last] = [names[0]!, names.at(-1)!];
  const oneYear = first.slice(0, 4) === last.slice(0, 4);
  const times = new Map<string, number>();
  for (const each of given) {
    const name = each.day.slice(0, first.length);
    times.set(name, (times.get(name) ?? 0) + each.times);
  }
  const points = names.map((name) => ({ name, times: times.get(name) ?? 0 }));
  const items = points.map(({ name, times: value }) => ({
    label: oneYear && unit === 'day' ? name.slice(5) : name,
    value,
    ...(unit === 'day' ? { note: weekdayOf(name) } : {}),
  }));
  const most = points.reduce((highest, point) => (point.times > highest.times ? point : highest));
  const midnights = [from, to].every((end) => timeIn(end, timeZone).endsWith(' 00:00'));
  return plot({
    title: `Times per ${unit}`,
    caption: `Business ${unit}s from ${first} to ${last}.${midnights && unit === 'day' ? '' : ' The first and the last count only as far as the window reaches into them.'}`,
    draw: (width) =>
      plots.line({
        items,
        width,
        description: `A line: times per ${unit} from ${first} to ${last}, most on ${most.name} with ${whole(most.times)}`,
      }),
    numbers: table(
      [{ name: unit === 'day' ? 'Day' : 'Month' }, { name: 'Times', numbers: true }],
      points.map(({ name, times: value }) => [name, whole(value)]),
    ),
  });
}

function weekdayOf(day: string): string {
  return WEEKDAYS[new Date(`${day}T00:00:00Z`).getUTCDay()]!;
}

function distribution({ distribution: buckets, rows }: FrequencyReportWindow, plots: Plots): Html | null {
  if (buckets.length === 0) return null;
  const items = buckets.map(({ atLeast, atMost, pairs }) => ({
    label: atMost === atLeast ? String(atLeast) : atMost >= OPEN_END ? `≥ ${atLeast}` : `${atLeast}–${atMost}`,
    value: pairs,
    note: `${decimal((100 * pairs) / Math.max(rows, 1))} % of all`,
  }));
  const number = (name: string) => ({ name, numbers: true });
  return plot({
    title: 'How often a contact gets the same tag',
    caption: 'Pairs of contact and tag by their times in the window; buckets grow to the right.',
    draw: (width) => plots.histogram({ items, width, description: 'A histogram: pairs of contact and tag by times' }),
    numbers: table(
      [{ name: 'Times' }, number('Pairs'), number('Share')],
      items.map(({ label, value, note }) => [label, whole(value), note.replace(' of all', '')]),
    ),
  });
}

function changes({ topTags: all }: FrequencyReportWindow, plots: Plots): Html | null {
  const moved = all
    .flatMap(({ tag, times, before }) =>
      before === null ? [] : [{ label: tag, value: times - before, note: `${whole(times)} after ${whole(before)}` }],
    )
    .filter(({ value }) => value !== 0)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, MOST_BARS)
    .sort((a, b) => b.value - a.value);
  if (moved.length === 0) return null;
  return plot({
    title: 'Change against the window before',
    caption: 'Times more or less than in the window of the same length just before, among the tags of the table.',
    draw: (width) =>
      plots.changes({
        items: moved,
        width,
        description: `Bars to either side: change of ${count(moved.length, 'tag')}`,
      }),
  });
}

function tagTable({ topTags: all, tags }: FrequencyReportWindow): Html {
  const number = (name: string) => ({ name, numbers: true });
  return together(
    heading(all.length < tags ? `The first ${all.length} tags` : 'All tags'),
    table(
      [{ name: 'Tag' }, number('People'), number('Times'), number('A day'), number('Before'), number('Change')],
      all.map(({ tag, people, times, timesPerDay, before }) => [
        tag,
        whole(people),
        whole(times),
        decimal(timesPerDay),
        before === null ? null : whole(before),
        before === null ? null : changeOf(times, before),
      ]),
    ),
  );
}

function changeOf(times: number, before: number): string {
  if (before === 0) return times === 0 ? '0 %' : 'new';
  const percent = Math.round((1000 * (times - before)) / before) / 10;
  return `${percent > 0 ? '+' : ''}${PERCENT.format(percent).replace('-', '−')} %`;
}

const DAY_MS = 86_400_000;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const PERCENT = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const DECIMAL = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

function whole(value: number): string {
  return WHOLE.format(value).replace('-', '−');
}

/** Three digits, and never fewer than the whole number has. */
function decimal(value: number): string {
  return (Math.abs(value) >= 1000 ? WHOLE : DECIMAL).format(value).replace('-', '−');
}

function count(value: number, noun: string): string {
  const many = noun === 'person' ? 'people' : `${noun}s`;
  return `${whole(value)} ${value === 1 ? noun : many}`;
}
