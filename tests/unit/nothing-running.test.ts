// Where no stack runs for a data folder, the error says every way to go on.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findServices } from '../../server/services.ts';

test('nothing_running names the folder and --data-dir: the stack may run for another one', () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'sluice-nothing-'));
  try {
    expect(() => findServices({ dataDir, databaseUrl: '' } as never, {})).toThrow(
      expect.objectContaining({
        code: 'nothing_running',
        message: expect.stringContaining(dataDir) as string,
        hint: expect.stringMatching(/sluice dev.*--data-dir.*--embedded/) as string,
      }) as Error,
    );
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
