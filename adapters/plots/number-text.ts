// Numbers on plots.
const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** `12,345`. A minus is the sign, not a hyphen. */
export function wholeNumber(value: number): string {
  return WHOLE.format(value).replace('-', '−');
}

/** `12.3K`, where there is little room. */
export function compactNumber(value: number): string {
  return COMPACT.format(value).replace('-', '−');
}
