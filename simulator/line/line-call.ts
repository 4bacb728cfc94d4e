// One request to the simulated LINE API, as all that judge it see it.
import type { Call } from '../exchange.ts';
import type { JsonObject } from '../json-values.ts';

export interface LineCall extends Call {
  /** What follows the endpoint's path: a user id, or the kind of message to validate. */
  rest: string;
  query: URLSearchParams | null;
  /** Undefined when the bytes are no JSON object. */
  body: JsonObject | undefined;
  bodyHash: string;
  bytes: number;
}
