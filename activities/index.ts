// Every activity there is, by the role of the task queue that runs it.
import { createBroadcastActivities, type BroadcastActivityDeps } from './broadcast-activities.ts';
import { createDeliveryActivities, type DeliveryActivityDeps } from './delivery-activities.ts';
import { createFrequencyActivities, type FrequencyActivityDeps } from './frequency-activities.ts';
import { createImportActivities, type ImportActivityDeps } from './import-activities.ts';
import { createPlanActivities, type PlanActivityDeps } from './plan-activities.ts';
import { createTagActivities, type TagActivityDeps } from './tag-activities.ts';

export type ActivityDeps = ImportActivityDeps &
  PlanActivityDeps &
  BroadcastActivityDeps &
  DeliveryActivityDeps &
  TagActivityDeps &
  FrequencyActivityDeps;

export function createActivities(deps: ActivityDeps) {
  return {
    ...createImportActivities(deps),
    ...createPlanActivities(deps),
    ...createBroadcastActivities(deps),
    ...createDeliveryActivities(deps),
    ...createTagActivities(deps),
    ...createFrequencyActivities(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;
