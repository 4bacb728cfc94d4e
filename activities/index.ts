// Every activity there is, by the role of the task queue that runs it.
import { createImportActivities, type ImportActivityDeps } from './import-activities.ts';

export type ActivityDeps = ImportActivityDeps;

export function createActivities(deps: ActivityDeps) {
  return { ...createImportActivities(deps) };
}

export type Activities = ReturnType<typeof createActivities>;
