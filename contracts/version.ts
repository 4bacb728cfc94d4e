// Versions of rules that stored facts depend on.

/**
 * Raised whenever the same file could come out differently: normalising, mapping or matching changed.
 * Not raising it would answer a repeated import with a report that today's rules would not give.
 */
export const IMPORT_RULE_VERSION = 3;

/** The same for files of tag events. */
export const TAG_RULE_VERSION = 4;
