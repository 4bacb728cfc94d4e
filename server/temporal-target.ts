// Says whether the environment names a Temporal server of its own, by the SDK's names only. Connects to nothing.
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { PipelineError } from '../contracts/pipeline-error.ts';

/** Any of these means "use that server". A profile file that merely lies in the home folder does not. */
const NAMES = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'];

/**
 * Address and namespace of the server named by TEMPORAL_ADDRESS, a profile or a configuration file; undefined when none is
 * named and the embedded one serves. Throws PipelineError `temporal_config_invalid` for a file or profile that is wrong.
 */
export function configuredTemporal(
  env: Record<string, string | undefined>,
): { address: string; namespace: string } | undefined {
  if (!NAMES.some((name) => env[name])) return undefined;
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(given) });
    return { address: connectionOptions.address ?? '127.0.0.1:7233', namespace: namespace ?? 'default' };
  } catch (error) {
    throw new PipelineError('temporal_config_invalid', 'The Temporal settings of the environment cannot be used.', {
      hint: `Check TEMPORAL_PROFILE and TEMPORAL_CONFIG_FILE, or unset them. (${error instanceof Error ? error.message : ''})`,
      cause: error,
    });
  }
}
