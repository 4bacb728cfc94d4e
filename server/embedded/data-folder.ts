// Names what lies where in the data folder, makes the folder, and keeps its small private files. No business data.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PipelineError, describeError } from '../../contracts/pipeline-error.ts';

export interface DataFolder {
  root: string;
  logs: string;
  runtimeFile: string;
  supervisorLock: string;
  secretsFile: string;
  portsFile: string;
  temporalDb: string;
  /** Read by the SDK's configuration when somebody puts one here; Sluice writes none. */
  temporalProfile: string;
  /** The Postgres cluster, or a link to it. */
  cluster: string;
}

/** The names inside a data folder. Creates nothing. */
export function dataFolder(root: string): DataFolder {
  return {
    root,
    logs: join(root, 'logs'),
    runtimeFile: join(root, 'runtime.json'),
    supervisorLock: join(root, 'supervisor.lock'),
    secretsFile: join(root, 'secrets.json'),
    portsFile: join(root, 'ports.json'),
    temporalDb: join(root, 'temporal', 'temporal.db'),
    temporalProfile: join(root, 'temporal', 'profile.toml'),
    cluster: join(root, 'postgres'),
  };
}

/**
 * Makes the data folder and those for logs and Temporal; once there, nothing changes. Only the owner may list it. As root others may
 * pass through, since the cluster inside belongs to another OS user. Throws PipelineError `data_dir_unusable`.
 */
export function makeDataFolder(root: string): DataFolder {
  const folder = dataFolder(root);
  try {
    const isNew = !existsSync(root);
    mkdirSync(root, { recursive: true });
    if (isNew) chmodSync(root, process.getuid?.() === 0 ? 0o711 : 0o700);
    for (const inner of [folder.logs, dirname(folder.temporalDb)]) mkdirSync(inner, { recursive: true, mode: 0o700 });
    return folder;
  } catch (error) {
    throw new PipelineError('data_dir_unusable', `The data folder ${root} cannot be made (${describeError(error)}).`, {
      hint: 'Choose another one: --data-dir DIR or SLUICE_DATA_DIR.',
      cause: error,
    });
  }
}

/** Writes a file that only the owner may read, whole or not at all, whoever is killed meanwhile. */
export function writePrivateFile(path: string, text: string): void {
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, path);
}

/** The object in a JSON file, or null when the file is missing. Throws PipelineError `data_file_broken` on other content. */
export function readJsonObject(path: string): Record<string, unknown> | null {
  if (!existsSync(path)) return null;
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  }
  throw new PipelineError('data_file_broken', `${path} does not hold a JSON object.`, {
    hint: 'Restore it from a backup, or remove it if its content can be lost.',
  });
}
