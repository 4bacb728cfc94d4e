// Delivery of one slice as an activity: runs on the channel's own queue, in any worker.
import type { SliceRef, SliceResult } from '../contracts/broadcast.ts';
import { deliverSlice } from '../pipelines/delivery/deliver-slice.ts';
import type { DeliveryPorts } from '../pipelines/delivery/ports.ts';
import { asStep } from './step.ts';

export type DeliveryActivityDeps = DeliveryPorts;

export function createDeliveryActivities(deps: DeliveryActivityDeps) {
  return {
    async deliverSlice(ref: SliceRef): Promise<SliceResult> {
      return asStep((control) => deliverSlice(ref, deps, control));
    },
  };
}
