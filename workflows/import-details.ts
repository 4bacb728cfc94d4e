// The words and tables that a person sees in the Temporal UI while an import runs, and when it has ended. Pure.
import { IMPORT_OUTCOMES, type ImportProgress, type ImportResult } from '../contracts/import.ts';

/** The progress at a moment, epoch milliseconds. */
export interface Sample {
  at: number;
  progress: ImportProgress;
}

export interface Rate {
  linesPerSecond: number;
  etaSeconds: number | null;
}

/** Speed between two looks at the same stage; null where there is nothing to compare. */
export function rateOf(earlier: Sample | null, now: Sample): Rate | null {
  if (!earlier || earlier.progress.state !== now.progress.state || now.at <= earlier.at) return null;
  const perSecond = (value: (progress: ImportProgress) => number) =>
    (1000 * (value(now.progress) - value(earlier.progress))) / (now.at - earlier.at);
  const linesPerSecond = perSecond((progress) => progress.linesDone);
  const { linesTotal, linesDone, bytesTotal, bytesDone } = now.progress;
  const bytesPerSecond = perSecond((progress) => progress.bytesDone);
  // Until the file is read, only its bytes are known.
  const eta =
    linesTotal === null ? (bytesTotal - bytesDone) / bytesPerSecond : (linesTotal - linesDone) / linesPerSecond;
  return { linesPerSecond, etaSeconds: Number.isFinite(eta) && eta >= 0 ? eta : null };
}

export function describeProgress(
  importId: string,
  { progress }: Sample,
  rate: Rate | null,
  names: readonly string[] = IMPORT_OUTCOMES,
): string {
  const percent =
    progress.linesTotal === null
      ? (100 * progress.bytesDone) / Math.max(1, progress.bytesTotal)
      : (100 * progress.linesDone) / Math.max(1, progress.linesTotal);
  const of = progress.linesTotal === null ? '' : ` of ${group(progress.linesTotal)}`;
  const speed = rate ? `, ${group(Math.round(rate.linesPerSecond))} lines/s` : '';
  const eta = rate?.etaSeconds == null ? '' : `, about ${Math.ceil(rate.etaSeconds)} s left in this stage`;
  const head = `**${progress.state}** import ${importId}: ${group(progress.linesDone)}${of} lines (${percent.toFixed(0)} %)${speed}${eta}`;
  const outcomes = Object.keys(progress.outcomes).length > 0 ? [outcomeTable(names, progress.outcomes)] : [];
  return [head, ...notes(progress.warnings), ...outcomes].join('\n\n');
}

export function describeResult(
  result: Omit<ImportResult, 'outcomes' | 'diffFile' | 'reasons' | 'warnings'> & {
    outcomes: Record<string, number>;
    diffFile?: string | null;
  } & Partial<Pick<ImportResult, 'reasons' | 'warnings'>>,
  names: readonly string[] = IMPORT_OUTCOMES,
): string {
  const { blank, preamble, header, footer } = result.skipped;
  const head = `**${result.state}** import ${result.importId}${result.dryRun ? ' (dry run)' : ''}${result.recognised ? ' (imported before)' : ''}: ${group(result.lines)} lines, ${group(blank + preamble + header + footer)} skipped`;
  const files = [
    result.rejectsFile && `Rejects: \`${result.rejectsFile}\``,
    result.diffFile && `Diff: \`${result.diffFile}\``,
  ];
  const reasons = (result.reasons ?? []).map(
    ({ lines, line, text }) => `${group(lines)} invalid, such as line ${group(line)}: ${text}`,
  );
  return [head, result.message, ...notes(result.warnings), outcomeTable(names, result.outcomes), ...reasons, ...files]
    .filter(Boolean)
    .join('\n\n');
}

const notes = (warnings: string[] = []): string[] => warnings.map((warning) => `**Note:** ${warning}`);

function outcomeTable(names: readonly string[], outcomes: Record<string, number>): string {
  const rows = names.map((outcome) => `| ${outcome} | ${group(outcomes[outcome] ?? 0)} |`);
  return ['| outcome | lines |', '| --- | ---: |', ...rows].join('\n');
}

/** Thousands by comma; Intl is not at hand in a workflow. */
function group(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
