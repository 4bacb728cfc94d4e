// What columns are called in the files that Sluice writes: in every format the same, whatever code and `--json` call them.

/** `channelId` is `channel_id`. Applying it twice changes nothing. */
export function fileColumn(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
