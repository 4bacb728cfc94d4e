// Reads the values of options that several commands share. Wrong ones are wrong usage: exit code 2.
import { InvalidArgumentError } from 'commander';

/** A delimiter, by itself or by name. */
export function parseDelimiterOption(text: string): string {
  const named: Record<string, string> = { tab: '\t', comma: ',', semicolon: ';', pipe: '|', '\\t': '\t' };
  const value = named[text.toLowerCase()] ?? text;
  if ([',', ';', '\t', '|'].includes(value)) return value;
  throw new InvalidArgumentError('must be , ; tab or |');
}

/** A percentage such as `10` or `10%`, as a share of 1. */
export function parsePercent(text: string): number {
  const number = Number(text.replace(/%$/, ''));
  if (text.trim() !== '' && number >= 0 && number <= 100) return number / 100;
  throw new InvalidArgumentError('must be a percentage from 0 to 100');
}
