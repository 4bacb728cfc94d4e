// The report of tag frequency: one page that loads nothing, whatever tags are called, and the same bytes every time.
import { expect, test } from 'vitest';
import { svgPlots } from '../../../adapters/plots/svg-plots.ts';
import { frequencyReport, type FrequencyReportWindow } from '../../../pipelines/reports/frequency-report.ts';
import { emptyWindow, inventedReport, inventedWindow } from './report-data.ts';
import { elementsOf } from './strict-markup.ts';

const pageOf = (...windows: FrequencyReportWindow[]) => frequencyReport(inventedReport(windows), svgPlots);

test('it is well-formed, and nothing in it points outside', () => {
  const page = pageOf(inventedWindow(7), inventedWindow(30), inventedWindow(90));
  const elements = elementsOf(page);
  const names = new Set(elements.map(({ name }) => name));
  for (const loading of ['script', 'link', 'img', 'image', 'iframe', 'object', 'embed', 'use', 'base', 'form'])
    expect(names, loading).not.toContain(loading);
  const targets = elements.flatMap(({ attributes }) =>
    Object.entries(attributes).filter(([name]) => /^(href|src|srcset|action|data|xlink:href|on\w+)$/.test(name)),
  );
  expect(targets).toEqual([
    ['href', '#window-1'],
    ['href', '#window-2'],
    ['href', '#window-3'],
  ]);
  expect(page).not.toMatch(/url\(|@import/);
  const addresses = [...page.matchAll(/\w+:\/\/[^"'\s<]*/g)].map(([address]) => address);
  // A name, not an address: the namespace of SVG.
  expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org/2000/svg']));
});

test('its policy forbids scripts and loading, before anything could be loaded', () => {
  const elements = elementsOf(pageOf(inventedWindow(7)));
  const at = elements.findIndex(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
  expect(elements[at]!.attributes['content']!.split('; ')).toEqual([
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  expect(elements.slice(0, at).map(({ name }) => name)).toEqual(['html', 'head', 'meta']);
});

test('each window shows four plots in two widths, each with words for those who do not see it', () => {
  const elements = elementsOf(pageOf(inventedWindow(7), inventedWindow(30)));
  const plots = elements.filter(({ name }) => name === 'svg');
  expect(plots).toHaveLength(2 * 4 * 2);
  for (const { attributes } of plots) {
    expect(attributes['role']).toBe('img');
    expect(attributes['aria-label']).toMatch(/\w+: /);
    expect(attributes['viewBox']).toBe(`0 0 ${attributes['width']} ${attributes['height']}`);
  }
  // Tags, days and buckets as tables.
  expect(elements.filter(({ name }) => name === 'table')).toHaveLength(2 * 3);
  const ids = elements.flatMap(({ attributes }) => attributes['id'] ?? []);
  expect(ids).toEqual(['window-1', 'window-2']);
});

test('the same data give the same bytes, also later in one process', () => {
  const windows = [inventedWindow(7), inventedWindow(90)];
  const first = pageOf(...windows);
  pageOf(inventedWindow(30));
  expect(pageOf(...windows)).toBe(first);
});

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onload='alert(1)",
  '</title></svg><style>*{display:none}</style>',
  '&lt;b&gt; & "quoted", comma',
  '@3@',
  '{b|rich} {value}\n{c}',
  '$& $1 $<name>',
  ']]><!--',
  '\u0000\u001b[31m\u202eright to left',
  '\ud83d alone',
  ' fill="#24292f"',
  '👩‍👩‍👧‍👦'.repeat(100),
  'x'.repeat(10_000),
  `a${'\u0301'.repeat(5_000)}`,
  '',
];

test('a tag may be called anything: it stays text', () => {
  const window = inventedWindow(7);
  const topTags = HOSTILE.map((tag, rank) => ({ ...window.topTags[rank]!, tag, before: 10 }));
  const page = pageOf({ ...window, topTags });
  const plain = pageOf({ ...window, topTags: topTags.map((tag, rank) => ({ ...tag, tag: `tag ${rank}` })) });
  const shape = (text: string) =>
    elementsOf(text)
      .map(({ name }) => name)
      .filter((name) => name !== 'title')
      .join(' ');
  expect(shape(page)).toBe(shape(plain));
  expect(page).toContain('&#60;script&#62;alert(1)&#60;/script&#62;');
  expect(page).toContain('<bdi>$&#38; $1 $&#60;name&#62;</bdi>');

  expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
});

test('the fourth label is the fourth tag, also when another tag looks like its place', () => {
  const window = inventedWindow(7);
  const names = ['@1@', 'second', '@0@'];
  const topTags = names.map((tag, rank) => ({ ...window.topTags[rank]!, tag }));
  const [svg] = /<svg [\s\S]*?<\/svg>/.exec(pageOf({ ...window, topTags }))!;
  const labels = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, label]) => label!);
  expect(labels.filter((label) => names.includes(label))).toEqual(names);
});

test('a long label is shortened, never in the middle of a character, and there in full when pointed at', () => {
  const window = inventedWindow(7);
  const family = '👩‍👩‍👧‍👦';
  const topTags = [{ ...window.topTags[0]!, tag: family.repeat(100) }];
  const page = pageOf({ ...window, topTags });
  // In the wide plot and in the narrow one, of times and of changes.
  const labels = [...page.matchAll(/<text [^>]*>([^<]*)…<title>/g)].map(([, label]) => label!);
  expect(labels).toHaveLength(4);
  for (const label of labels) {
    expect(label.length).toBeGreaterThan(0);
    expect(label.replaceAll(family, '')).toBe('');
  }
  expect(page).toContain(`<title>${family.repeat(100)}</title>`);
});

test('marks stacked on a letter do not cover the page', () => {
  const window = inventedWindow(7);
  const page = pageOf({ ...window, topTags: [{ ...window.topTags[0]!, tag: `a${'\u0301'.repeat(5_000)} tag` }] });
  const shown = page.replace(/<title>[^<]*<\/title>/g, '').replace(/title="[^"]*"/g, '');
  expect(shown).not.toContain('\u0301');
  expect(shown).toContain('>a tag');
});

test('a window without events says so and draws nothing', () => {
  const page = pageOf(emptyWindow(), inventedWindow(7));
  elementsOf(page);
  const [empty] = page.split('<section id="window-2">');
  expect(empty).toContain('No tag was applied in this window');
  expect(empty).not.toContain('<svg');
  expect(page).not.toMatch(/NaN|Infinity|undefined|null/);
});

test('a to-date window at midnight sharp has no length, and still a page', () => {
  const to = '2024-03-04T16:00:00.000Z';
  const page = pageOf({ ...emptyWindow(), window: 'day-to-date', from: to, to });
  expect(page).toContain('From 2024-03-05 00:00');
  expect(page).not.toMatch(/NaN|Infinity/);
});

test('one tag, one day, one time', () => {
  const page = pageOf({
    ...emptyWindow(),
    window: 'day',
    from: '2024-03-04T16:00:00.000Z',
    to: '2024-03-05T16:00:00.000Z',
    rows: 1,
    times: 1,
    people: 1,
    tags: 1,
    topTags: [{ tag: 'VIP', people: 1, times: 1, timesPerDay: 1, before: null }],
    daily: [{ day: '2024-03-05', times: 1 }],
    distribution: [{ atLeast: 1, atMost: 1, pairs: 1 }],
  });
  elementsOf(page);
  // One day is no line, and nothing was counted before: the bars and the distribution are left.
  expect(page.match(/<svg /g)).toHaveLength(2 * 2);
  expect(page).toContain('1 row, checksum');
  // Half a time is no mark on an axis.
  expect(page).not.toMatch(/<text [^>]*>0\.5<\/text>/);
  expect(page).toMatch(/<td class="number">–<\/td><td class="number">–<\/td>/);
});

test('change: new, gone, the same, and a minus that is one', () => {
  const tag = (name: string, times: number, before: number) => ({
    tag: name,
    people: 1,
    times,
    timesPerDay: times,
    before,
  });
  const topTags = [tag('new', 5, 0), tag('less', 2, 3), tag('same', 2, 2), tag('more', 3, 2)];
  const page = pageOf({ ...inventedWindow(7), topTags });
  const changes = [...page.matchAll(/<td class="number"><bdi>([^<]*)<\/bdi><\/td><\/tr>/g)].map(([, text]) => text!);
  expect(changes.slice(-4)).toEqual(['new', '−33.3 %', '0.0 %', '+50.0 %']);
});

test('erasure since is told before the numbers', () => {
  const page = pageOf({ ...inventedWindow(7), erasedSince: 1 });
  expect(page.indexOf('Erased since: 1 contact.')).toBeGreaterThan(0);
  expect(page.indexOf('Erased since')).toBeLessThan(page.indexOf('class="figures"'));
});

test('days without events are drawn as zero; years are drawn by month', () => {
  const week = { ...inventedWindow(7), daily: [{ day: '2024-02-28', times: 7 }] };
  expect(pageOf(week)).toMatch(/<title>02-29: 0 \(Thursday\)<\/title>/);
  const years = {
    ...inventedWindow(7),
    from: '2020-12-31T16:00:00.000Z',
    to: '2024-03-05T16:00:00.000Z',
    daily: [
      { day: '2021-01-01', times: 2 },
      { day: '2021-01-31', times: 3 },
      { day: '2024-03-05', times: 4 },
    ],
  };
  const page = pageOf(years);
  expect(page).toContain('Times per month');
  expect(page).toContain('<title>2021-01: 5</title>');
  expect(page).toContain('<title>2024-03: 4</title>');
  expect(page.length).toBeLessThan(200_000);
});
