// The doctor's look at this installation: Node, packages, build, and the programs of the embedded servers. Mends nothing.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeError } from '../../contracts/pipeline-error.ts';
import type { Config } from '../config-schema.ts';
import { findNativeFolder, missingLibraryLinks } from '../embedded/postgres-binaries.ts';
import { findPostgresUser } from '../embedded/postgres-os-user.ts';
import { abandonedClusters } from '../embedded/outside-cluster.ts';
import { runCommand } from '../embedded/run-command.ts';
import { locateTemporal } from '../embedded/temporal-binary.ts';
import { TEMPORAL_CLI_VERSION } from '../embedded/temporal-cache.ts';
import { builtCli, packageRoot } from '../package-root.ts';
import { missing, note, ok, type Check } from './check.ts';

/** The oldest Node that loads an ES module by require, which the Temporal SDK needs. */
const OLDEST_NODE = [20, 19] as const;

/** All looks at the installation. `needsTemporal` is false when a Temporal server elsewhere is configured. */
export async function checkInstallation(
  config: Config,
  env: NodeJS.ProcessEnv,
  needsTemporal: boolean,
): Promise<Check[]> {
  return [
    checkNode(),
    checkPackages(),
    checkBuild(),
    ...(config.databaseUrl === '' ? [checkPostgresPrograms(), await checkOsUser()] : []),
    ...(needsTemporal ? await checkTemporalProgram(config, env) : []),
    checkDataFolder(config.dataDir),
    ...checkAbandoned(),
  ];
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const good = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const found = `Node ${process.versions.node}`;
  return good
    ? ok('node', found)
    : missing('node', `${found}, ${OLDEST_NODE.join('.')} or newer is needed`, 'nvm install 22');
}

function checkPackages(): Check {
  const root = packageRoot();
  const [lock, installed] = [join(root, 'package-lock.json'), join(root, 'node_modules', '.package-lock.json')];
  if (!existsSync(installed)) return missing('npm packages', 'not installed', 'npm ci');
  if (existsSync(lock) && statSync(lock).mtimeMs > statSync(installed).mtimeMs + 1000) {
    return note('npm packages', 'installed before package-lock.json changed', 'npm ci');
  }
  return ok('npm packages', 'installed');
}

function checkBuild(): Check {
  return existsSync(builtCli()) ? ok('build', builtCli()) : missing('build', 'dist/ is missing', 'npm run build');
}

function checkPostgresPrograms(): Check {
  const name = 'Postgres programs';
  try {
    const { native, version } = findNativeFolder();
    for (const program of ['postgres', 'initdb']) accessSync(join(native, 'bin', program), constants.R_OK);
    const links = missingLibraryLinks(native).length;
    if (links > 0)
      return note(name, `${version}, ${links} library links missing; the next start makes them`, 'npx sluice dev');
    return ok(name, `${version} in ${native}`);
  } catch (error) {
    return missing(name, describeError(error), 'npm ci');
  }
}

async function checkOsUser(): Promise<Check> {
  const user = await findPostgresUser();
  if (user?.uid !== undefined) return ok('OS user', `root runs Postgres as the user "postgres" (${user.uid})`);
  if (user) return ok('OS user', 'Postgres runs as you');
  return note('OS user', 'root has no user "postgres" yet; the next start makes it', 'useradd --system postgres');
}

async function checkTemporalProgram(config: Config, env: NodeJS.ProcessEnv): Promise<Check[]> {
  const name = 'Temporal program';
  const go = await runCommand('go', ['version'], { timeoutMs: 15_000 });
  const goCheck =
    go.code === 0 ? ok('Go', go.output.trim()) : note('Go', 'not installed; only needed to build the Temporal program');
  try {
    const { found, looked } = await locateTemporal({ config, env });
    if (found) return [ok(name, `server ${found.server}, ${found.path} (${found.source})`), goCheck];
    const fix =
      go.code === 0 ? `go install github.com/temporalio/cli/cmd/temporal@${TEMPORAL_CLI_VERSION}` : 'npx sluice dev';
    return [missing(name, `not found (${looked.join('; ')}); a start tries to download or build it`, fix), goCheck];
  } catch (error) {
    return [missing(name, describeError(error), 'unset TEMPORAL_CLI_PATH'), goCheck];
  }
}

function checkAbandoned(): Check[] {
  if (process.getuid?.() !== 0) return [];
  return abandonedClusters().map(({ home, dataDir }) =>
    note('old cluster', `of ${dataDir}, which is gone or was made anew; it only takes space`, `rm -r ${home}`),
  );
}

function checkDataFolder(dataDir: string): Check {
  const name = 'data folder';
  let existing = dataDir;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch {
    return missing(name, `${existing} is not writable`, 'export SLUICE_DATA_DIR="$HOME/.sluice"');
  }
  return existing === dataDir ? ok(name, dataDir) : note(name, `${dataDir} does not exist yet; a start makes it`);
}
