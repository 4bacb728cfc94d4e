// Delivery without Temporal: the steps of a broadcast in this process, on a real database, with a provider that a test plays.
import { isPassing } from '../activities/failures.ts';
import { providerOf } from '../adapters/channels/providers.ts';
import type { Database } from '../ports/database.ts';
import { createContacts } from '../pipelines/broadcast/prepare.ts';
import { openSlices } from '../pipelines/broadcast/slices.ts';
import { startBroadcast, type StartRequest } from '../pipelines/broadcast/start.ts';
import { rateOf, readChannel } from '../pipelines/channels/channel-store.ts';
import type { BroadcastRef } from '../contracts/broadcast.ts';
import type { Started } from '../contracts/broadcast-input.ts';
import type { DeliveryMode, ProviderAnswer, ProviderRequest } from '../ports/provider.ts';
import { deliverSlice } from '../pipelines/delivery/deliver-slice.ts';
import { InFlight } from '../pipelines/delivery/in-flight.ts';
import type { DeliveryPorts, Lane } from '../pipelines/delivery/ports.ts';
import { ServerClock } from '../pipelines/limiter/server-clock.ts';
import { suppressionPads } from '../pipelines/values/address-hash.ts';
import { TEST_KEY } from './import-harness.ts';
import { control } from './plan-harness.ts';

export type Send = (request: ProviderRequest, mode: DeliveryMode) => Promise<ProviderAnswer> | ProviderAnswer;

export const ACCEPTED: ProviderAnswer = {
  ...{ class: 'accepted', code: '', requestId: null, messageId: 'm', waitMs: null, about: 'recipient' },
  ...{ unclear: false, optedOut: false },
};

export const refused = (facts: Partial<ProviderAnswer>): ProviderAnswer => ({
  ...ACCEPTED,
  ...{ class: 'fail_recipient', messageId: null },
  ...facts,
});

/** Lanes of a worker whose provider is `send`; permits and clock are shared by all slices of a channel. */
export function deliveryPorts(db: Database, send: Send): DeliveryPorts & { lanes: Map<string, Lane> } {
  const lanes = new Map<string, Lane>();
  return {
    db,
    lanes,
    suppressionPads: async () => suppressionPads(TEST_KEY),
    isPassing,
    random: () => 0.5,
    warn: () => undefined,
    lane: async (id, endpoint) => {
      const known = lanes.get(id);
      if (known) return known;
      const channel = await readChannel(db, id);
      const lane: Lane = {
        channel,
        provider: providerOf(channel.kind),
        account: {
          send: async (mode, request) => send(request, mode),
          validate: async () => null,
          quotaLeft: async () => null,
          close: async () => undefined,
        },
        inFlight: new InFlight(rateOf(channel, endpoint), 0, 64),
        clock: new ServerClock(),
      };
      lanes.set(id, lane);
      return lane;
    },
  };
}

let runs = 0;

/** Takes the broadcast as a new workflow run would, after the one before has died. */
export function start(db: Database, request: StartRequest): Promise<Started> {
  const run = `run-${++runs}`;
  return startBroadcast(request, { workflowId: run, runId: run }, { db, isRunning: async () => false });
}

/** What the workflow does after the start: contacts, and every slice that has something due, until none has. */
export async function deliver(started: Started, ports: DeliveryPorts): Promise<void> {
  const ref: BroadcastRef = { broadcastId: started.broadcastId, attempt: started.attempt };
  await createContacts(ref, started.recipients, ports, control);
  for (;;) {
    const open = await openSlices(ports.db, ref, -1, 1_000);
    const due = open.filter(({ waitMs }) => (waitMs ?? 0) <= 0);
    if (due.length === 0) return;
    for (const { slice } of due) await deliverSlice({ ...ref, channel: started.channel, slice }, ports, control);
  }
}
