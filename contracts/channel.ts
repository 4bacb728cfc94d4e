// What a channel is to workflows, pipelines and the command line.
import type { ChannelKind } from './channel-kinds.ts';

/** One sender account. `secretEnv` names the environment variable that holds its token; the token itself is never stored. */
export interface Channel {
  id: string;
  kind: ChannelKind;
  baseUrl: string;
  senderId: string;
  secretEnv: string;
  /** Requests a second by endpoint; an endpoint not named here has the provider's documented limit. */
  rates: Record<string, number>;
  defaultCountry: string;
  timeZone: string;
  enabled: boolean;
}
