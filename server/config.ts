// Turns environment, file and flags into one checked Config, or one error that names every problem. Opens no connection.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PipelineError, describeError } from '../contracts/pipeline-error.ts';
import { SECRET_ENV_PREFIX, SETTINGS, type Config, type Setting, type SettingKey } from './config-schema.ts';

export type { Config, LogLevel } from './config-schema.ts';

type Raw = { value: unknown; origin: string; base: string };
export type ConfigValues = Partial<Record<SettingKey, string | number>>;

export interface LoadConfigOptions {
  env: Record<string, string | undefined>;
  /** Path of a JSON file. It must exist when given, here or by SLUICE_CONFIG; `<dataDir>/sluice.json` may be absent. */
  file?: string | undefined;
  /** Values from flags: they win over environment, file and default, in that order. */
  overrides?: ConfigValues | undefined;
  /** What relative paths start from; default the current folder. Paths in the file start from the file's folder. */
  cwd?: string;
}

const keys = Object.keys(SETTINGS) as SettingKey[];
const setting = (key: SettingKey): Setting => SETTINGS[key];
const present = (value: unknown): boolean => value !== undefined && value !== '';

/**
 * Reads and checks all settings. Touches nothing but the config file; calling twice gives equal answers.
 * Throws PipelineError `config_invalid` whose message lists all problems, one a line.
 */
export function loadConfig(options: LoadConfigOptions): Config {
  const { env, overrides = {}, cwd = process.cwd() } = options;
  const problems: string[] = unknownEnvironmentNames(env);
  const fileValues = readConfigFile(options, cwd, problems);
  const values: Record<string, string | number> = {};
  for (const key of keys) {
    const spec = setting(key);
    const raw: Raw = present(overrides[key])
      ? { value: overrides[key], origin: `option ${key}`, base: cwd }
      : present(env[spec.env])
        ? { value: env[spec.env], origin: spec.env, base: cwd }
        : fileValues[key] !== undefined
          ? fileValues[key]
          : { value: spec.default, origin: 'default', base: cwd };
    const parsed = parseValue(spec, raw);
    if ('problem' in parsed) problems.push(`${raw.origin}: ${parsed.problem}`);
    else values[key] = parsed.value;
  }
  if (problems.length > 0) {
    throw new PipelineError(
      'config_invalid',
      `The configuration has ${countProblems(problems)}:\n- ${problems.join('\n- ')}\n`,
      {
        hint: 'Mend what is named above; README.md lists every setting.',
        details: { problems: problems.length },
      },
    );
  }
  return values as unknown as Config;
}

const countProblems = (problems: string[]): string =>
  problems.length === 1 ? 'a problem' : `${problems.length} problems`;

function unknownEnvironmentNames(env: Record<string, string | undefined>): string[] {
  const known = new Set<string>([...keys.map((key) => setting(key).env), 'SLUICE_CONFIG']);
  return Object.keys(env)
    .filter((name) => name.startsWith('SLUICE_') && !name.startsWith(SECRET_ENV_PREFIX) && !known.has(name))
    .sort()
    .map((name) => `${name}: no such setting (a channel secret must begin with ${SECRET_ENV_PREFIX})`);
}

function readConfigFile(options: LoadConfigOptions, cwd: string, problems: string[]): Partial<Record<SettingKey, Raw>> {
  const named = present(options.file) ? options.file : options.env['SLUICE_CONFIG'];
  const dataDir = options.overrides?.dataDir ?? options.env[SETTINGS.dataDir.env];
  const folder = resolve(cwd, String(present(dataDir) ? dataDir : SETTINGS.dataDir.default));
  const file = present(named) ? resolve(cwd, String(named)) : join(folder, 'sluice.json');
  if (!present(named) && !existsSync(file)) return {};
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    problems.push(`${file}: cannot be read as JSON (${describeError(error)})`);
    return {};
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    problems.push(`${file}: must hold one JSON object`);
    return {};
  }
  const values: Partial<Record<SettingKey, Raw>> = {};
  for (const [key, value] of Object.entries(content)) {
    if (!Object.hasOwn(SETTINGS, key)) problems.push(`${file}: no such setting: ${key}`);
    else if (key === 'dataDir' && !present(named))
      problems.push(`${file}: dataDir cannot be set in a file that lies in it`);
    else values[key as SettingKey] = { value, origin: `${file}, ${key}`, base: dirname(file) };
  }
  return values;
}

type Parsed = { value: string | number } | { problem: string };

// A secret's value never enters a problem text: problems are printed and logged.
function parseValue(spec: Setting, { value, base }: Raw): Parsed {
  if (spec.type === 'integer') return parseInteger(spec, value);
  if (typeof value !== 'string') return { problem: `must be text, not ${value === null ? 'null' : typeof value}` };
  switch (spec.type) {
    case 'path':
      return { value: value === '' ? '' : resolve(base, value) };
    case 'choice':
      return spec.choices?.includes(value)
        ? { value }
        : { problem: `must be one of ${spec.choices?.join(', ')}, not ${JSON.stringify(value)}` };
    case 'timeZone':
      return isTimeZone(value)
        ? { value }
        : { problem: `${JSON.stringify(value)} is not an IANA time zone such as Asia/Taipei` };
    case 'postgresUrl':
      return value === '' || isPostgresUrl(value)
        ? { value }
        : { problem: 'must look like postgres://user:password@host:5432/database' };
    case 'text':
      return { value };
  }
}

function parseInteger(spec: Setting, value: unknown): Parsed {
  const number = typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value;
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = spec;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < min || number > max) {
    return { problem: `must be a whole number of ${spec.unit} from ${min} to ${max}, not ${JSON.stringify(value)}` };
  }
  return { value: number };
}

function isTimeZone(value: string): boolean {
  try {
    return value !== '' && new Intl.DateTimeFormat('en', { timeZone: value }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

function isPostgresUrl(value: string): boolean {
  return /^postgres(ql)?:\/\/./.test(value) && URL.canParse(value);
}

/** The address of a server without its password, fit for logs and screens. Text that is no URL becomes `***`. */
export function maskUrl(url: string): string {
  if (url === '') return '';
  if (!URL.canParse(url)) return '***';
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  for (const name of parsed.searchParams.keys()) if (/pass/i.test(name)) parsed.searchParams.set(name, '***');
  return parsed.toString();
}

/** The settings as shown to people: secrets masked, the password inside DATABASE_URL too. */
export function maskedConfig(config: Config): Record<SettingKey, string | number> {
  const show = (key: SettingKey): string | number => {
    const value = config[key];
    if (key === 'databaseUrl') return maskUrl(config.databaseUrl);
    return setting(key).secret && value !== '' ? '***' : value;
  };
  return Object.fromEntries(keys.map((key) => [key, show(key)])) as Record<SettingKey, string | number>;
}

/** One line a setting: key, value (secrets masked), environment name, unit and meaning. */
export function printConfig(config: Config): string {
  const shown = maskedConfig(config);
  return keys
    .map((key) => {
      const { env, unit, meaning } = setting(key);
      return `${key} = ${JSON.stringify(shown[key])}${unit ? ` ${unit}` : ''}   # ${env}: ${meaning}`;
    })
    .join('\n');
}
