// The settings of the embedded Postgres: durable whatever the machine, sized by its memory, silent about values.
import { expect, test } from 'vitest';
import { postgresSettings, settingArguments } from '../../../server/embedded/postgres-settings.ts';

const GIB = 1024 ** 3;
const settings = (memoryBytes: number) => postgresSettings({ port: 5, memoryBytes, walCompression: 'pglz' });

test.each([
  [0.125 * GIB, '32MB'],
  [2 * GIB, '256MB'],
  [64 * GIB, '512MB'],
])('with %d bytes of memory the buffers are %s', (memory, buffers) => {
  expect(settings(memory)['shared_buffers']).toBe(buffers);
});

test('durability is never traded for speed', () => {
  expect(settings(GIB)).toMatchObject({ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' });
});

test('it listens on loopback only', () => {
  expect(settings(GIB)).toMatchObject({ listen_addresses: '127.0.0.1', unix_socket_directories: '' });
});

test('settings become one -c argument each', () => {
  expect(settingArguments({ port: '5', jit: 'off' })).toEqual(['-c', 'port=5', '-c', 'jit=off']);
});
