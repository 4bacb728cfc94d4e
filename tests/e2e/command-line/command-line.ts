// Runs the compiled command line as its users do: a process of its own, found servers, an environment without settings.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { builtCli } from '../../../server/package-root.ts';
import { lineId } from '../../import-harness.ts';
import type { StackWorld } from '../../stack-world.ts';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** All of stdout as the one JSON document it must be. */
  json<T = Record<string, unknown>>(): T;
}

export interface ErrorDocument {
  error: { code: string; message: string; hint: string | null };
}

export interface Running {
  /** The reader of stdout goes away. */
  closeStdout(): void;
  ended: Promise<Ran>;
}

/** Starts the command line in `cwd`. Settings come from `env` alone; where Temporal's program lies is passed on. */
export function launch(args: string[], cwd: string, env: Record<string, string> = {}): Running {
  if (!existsSync(builtCli())) throw new Error('dist/ is missing: run `npm run build` first');
  const inherited = Object.entries(process.env).filter(
    ([name]) => name === 'TEMPORAL_CLI_PATH' || !/^(SLUICE_|DATABASE_URL|TEMPORAL_)/.test(name),
  );
  const child = spawn(process.execPath, [builtCli(), ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return {
    closeStdout: () => child.stdout.destroy(),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...said, json: <T>() => JSON.parse(said.stdout) as T }));
    }),
  };
}

/** Where a command finds its servers and its files. */
export type CommandWorld = Pick<StackWorld, 'dataDir' | 'folder'>;

/** A command on the stack of that world, from the folder of its files. */
export function sluice(world: CommandWorld, ...args: string[]): Promise<Ran> {
  return launch([...args, '--data-dir', world.dataDir], world.folder).ended;
}

/** The same, with an answer in JSON that must be there. */
export async function answerOf<T = Record<string, unknown>>(world: CommandWorld, ...args: string[]): Promise<T> {
  const ran = await sluice(world, ...args, '--json');
  if (ran.code !== 0) throw new Error(`sluice ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}${ran.stdout}`);
  return ran.json<T>();
}

export async function countContacts(world: StackWorld, channel?: string): Promise<number> {
  const { rows } = await world.db.query<{ n: string }>(
    'select count(*) as n from contacts where $1::text is null or channel_id = $1',
    [channel ?? null],
  );
  return Number(rows[0]!.n);
}

/** The cells of a generated person; whatever names, reaches or identifies one fits PERSONAL. */
export function person(seed: number): { uid: string; name: string; phone: string; email: string } {
  return {
    uid: lineId(seed),
    name: `測試人${seed}`,
    phone: `09876${String(seed).padStart(5, '0')}`,
    email: `person${seed}@example.com`,
  };
}

export const HEADER = 'LINE UID,姓名,手機,Email,標籤,訂閱';

/** A line under HEADER. */
export function line(
  seed: number,
  own: { uid?: string; name?: string; tags?: string; subscribed?: string } = {},
): string {
  const { uid, name, phone, email } = { ...person(seed), ...own };
  return `${uid},${name},${phone},${email},"${own.tags ?? ''}",${own.subscribed ?? ''}`;
}

/** What of a generated person must not be seen outside Postgres, the spool and the reports. */
export const PERSONAL = {
  uid: /U[0-9a-f]{32}/,
  name: /測試人\d/,
  phone: /(?<!\d)(?:0|\+?886)9876\d{5}(?!\d)/,
  email: /person\d+@example\.com/,
};

/** The kinds of personal data found in a text. */
export function personalDataIn(text: string): string[] {
  return Object.entries(PERSONAL)
    .filter(([, pattern]) => pattern.test(text))
    .map(([kind]) => kind);
}

/** All texts in a value, payload bytes too, one a line. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return typeof value === 'object' && value !== null ? Object.values(value).map(textOf).join('\n') : '';
}
