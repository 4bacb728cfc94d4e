// Folders of work under `.work`: removed when their run or scrub ends; those of dead ones, which hold addresses, are swept.
import type { FrequencyWorld } from './ports.ts';

/** Too low: a step that writes one large file for hours loses it; too high: addresses of a dead run lie there that much longer. */
const LEFT_AFTER_MS = 24 * 60 * 60 * 1000;

/** Runs have folders by their workflow's run id. */
const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Removes folders in which nothing was written for a day, but never that of a run that lives, however long it waits. Without
 * `runLives` those of runs stay for somebody who can ask. @returns how many
 */
export async function sweepWork(world: Pick<FrequencyWorld, 'resultFolder' | 'runLives'>): Promise<number> {
  let swept = 0;
  for (const { name, ageMs } of await world.resultFolder.list('.work')) {
    if (ageMs < LEFT_AFTER_MS || (await youngestBelow(world, `.work/${name}`)) < LEFT_AFTER_MS) continue;
    if (RUN_ID.test(name) && (!world.runLives || (await world.runLives(name)))) continue;
    await world.resultFolder.remove(`.work/${name}`);
    swept += 1;
  }
  return swept;
}

/** Age of what was written last, in a folder and the folders in it; Infinity when it is empty. */
async function youngestBelow({ resultFolder }: Pick<FrequencyWorld, 'resultFolder'>, folder: string): Promise<number> {
  let youngest = Infinity;
  for (const { name, ageMs } of await resultFolder.list(folder)) {
    youngest = Math.min(youngest, ageMs);
    // A name with a dot is a file's.
    const within = name.includes('.') ? [] : await resultFolder.list(`${folder}/${name}`);
    youngest = Math.min(youngest, ...within.map((entry) => entry.ageMs));
  }
  return youngest;
}
