// The making of a plan as workflows, activities and the command line see it: its steps, their fence, their progress.
import type { MatchCounts } from './broadcast.ts';

/** A list longer than this is planned all the same, with a word of warning: the release note's advice. */
export const ADVISED_LINES = 50_000;

export const PLAN_STEPS = ['staging', 'matching', 'freezing'] as const;
export type PlanStep = (typeof PLAN_STEPS)[number];

/** More tries of one step than this would count as the next step; at one try every five seconds that is eleven weeks. */
const MOST_TRIES = 1_000_000;

/** A number that rises from step to step and from try to try. `tryNumber` counts from 1. */
export function planStepNumber(step: PlanStep, tryNumber: number): number {
  return (PLAN_STEPS.indexOf(step) + 1) * MOST_TRIES + tryNumber;
}

/** The step that a number of {@link planStepNumber} is of; null before the first. */
export function planStepOf(number: number): PlanStep | null {
  return PLAN_STEPS[Math.floor(number / MOST_TRIES) - 1] ?? null;
}

/** Names a plan in the making, and the try of a step that may write to it. Left out, the step is not checked. */
export interface PlanRef {
  broadcastId: string;
  step?: number;
}

/** How far the making of a plan is; read while it runs. */
export interface PlanProgress {
  stage: PlanStep | 'inspecting' | 'planned';
  /** Lines through the present stage. */
  linesDone: number;
  /** Lines there will be; null until the list is staged. */
  linesTotal: number | null;
  bytesDone: number;
  bytesTotal: number;
}

/** What matching came to. */
export interface MatchResult {
  lines: number;
  outcomes: MatchCounts;
  recipients: number;
}
