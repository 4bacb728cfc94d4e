// A channel that is not there: which there are, and how one more is made.
import { expect, test } from 'vitest';
import { readChannel } from '../../../pipelines/channels/channel-store.ts';

test('the hint names the channels and the command that adds one', async () => {
  const db = {
    query: (_: string, values?: unknown[]) =>
      Promise.resolve({ rows: values === undefined ? [{ id: 'line-tw' }] : [] }),
  };
  await expect(readChannel(db as never, 'shop')).rejects.toMatchObject({
    code: 'channel_unknown',
    hint: 'There are: line-tw. Add another with: sluice channels add.',
  });
});
