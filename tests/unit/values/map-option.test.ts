// Hints that name a column can be copied into a shell.
import { expect, it } from 'vitest';
import { fileWarnings } from '../../../pipelines/import/file-warnings.ts';
import { mapOption } from '../../../pipelines/values/map-option.ts';
import { describeReason } from '../../../pipelines/values/reasons.ts';

it('quotes what a shell would take apart, and only that', () => {
  expect(mapOption('subscribed', '訂閱LINE')).toBe('--map subscribed=訂閱LINE');
  expect(mapOption('ignored', '#3')).toBe('--map ignored=#3');
  expect(mapOption('ignored', 'Accepts Marketing')).toBe('--map "ignored=Accepts Marketing"');
  expect(mapOption('ignored', '金額(元)')).toBe('--map "ignored=金額(元)"');
  expect(mapOption('ignored', `O'Neil's $`)).toBe(String.raw`--map 'ignored=O'\''Neil'\''s $'`);
});

it('is how a consent that is left out and an attribute that does not fit name their columns', () => {
  const [warning] = fileWarnings(
    [{ header: 'Accepts SMS Marketing', target: { kind: 'ignored' }, confidence: 0, why: 'unknown' }],
    { matchBy: 'social_id' } as never,
    () => ['yes'],
    { map: {}, matchBy: null },
  );
  expect(warning).toContain('map it: --map "subscribed=Accepts SMS Marketing";');
  expect(warning).toContain('if not, --map "ignore:Accepts SMS Marketing=Accepts SMS Marketing".');
  const columns = [{ kind: 'attribute', name: '點數', type: 'number' } as const];
  expect(describeReason('attribute_number_invalid', { headers: ['其他 點數'], columns })).toContain(
    '--map "ignored=其他 點數" leaves it out',
  );
});
