// The steps of a broadcast as a whole, as activities: each one call into pipelines/broadcast.
import { Context } from '@temporalio/activity';
import { claimedNow, giveUp, setControl, setRateCap, type Control } from '../pipelines/broadcast/control.ts';
import { cancelPlanned, setState, settleLook, uncertainNow, type SettleLook } from '../pipelines/broadcast/finish.ts';
import { createContacts, reopenRecipients, type PreparePorts } from '../pipelines/broadcast/prepare.ts';
import {
  claimedSlices,
  openSlices,
  outlook,
  readControl,
  type OpenSlice,
  type Outlook,
} from '../pipelines/broadcast/slices.ts';
import { startBroadcast, type StartPorts, type StartRequest } from '../pipelines/broadcast/start.ts';
import { readStatus } from '../pipelines/broadcast/status.ts';
import type { BroadcastRef, BroadcastState, BroadcastStatus, RetryScope } from '../contracts/broadcast.ts';
import type { Started } from '../contracts/broadcast-input.ts';
import { asStep } from './step.ts';

export interface BroadcastActivityDeps extends StartPorts, PreparePorts {
  /** Database connection errors and the like, which pass. */
  isPassing(error: unknown): boolean;
}

/** How long `pause` waits for requests under way before it answers all the same. */
const DRAIN_MS = 20_000;
const DRAIN_LOOK_MS = 250;

function ownRun(): { workflowId: string; runId: string } {
  const { workflowExecution } = Context.current().info;
  if (!workflowExecution) throw new Error('a broadcast is started and approved inside a workflow only');
  return workflowExecution;
}

export function createBroadcastActivities(deps: BroadcastActivityDeps) {
  const { db } = deps;
  return {
    /** `chain`: the first run of the workflow's chain. Left out by older runs, which are their own first. */
    async startBroadcast(request: StartRequest, chain?: string): Promise<Started> {
      const { workflowId, runId } = ownRun();
      return asStep(() => startBroadcast(request, { workflowId, runId, chain: chain ?? runId }, deps));
    },

    async createContacts(ref: BroadcastRef, recipients: number): Promise<number> {
      return asStep((control) => createContacts(ref, recipients, deps, control));
    },

    async reopenRecipients(ref: BroadcastRef, scope: RetryScope, recipients: number): Promise<number> {
      return asStep((control) => reopenRecipients(ref, scope, recipients, db, control));
    },

    async setControl(ref: BroadcastRef, control: Control): Promise<BroadcastState> {
      return asStep(() => setControl(ref, control, db));
    },

    async readControl(ref: BroadcastRef): Promise<string> {
      return asStep(() => readControl(ref, db));
    },

    /** Waits until nothing is under way any more, for a while; gives how many recipients still are. */
    async drained(ref: BroadcastRef): Promise<number> {
      return asStep(async ({ signal }) => {
        const deadline = performance.now() + DRAIN_MS;
        for (;;) {
          const claimed = await claimedNow(ref, db);
          if (claimed === 0 || performance.now() > deadline || signal.aborted) return claimed;
          await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
        }
      });
    },

    async setRate(broadcastId: string, perSecond: number | null): Promise<void> {
      return asStep(() => setRateCap(broadcastId, perSecond, db));
    },

    async giveUp(ref: BroadcastRef): Promise<number> {
      return asStep(() => giveUp(ref, db));
    },

    async openSlices(ref: BroadcastRef, after: number, most: number): Promise<OpenSlice[]> {
      return asStep(() => openSlices(db, ref, after, most));
    },

    async outlook(ref: BroadcastRef): Promise<Outlook> {
      return asStep(() => outlook(ref, db));
    },

    async claimedSlices(ref: BroadcastRef): Promise<number[]> {
      return asStep(() => claimedSlices(db, ref));
    },

    async cancelPlanned(ref: BroadcastRef, recipients: number): Promise<void> {
      return asStep((control) => cancelPlanned(ref, recipients, db, control));
    },

    async uncertainNow(ref: BroadcastRef): Promise<number> {
      return asStep(() => uncertainNow(ref, db));
    },

    async settleLook(ref: BroadcastRef, settleSeconds: number): Promise<SettleLook> {
      return asStep(() => settleLook(ref, settleSeconds, db));
    },

    async setState(
      ref: BroadcastRef,
      state: Extract<BroadcastState, 'settling' | 'completed' | 'cancelled' | 'failed'>,
      error: string | null,
    ): Promise<void> {
      return asStep(() => setState(ref, state, error, db));
    },

    async broadcastStatus(broadcastId: string): Promise<BroadcastStatus> {
      return asStep(() => readStatus(db, broadcastId));
    },
  };
}
