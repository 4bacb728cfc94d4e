// Invented data of a frequency report: the same at every call.
import type { FrequencyReportData, FrequencyReportWindow } from '../../../pipelines/reports/frequency-report.ts';

const NAMES = [
  'VIP',
  '常客',
  '新會員',
  'browsed: summer sale',
  'cart left',
  '生日禮',
  'coupon used',
  '門市',
  '線上',
  'newsletter',
];
const MORE = [
  'returned',
  '👍🏽 happy',
  '促銷-2024春季限定優惠活動第一波通知名單',
  'size M',
  'size L',
  'app',
  '抽獎',
  'survey',
  'gift',
  '母親節',
];

/** Numbers that look like chance and are not. */
function pseudo(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

export function inventedWindow(days: number): FrequencyReportWindow {
  const next = pseudo(days + 7);
  const to = '2024-03-04T18:00:00.000Z';
  const from = new Date(Date.parse(to) - days * 86_400_000).toISOString();
  const topTags = [...NAMES, ...MORE].map((tag, rank) => {
    const times = Math.round((days * 9_000 * (0.7 + next() * 0.6)) / (rank + 1.5) ** 1.2);
    return {
      tag,
      times,
      people: Math.round(times / (1.3 + next())),
      timesPerDay: times / days,
      before: rank === 6 ? 0 : Math.round(times * (0.6 + next() * 0.7)),
    };
  });
  topTags.sort((a, b) => b.times - a.times);
  const times = topTags.reduce((sum, tag) => sum + tag.times, 0) + days * 900;
  const daily = Array.from({ length: days + 1 }, (_, index) => ({
    day: new Date(Date.parse(from) + 8 * 3_600_000 + index * 86_400_000).toISOString().slice(0, 10),
    times: Math.round(
      (times / days) * (0.75 + 0.25 * Math.sin(index / 1.1) + next() * 0.4) * (index === 0 || index === days ? 0.5 : 1),
    ),
  }));
  const rows = Math.round(times / 1.7);
  const shares = [0.62, 0.19, 0.11, 0.05, 0.02, 0.009, 0.001];
  const ends = [1, 2, 4, 8, 16, 32, Number.MAX_SAFE_INTEGER];
  return {
    window: `${days}d`,
    from,
    to,
    rows,
    times,
    people: Math.round(rows / 2.4),
    tags: 148,
    checksum: '12749021847509283745',
    erasedSince: days === 90 ? 3 : 0,
    topTags,
    daily,
    distribution: ends.map((atMost, index) => ({
      atLeast: index === 0 ? 1 : ends[index - 1]! + 1,
      atMost,
      pairs: Math.round(rows * shares[index]!),
    })),
  };
}

export function inventedReport(windows: FrequencyReportWindow[]): FrequencyReportData {
  return {
    asOf: '2024-03-04T18:00:00.000Z',
    knownAt: '2024-03-04T18:00:07.123456Z',
    channel: null,
    timeZone: 'Asia/Taipei',
    lakeVersion: '3',
    generatedFrom: 'lake version 3',
    windows,
  };
}

export function emptyWindow(): FrequencyReportWindow {
  return {
    ...inventedWindow(7),
    rows: 0,
    times: 0,
    people: 0,
    tags: 0,
    checksum: '0',
    topTags: [],
    daily: [],
    distribution: [],
  };
}
