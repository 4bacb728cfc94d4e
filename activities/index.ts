// Every activity there is, by the role of the task queue that runs it.
import { createBroadcastActivities, type BroadcastActivityDeps } from './broadcast-activities.ts';
import { createDeliveryActivities, type DeliveryActivityDeps } from './delivery-activities.ts';
import { createImportActivities, type ImportActivityDeps } from './import-activities.ts';
import { createPlanActivities, type PlanActivityDeps } from './plan-activities.ts';

export type ActivityDeps = ImportActivityDeps & PlanActivityDeps & BroadcastActivityDeps & DeliveryActivityDeps;

export function createActivities(deps: ActivityDeps) {
  return {
    ...createImportActivities(deps),
    ...createPlanActivities(deps),
    ...createBroadcastActivities(deps),
    ...createDeliveryActivities(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;
