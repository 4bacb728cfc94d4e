// The attempt's name at the provider: echoed back in status webhooks, and what an answer must name to settle a recipient.

/** `key.broadcast.ordinal.attempt`; the key tells two installations with one sender account apart. */
export function compileReference(key: string, broadcastId: string): (ordinal: number, attempt: number) => string {
  const prefix = `${key}.${broadcastId}.`;
  return (ordinal, attempt) => `${prefix}${ordinal}.${attempt}`;
}

export interface Reference {
  key: string;
  broadcastId: string;
  ordinal: number;
  attempt: number;
}

/** Null for text that no broadcast of ours can have sent. */
export function parseReference(text: string): Reference | null {
  const match = /^([0-9a-f]{8})\.([0-9]{1,18})\.([0-9]{1,10})\.([0-9]{1,5})$/.exec(text);
  if (!match) return null;
  return { key: match[1]!, broadcastId: match[2]!, ordinal: Number(match[3]), attempt: Number(match[4]) };
}
