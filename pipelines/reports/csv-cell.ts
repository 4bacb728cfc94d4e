// One cell of a CSV file that Sluice writes: quoted where it must be, and only there.

/** `value` as it stands between two delimiters; null is an empty cell. */
export function csvCell(value: string | null, delimiter: string): string {
  if (value === null) return '';
  return value.includes(delimiter) || /["\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
