// `--map` as a hint writes it, so that it can be copied into a shell whatever the header holds.

/** Characters that mean nothing to a shell within a word. */
const PLAIN = /^[\p{L}\p{N}\p{M}_:.,/=@%+#-]+$/u;

/** `--map target=column`, quoted where a shell would take it apart. Pure. */
export function mapOption(target: string, column: string): string {
  const value = `${target}=${column}`;
  if (PLAIN.test(value)) return `--map ${value}`;
  return /["$`\\!]/.test(value) ? `--map '${value.replaceAll("'", String.raw`'\''`)}'` : `--map "${value}"`;
}
