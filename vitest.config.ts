// Test layers as vitest projects. `unit` and `replay` need no server; the rest share one embedded stack (global set-up).
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const servers = {
  pool: 'forks' as const,
  globalSetup: ['tests/servers.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

/** Files that reckon with the pace of a whole machine. */
const MEASURED = ['tests/e2e/limiter.test.ts'];

/**
 * Files at once. Each e2e file has a stack of its own, which waits most of the time. Fewer: an hour instead of half of one; more than
 * the cores: what is waited for comes too late.
 */
const STACKS = 2;

export default defineConfig({
  test: {
    maxWorkers: Math.max(STACKS, availableParallelism() - 1),
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
      {
        test: {
          name: 'replay',
          include: ['tests/replay/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 60_000,
          // Bundling the workflows takes seconds of a core, more beside other work.
          hookTimeout: 120_000,
        },
      },
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
          exclude: MEASURED,
          pool: 'forks',
          maxWorkers: STACKS,
          // After the rest: what is killed at named points wants to be found there.
          sequence: { groupOrder: 1 },
          testTimeout: 600_000,
          hookTimeout: 300_000,
        },
      },
      // Last and alone: what is measured wants the machine for itself.
      {
        test: {
          name: 'measured',
          include: MEASURED,
          pool: 'forks',
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 600_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
