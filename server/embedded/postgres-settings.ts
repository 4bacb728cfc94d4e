// The settings of the embedded Postgres, each with its reason: durable, quick at bulk loads, no personal data in the log.
import { totalmem } from 'node:os';

const MIB = 1024 * 1024;
/** Half a gibibyte holds the hot indexes of a million contacts; much more takes memory from the page cache and DuckDB. */
const MAX_SHARED_BUFFERS_MIB = 512;
/** Below this Postgres thrashes even on sample data. */
const MIN_SHARED_BUFFERS_MIB = 32;

/** Bytes of memory this process may use: the machine's, or the container's limit when that is lower. */
export function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

export interface SettingsInput {
  port: number;
  memoryBytes: number;
  walCompression: 'lz4' | 'pglz' | 'off';
}

/** Server settings by name. Pure: the same input gives the same settings. */
export function postgresSettings({ port, memoryBytes, walCompression }: SettingsInput): Record<string, string> {
  const memoryMib = Math.floor(memoryBytes / MIB);
  const share = (part: number, min: number, max: number): string =>
    `${Math.min(max, Math.max(min, Math.floor(memoryMib / part)))}MB`;
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // TCP only: a socket path in a deep data folder may pass the 107 bytes that the system allows.
    unix_socket_directories: '',
    max_connections: '100',

    // A committed row survives kill -9 and loss of power.
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',

    shared_buffers: share(8, MIN_SHARED_BUFFERS_MIB, MAX_SHARED_BUFFERS_MIB),
    effective_cache_size: share(2, 128, 16_384),
    // Per sort or hash, not per connection: 100 connections with several each must not exhaust the machine.
    work_mem: share(256, 4, 32),
    maintenance_work_mem: share(16, 32, 512),
    huge_pages: 'try',
    jit: 'off',
    random_page_cost: '1.1',

    // Few checkpoints during a load. The price is a longer recovery after a crash, bounded by max_wal_size.
    max_wal_size: '4GB',
    min_wal_size: '256MB',
    checkpoint_timeout: '15min',
    wal_compression: walCompression,

    // The log goes to stderr, which is a file. ERROR lines quote values, and DETAIL lines whole keys: neither is written.
    // LOG ranks above ERROR in this setting, so start, stop, recovery and crashes are still told.
    logging_collector: 'off',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_statement: 'none',
    log_min_duration_statement: '-1',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
    log_autovacuum_min_duration: '-1',
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
}

/** Settings as command line arguments: `-c name=value` each. */
export function settingArguments(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
