// What units hold while they are under way: permits until they are on record, and the latency they tell when they are.
import type { Answered, Lane, Unit } from './ports.ts';

/** Waiting for a slot counts no longer than this towards what must be in flight: further ahead nothing is gained. */
const SLOT_WAIT_COUNTED_MS = 200;

/** The answer of a unit has come: its connection is free, it is claimed still. */
export function landed(lane: Lane, unit: Unit): void {
  if (!unit.permit || unit.landed) return;
  unit.landed = true;
  lane.inFlight.permits.landed(1);
}

/** The units hold no permit any more: settled, given back, or somebody else's. */
export function returnPermits(lane: Lane, units: Unit[]): void {
  const holders = units.filter((unit) => unit.permit);
  const told = holders.filter((unit) => unit.landed).length;
  for (const unit of holders) unit.permit = false;
  lane.inFlight.permits.give(holders.length, told);
}

/** From claim to commit; the bound of what is in flight follows it. */
export function noteLatency(lane: Lane, answers: Answered[]): void {
  const now = lane.clock.local();
  for (const { unit, slotMs, answer } of answers) {
    if (answer.about === 'nobody') continue;
    const sinceClaim = now - unit.takenAtMs;
    const sinceSlot = slotMs === null ? sinceClaim : lane.clock.latest() - slotMs + SLOT_WAIT_COUNTED_MS;
    lane.inFlight.note(Math.min(sinceClaim, sinceSlot));
  }
}
