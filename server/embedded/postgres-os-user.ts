// Postgres refuses to run as root: finds or makes the OS user it runs as, and asks what that user can reach.
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { runCommand } from './run-command.ts';

/** Empty for everyone but root: the server then runs as the caller. */
export interface OsUser {
  uid?: number;
  gid?: number;
}

const NAME = 'postgres';
/** These are local look-ups; longer means the user database of the machine hangs. */
const TIMEOUT_MS = 10_000;

/** The user that Postgres would run as, or null when root has none yet. Creates nothing. */
export async function findPostgresUser(): Promise<OsUser | null> {
  if (process.getuid?.() !== 0) return {};
  const uid = await runCommand('id', ['-u', NAME], { timeoutMs: TIMEOUT_MS });
  const gid = await runCommand('id', ['-g', NAME], { timeoutMs: TIMEOUT_MS });
  if (uid.code !== 0 || gid.code !== 0) return null;
  return { uid: Number(uid.output.trim()), gid: Number(gid.output.trim()) };
}

/** The user that Postgres runs as; as root, made when absent. Throws PipelineError `postgres_user_missing`. */
export async function ensurePostgresUser(say: (text: string) => void): Promise<OsUser> {
  const found = await findPostgresUser();
  if (found) return found;
  say(`Postgres cannot run as root: making the OS user "${NAME}".`);
  const group = await runCommand('groupadd', ['--system', NAME], { timeoutMs: TIMEOUT_MS });
  const user = await runCommand('useradd', ['--system', '--no-create-home', '--gid', NAME, NAME], {
    timeoutMs: TIMEOUT_MS,
  });
  const made = await findPostgresUser();
  if (made) return made;
  throw new PipelineError(
    'postgres_user_missing',
    `The OS user "${NAME}" could not be made: ${group.output} ${user.output}`,
    {
      hint: `Make it by hand (useradd --system ${NAME}), run Sluice as another user than root, or set DATABASE_URL.`,
    },
  );
}

/** True when that user can enter and list the folder. */
export async function canEnter(user: OsUser, folder: string): Promise<boolean> {
  const result = await runCommand('/bin/sh', ['-c', 'cd "$1" && ls . >/dev/null', 'sh', folder], {
    ...user,
    timeoutMs: TIMEOUT_MS,
  });
  return result.code === 0;
}

/** True when that user can pass through the folder to something of its own inside. */
export async function canPass(user: OsUser, folder: string): Promise<boolean> {
  const result = await runCommand('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], { ...user, timeoutMs: TIMEOUT_MS });
  return result.code === 0;
}

/** True when that user can start the program with all its libraries. */
export async function canRun(user: OsUser, program: string): Promise<boolean> {
  const result = await runCommand(program, ['--version'], { ...user, timeoutMs: TIMEOUT_MS });
  return result.code === 0;
}
