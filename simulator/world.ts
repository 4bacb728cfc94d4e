// All that one simulator remembers, in one object for the admin API. Holds no rule of its own.
import type { Books } from './books.ts';
import type { SimulatorClock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { LineState } from './line/line-state.ts';
import type { Outbox } from './outbox.ts';
import type { RateLimits } from './rate-limits.ts';
import type { RecordLog } from './record-log.ts';
import type { WebhookSender } from './webhooks/webhook-sender.ts';
import type { StatusFeed } from './whatsapp/status-feed.ts';
import type { WhatsAppState } from './whatsapp/whatsapp-state.ts';

export interface World {
  clock: SimulatorClock;
  rates: RateLimits;
  books: Books;
  faults: Faults;
  outbox: Outbox;
  line: LineState;
  whatsapp: WhatsAppState;
  feed: StatusFeed;
  webhooks: WebhookSender;
  /** Settings made by admin calls: they outlive the process, as a provider's do. Faults do not. */
  settings: RecordLog;
  /** Closes the port for so long. */
  goDown(forMs: number): void;
}
