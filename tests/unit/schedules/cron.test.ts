// Which cron expressions are passed on to the server, and what is said of the others.
import { expect, test } from 'vitest';
import { cronProblem, isScheduleId } from '../../../contracts/schedules.ts';

test.each([
  '0 2 * * *',
  '*/15 9-18 * * MON-FRI',
  '0 0 1,15 jan,Jul *',
  '5 0 * * 0-7',
  '0 2 * * * 2024-2026',
  '0/30 * * * * * *',
  '  0 2 * * *  ',
  '@daily',
  '10-50/10 * * * *',
])('taken: %s', (cron) => expect(cronProblem(cron)).toBeNull());

test.each([
  ['', 'five fields'],
  ['0 2 * *', 'five fields'],
  ['@every 1h', 'five fields'],
  ['@reboot', 'five fields'],
  ['60 2 * * *', '"60" is no minute (0 to 59'],
  ['0 24 * * *', '"24" is no hour'],
  ['0 2 0 * *', '"0" is no day of month'],
  ['0 2 * 13 *', '"13" is no month'],
  ['0 2 * * 8', '"8" is no day of week'],
  ['0 2 * * MON-', '"MON-" is no day of week'],
  ['0 2 * FOO *', '"FOO" is no month'],
  ['0 18-9 * * *', '"18-9" is no hour'],
  ['*/0 * * * *', '"*/0" is no minute'],
  ['*/99 * * * *', '"*/99" is no minute'],
  ['0 2 * * * 1999', '"1999" is no year'],
  ['0,,5 2 * * *', '"0,,5" is no minute'],
  ['-1 2 * * *', '"-1" is no minute'],
  ['0 2 L * *', '"L" is no day of month'],
  ['TZ=Asia/Taipei 0 2 * * *', '--time-zone'],
  ['CRON_TZ=UTC 0 2 * * *', '--time-zone'],
  ['0 2 * * * # every night', 'five fields'],
])('refused: %s', (cron, problem) => expect(cronProblem(cron)).toContain(problem));

test('ids can stand in a URL and in a shell', () => {
  for (const id of ['tag-frequency', 'a', 'Night_2.b', '7d']) expect(isScheduleId(id), id).toBe(true);
  for (const id of ['', '-a', '.a', 'a b', 'a/b', 'a\n', '夜', 'x'.repeat(101)])
    expect(isScheduleId(id), id).toBe(false);
});
