// The small files of a data folder: secrets generated once and private, ports kept while they are free.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isPortFree, keepPorts } from '../../../server/embedded/ports.ts';
import { keepSecret, readSecret, resolveSuppressionKey } from '../../../server/embedded/secrets-file.ts';

let dataDir: string;
beforeEach(() => (dataDir = mkdtempSync(join(tmpdir(), 'sluice-data-'))));
afterEach(() => rmSync(dataDir, { recursive: true }));

const none = { postgres: 0, temporal: 0, ui: 0 };

function listen(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

test('a secret is made once, differs from others, and only the owner may read the file', () => {
  expect(readSecret(dataDir, 'postgresPassword')).toBeNull();
  const password = keepSecret(dataDir, 'postgresPassword');
  const key = keepSecret(dataDir, 'suppressionKey');
  expect(password).toMatch(/^[\w-]{43}$/);
  expect(key).not.toBe(password);
  expect(keepSecret(dataDir, 'postgresPassword')).toBe(password);
  expect(statSync(join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600);
});

test('a secrets file that is broken is never overwritten', () => {
  writeFileSync(join(dataDir, 'secrets.json'), '{"suppressionKey": "precious"');
  expect(() => keepSecret(dataDir, 'suppressionKey')).toThrow(expect.objectContaining({ code: 'data_file_broken' }));
  expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).toContain('precious');
});

test('the configured suppression key wins; a shared database needs one, the embedded one makes its own', () => {
  const url = 'postgres://x/y';
  expect(resolveSuppressionKey({ dataDir, databaseUrl: url, suppressionKey: 'mine' })).toBe('mine');
  const shared = { dataDir, databaseUrl: url, suppressionKey: '' };
  expect(() => resolveSuppressionKey(shared)).toThrow(expect.objectContaining({ code: 'suppression_key_missing' }));
  const own = resolveSuppressionKey({ dataDir, databaseUrl: '', suppressionKey: '' });
  expect(own).toHaveLength(43);
  expect(resolveSuppressionKey(shared)).toBe(own);
});

test('ports stay the same while free, differ from each other, and lie below those of outgoing connections', async () => {
  const ports = await keepPorts(dataDir, none);
  expect(new Set(Object.values(ports)).size).toBe(3);
  expect(Math.max(...Object.values(ports))).toBeLessThan(32_768);
  expect(await keepPorts(dataDir, none)).toEqual(ports);
});

test('a port that was taken is replaced, the others stay; a configured one that is taken is an error', async () => {
  const ports = await keepPorts(dataDir, none);
  const server = await listen(ports.temporal);
  try {
    expect(await isPortFree(ports.temporal)).toBe(false);
    const moved = await keepPorts(dataDir, none);
    expect(moved).toEqual({ ...ports, temporal: moved.temporal });
    expect(moved.temporal).not.toBe(ports.temporal);
    const configured = keepPorts(dataDir, { ...none, ui: ports.temporal });
    await expect(configured).rejects.toMatchObject({ code: 'port_taken' });
  } finally {
    server.close();
  }
});
