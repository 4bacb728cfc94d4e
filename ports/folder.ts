// A folder that holds files of one kind: they come into it whole, are sealed, linked and removed by name. A port, opened by adapters/files.
import type { Writable } from 'node:stream';

export interface FolderEntry {
  name: string;
  ageMs: number;
}

export interface SealedFile {
  bytes: number;
  /** Hex SHA-256. */
  sha256: string;
}

/** Names are relative to the folder; those that others may see half-written begin with a dot. */
export interface Folder {
  /** The whole path, for programs that open files by themselves. */
  at(name: string): string;
  /** Makes a folder below, and all above it. */
  make(name: string): Promise<void>;
  /** What lies in the folder, or in one below; empty when there is none. Files and folders alike. */
  list(name?: string): Promise<FolderEntry[]>;
  /** Removes a file or a folder with all that is in it; harmless when there is none. */
  remove(name: string): Promise<void>;
  /** One step: others see the old or the new. */
  rename(from: string, to: string): Promise<void>;
  /** The same file under a second name; a copy where the disk knows no second names. Replaces what is there. */
  alias(from: string, to: string): Promise<void>;
  /** Puts a file safely onto the disk, for the owner alone to read, and takes its fingerprint. */
  seal(name: string): Promise<SealedFile>;
  /** The fingerprint alone; null when there is no such file. */
  fingerprint(name: string): Promise<SealedFile | null>;
  /** A stream into a new file. */
  sink(name: string): Writable;
  /** The whole file or none; replaces one that is there. */
  write(name: string, text: string | AsyncIterable<string>): Promise<void>;
  /** The text of a file, or null when there is none. */
  read(name: string): Promise<string | null>;
  /** Points the link `name` to `target`, a name beside it, in one step. */
  link(name: string, target: string): Promise<void>;
  /** What a link points to, or null. */
  linked(name: string): Promise<string | null>;
}
