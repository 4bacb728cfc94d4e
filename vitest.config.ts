// Test layers as vitest projects. `unit` and `replay` need no server; the rest share one embedded stack (global set-up).
import { defineConfig } from 'vitest/config';

const servers = {
  pool: 'forks' as const,
  globalSetup: ['tests/servers.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          pool: 'forks',
          // What is waited for comes in milliseconds; on a machine that stands still for a while it may take longer.
          testTimeout: 30_000,
          expect: { poll: { timeout: 10_000 } },
        },
      },
      { test: { name: 'replay', include: ['tests/replay/**/*.test.ts'], pool: 'forks', testTimeout: 60_000 } },
      { test: { name: 'data', include: ['tests/data/**/*.test.ts'], ...servers } },
      { test: { name: 'model', include: ['tests/model/**/*.test.ts'], ...servers } },
      // One file at a time: their workers poll the same queues, and would take each other's tasks.
      {
        test: { name: 'workflow', include: ['tests/workflow/**/*.test.ts'], fileParallelism: false, ...servers },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts', 'tests/chaos/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          // After the rest: what is measured here, and what is killed at named points, wants the machine for itself.
          sequence: { groupOrder: 1 },
          testTimeout: 600_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
