// A header as it is compared with the words of a dictionary, and with other headers.

/** NFKC, lower case, letters and digits only: `" LINE＿UID "` gives `lineuid`. Twice changes nothing. */
export function headerKey(header: string): string {
  return header
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}
