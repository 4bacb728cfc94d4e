// The named statements of a folder of SQL, as text.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Each `-- name: x` of each file with what follows it. */
export function statementsOf(folder: string): { name: string; text: string }[] {
  return readdirSync(folder).flatMap((file) =>
    readFileSync(path.join(folder, file), 'utf8')
      .split(/^-- name: /m)
      .slice(1)
      .map((part) => ({ name: `${file} ${part.split('\n')[0]!.trim()}`, text: part })),
  );
}
