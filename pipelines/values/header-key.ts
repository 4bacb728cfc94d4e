// A header as it is compared with the words of a dictionary, and with other headers.

/** NFKC, lower case, letters and digits only: `" LINE＿UID "` gives `lineuid`. Twice changes nothing. */
export function headerKey(header: string): string {
  return header
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** A header as people see it. */
export const plainHeader = (header: string): string => header.normalize('NFKC').trim();

/** Without the remarks in brackets, the innermost of nested ones: `手機(必填)` gives `手機`. */
export const withoutBrackets = (header: string): string =>
  header.normalize('NFKC').replace(/\([^()]*\)|\[[^\][]*\]/g, '');

/** A column as a person can name it in `map`: its header, or `#3` where another has the same or it has none. */
export function nameOf(headers: string[], column: number): string {
  const name = plainHeader(headers[column] ?? '');
  const alone = headers.filter((header) => plainHeader(header) === name).length === 1;
  return name !== '' && alone ? name : `#${column + 1}`;
}
