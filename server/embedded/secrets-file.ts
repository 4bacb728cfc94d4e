// Keeps the generated secrets of a data folder: the Postgres password and the suppression key. Never prints one.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Config } from '../config-schema.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { dataFolder, readJsonObject, writePrivateFile } from './data-folder.ts';

export type SecretName = 'postgresPassword' | 'suppressionKey';

/** 32 bytes: as long as the HMAC-SHA256 block needs; shorter ones can be guessed. */
const SECRET_BYTES = 32;

/** A kept secret, or null when none was generated yet. */
export function readSecret(dataDir: string, name: SecretName): string | null {
  const value = readJsonObject(dataFolder(dataDir).secretsFile)?.[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The kept secret, generated and written (0600) at the first call; later calls give the same. */
export function keepSecret(dataDir: string, name: SecretName): string {
  const kept = readSecret(dataDir, name);
  if (kept) return kept;
  const { root, secretsFile } = dataFolder(dataDir);
  mkdirSync(root, { recursive: true });
  const secrets = { ...readJsonObject(secretsFile), [name]: randomBytes(SECRET_BYTES).toString('base64url') };
  writePrivateFile(secretsFile, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets[name] as string;
}

/**
 * The key of the suppression list: the configured one, else the one kept in the data folder. Generates one only with the
 * embedded Postgres: a shared database needs one key on all machines. Throws PipelineError `suppression_key_missing`.
 */
export function resolveSuppressionKey(config: Pick<Config, 'dataDir' | 'databaseUrl' | 'suppressionKey'>): string {
  if (config.suppressionKey !== '') return config.suppressionKey;
  const kept = readSecret(config.dataDir, 'suppressionKey');
  if (kept) return kept;
  if (config.databaseUrl === '') return keepSecret(config.dataDir, 'suppressionKey');
  throw new PipelineError('suppression_key_missing', 'DATABASE_URL is set and SLUICE_SUPPRESSION_KEY is not.', {
    hint: 'Set SLUICE_SUPPRESSION_KEY to one long random text, the same on every machine, and keep it.',
  });
}
