// Reads what lies on the disk, for the model: with a DuckDB of its own, opened when first needed.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { Shop } from './shop.ts';

let connection: Promise<DuckDBConnection> | null = null;
const connect = (): Promise<DuckDBConnection> =>
  (connection ??= DuckDBInstance.create(':memory:', { threads: '1' }).then(async (instance) => {
    const opened = await instance.connect();
    await opened.run("set TimeZone = 'UTC'");
    return opened;
  }));

/** The contact of a line of `lines`. */
export const contactOf = (line: string): string => line.split(' ')[1]!;

/** Whether it ends as such a file does; one that was cut short does not, and nothing can be read of it. */
async function isParquet(file: string): Promise<boolean> {
  return (await readFile(file)).subarray(-4).toString('latin1') === 'PAR1';
}

export class ResultReader {
  readonly #shop: Shop;

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  /** One line a row: `channel contactId socialId tag times first last`, sorted. */
  async lines(folder: string): Promise<string[]> {
    const files = path.join(this.#shop.folder, 'frequency', folder, '*.parquet');
    const rows = await (
      await connect()
    ).runAndReadAll(
      `select concat_ws(' ', channel_id, contact_id, social_id, tag, times, epoch_us(first_at), epoch_us(last_at)) from read_parquet('${files}')`,
    );
    return rows
      .getRows()
      .map(([line]) => String(line))
      .sort();
  }

  /** Files of the lake and of results, under the data folder. */
  async files(): Promise<string[]> {
    const found: string[] = [];
    for (const folder of ['lake', 'frequency']) {
      const root = path.join(this.#shop.folder, folder);
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
      for (const entry of entries)
        if (entry.isFile()) found.push(path.relative(this.#shop.folder, path.join(entry.parentPath, entry.name)));
    }
    return found.sort();
  }

  /** Whether a file says anything of those contacts. */
  async holds(
    file: string,
    contacts: { socialId: string; contactId: string }[],
    mayBeDamaged: boolean,
  ): Promise<boolean> {
    const whole = path.join(this.#shop.folder, file);
    if (!file.endsWith('.parquet')) {
      const text = await readFile(whole, 'utf8');
      return contacts.some(({ socialId }) => text.includes(socialId));
    }
    const duck = await connect();
    if (mayBeDamaged && !(await isParquet(whole))) return false;
    const columns = (await duck.runAndReadAll(`describe select * from read_parquet('${whole}')`)).getRows().map(String);
    const has = (name: string) => columns.some((column) => column.startsWith(`${name},`));
    const list = (values: string[]) => values.map((value) => `'${value}'`).join(', ');
    const conditions = [
      ...(has('contact_id') ? [`contact_id::text in (${list(contacts.map(({ contactId }) => contactId))})`] : []),
      ...(has('social_id') ? [`social_id in (${list(contacts.map(({ socialId }) => socialId))})`] : []),
    ];
    if (conditions.length === 0 || contacts.length === 0) return false;
    const found = await duck.runAndReadAll(
      `select count(*) from read_parquet('${whole}') where ${conditions.join(' or ')}`,
    );
    return Number(found.getRows()[0]![0]) > 0;
  }
}
