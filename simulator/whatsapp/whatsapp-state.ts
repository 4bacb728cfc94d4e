// What a simulated WhatsApp remembers: users, windows, templates, pairs, portfolio, and how reports of sent messages go.
import type { SimulatorClock } from '../clock.ts';
import type { Truth } from '../record-lines.ts';
import { UserStates } from '../user-states.ts';
import { Portfolio, ServiceWindows } from './conversations.ts';
import { GraphErrors } from './graph-errors.ts';
import { PairLimit } from './pair-limit.ts';
import { Templates } from './templates.ts';

/**
 * `active` is reached. `blocked` blocked us: accepted, and its reports stop at `sent`. Any other fails with `code`: as a
 * report after a 200, or with `sync` at once. `marketingOnly`: free-form and utility messages still come through.
 */
export type WhatsAppUserState =
  { kind: 'active' } | { kind: 'blocked' } | { kind: 'fails'; code: number; sync: boolean; marketingOnly: boolean };

export const ACTIVE: WhatsAppUserState = { kind: 'active' };

/** States by name, with the code that each one means. */
export const NAMED_STATES: Record<string, WhatsAppUserState> = {
  active: ACTIVE,
  blocked: { kind: 'blocked' },
  undeliverable: { kind: 'fails', code: 131026, sync: false, marketingOnly: false },
  capped: { kind: 'fails', code: 131049, sync: false, marketingOnly: true },
  stopped: { kind: 'fails', code: 131050, sync: false, marketingOnly: true },
  experiment: { kind: 'fails', code: 130472, sync: false, marketingOnly: true },
  denied: { kind: 'fails', code: 130403, sync: true, marketingOnly: false },
};

export interface WhatsAppState {
  clock: SimulatorClock;
  errors: GraphErrors;
  /** By default every number is on WhatsApp. */
  users: UserStates<WhatsAppUserState>;
  windows: ServiceWindows;
  templates: Templates;
  pairs: PairLimit;
  portfolio: Portfolio;
}

export function whatsappState(clock: SimulatorClock): WhatsAppState {
  return {
    ...{ clock, errors: new GraphErrors(), users: new UserStates<WhatsAppUserState>(ACTIVE) },
    ...{
      windows: new ServiceWindows(),
      templates: new Templates(),
      pairs: new PairLimit(),
      portfolio: new Portfolio(),
    },
  };
}

/** Takes up what an earlier process accepted: pairs and people it counts against. */
export function restoreWhatsApp(state: WhatsAppState, truth: Truth): void {
  const simulatedUs = state.clock.simulatedThenUs(truth.atUs);
  const user = truth.recipients || truth.unreached;
  state.pairs.admit(truth.sender, user, simulatedUs);
  if (!state.windows.isOpen(truth.sender, user, simulatedUs)) state.portfolio.admit(user, simulatedUs);
}
