// The one documented table of settings: key, environment name, type, default, unit, meaning. Reads nothing itself.
// `TEMPORAL_*` belongs to @temporalio/envconfig; TEMPORAL_CLI_PATH is the only such name used here.

export type SettingType = 'text' | 'path' | 'postgresUrl' | 'timeZone' | 'integer' | 'choice';

export interface Setting {
  env: string;
  type: SettingType;
  default: string | number;
  /** What the number counts; empty for text. */
  unit: string;
  /** One sentence; for numbers also what breaks when it is too low or too high. */
  meaning: string;
  secret?: true;
  min?: number;
  max?: number;
  choices?: readonly string[];
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const SETTINGS = {
  dataDir: {
    env: 'SLUICE_DATA_DIR',
    type: 'path',
    default: '.sluice',
    unit: '',
    meaning:
      'Data folder: embedded servers, logs, spool, lake and reports. Must be local to the machine that runs `dev`.',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    type: 'postgresUrl',
    default: '',
    unit: '',
    secret: true,
    meaning: 'Postgres to use; empty means the embedded one in the data folder.',
  },
  suppressionKey: {
    env: 'SLUICE_SUPPRESSION_KEY',
    type: 'text',
    default: '',
    unit: '',
    secret: true,
    meaning:
      'Key of the hashed suppression list. Empty means one generated and kept in the data folder. Losing it makes every suppression unreadable.',
  },
  businessTimeZone: {
    env: 'SLUICE_BUSINESS_TIME_ZONE',
    type: 'timeZone',
    default: 'Asia/Taipei',
    unit: '',
    meaning: 'IANA zone of calendar windows, tag expiry and dates without a zone.',
  },
  postgresPoolSize: {
    env: 'SLUICE_POSTGRES_POOL_SIZE',
    type: 'integer',
    default: 10,
    min: 2,
    max: 90,
    unit: 'connections',
    meaning:
      'Connections a process may open. Too low: activities queue; too high: workers together pass max_connections.',
  },
  importThreads: {
    env: 'SLUICE_IMPORT_THREADS',
    type: 'integer',
    default: 2,
    min: 0,
    max: 64,
    unit: 'threads',
    meaning: 'Threads that normalise rows. 0 does it on the main thread; more than the cores only costs memory.',
  },
  importSliceLines: {
    env: 'SLUICE_IMPORT_SLICE_LINES',
    type: 'integer',
    default: 20_000,
    min: 100,
    max: 1_000_000,
    unit: 'rows',
    meaning:
      'Rows (lines, their tags) applied in one transaction. Too low: commit overhead; too high: a crash repeats more, locks last longer.',
  },
  duckdbMemoryMiB: {
    env: 'SLUICE_DUCKDB_MEMORY_MIB',
    type: 'integer',
    default: 0,
    min: 0,
    max: 4_194_304,
    unit: 'MiB',
    meaning:
      'Memory of DuckDB in a worker before it writes to the data folder; 0 is a quarter of the machine or container. Too low: it spills, or fails; too high: the machine runs out.',
  },
  duckdbThreads: {
    env: 'SLUICE_DUCKDB_THREADS',
    type: 'integer',
    default: 0,
    min: 0,
    max: 256,
    unit: 'threads',
    meaning: 'Threads of DuckDB in a worker; 0 is one for each core. More need more memory; fewer leave cores free.',
  },
  lakeGraceSeconds: {
    env: 'SLUICE_LAKE_GRACE_S',
    type: 'integer',
    default: 3_600,
    min: 0,
    max: 2_592_000,
    unit: 'seconds',
    meaning:
      'How long a file of the lake stays after the last version it belongs to. Too low: readers must begin again; too high: old files take space.',
  },
  deliveryInFlight: {
    env: 'SLUICE_DELIVERY_IN_FLIGHT',
    type: 'integer',
    default: 0,
    min: 0,
    max: 512,
    unit: 'requests',
    meaning:
      'Requests a worker may have under way on a channel; 0 is the rate times the measured latency, 16 to 512. Too low: a slow provider keeps the rate from being used; too high: a crash leaves that many uncertain.',
  },
  requestTimeoutMs: {
    env: 'SLUICE_REQUEST_TIMEOUT_MS',
    type: 'integer',
    default: 10_000,
    min: 100,
    max: 120_000,
    unit: 'ms',
    meaning:
      'Patience with one answer of a provider. Too low: slow answers count as lost, and become uncertain on WhatsApp; too high: a dead server holds its requests that long.',
  },
  logLevel: {
    env: 'SLUICE_LOG_LEVEL',
    type: 'choice',
    choices: LOG_LEVELS,
    default: 'info',
    unit: '',
    meaning: 'Least severe level that is logged.',
  },
  postgresPort: {
    env: 'SLUICE_POSTGRES_PORT',
    type: 'integer',
    default: 0,
    min: 0,
    max: 65_535,
    unit: 'port',
    meaning: 'Loopback port of the embedded Postgres; 0 takes a free one and keeps it for this data folder.',
  },
  temporalPort: {
    env: 'SLUICE_TEMPORAL_PORT',
    type: 'integer',
    default: 0,
    min: 0,
    max: 65_535,
    unit: 'port',
    meaning: 'Loopback port of the embedded Temporal; 0 takes a free one and keeps it for this data folder.',
  },
  uiPort: {
    env: 'SLUICE_UI_PORT',
    type: 'integer',
    default: 0,
    min: 0,
    max: 65_535,
    unit: 'port',
    meaning: 'Loopback port of the Temporal UI; 0 takes a free one and keeps it for this data folder.',
  },
  simulatorPort: {
    env: 'SLUICE_SIMULATOR_PORT',
    type: 'integer',
    default: 0,
    min: 0,
    max: 65_535,
    unit: 'port',
    meaning: 'Loopback port of the provider simulator; 0 takes a free one and keeps it for this data folder.',
  },
  temporalCliPath: {
    env: 'TEMPORAL_CLI_PATH',
    type: 'path',
    default: '',
    unit: '',
    meaning: 'The `temporal` program to use; empty means search PATH, then the cache, then fetch or build it.',
  },
  temporalDownloadTimeoutMs: {
    env: 'SLUICE_TEMPORAL_DOWNLOAD_TIMEOUT_MS',
    type: 'integer',
    default: 20_000,
    min: 1_000,
    max: 600_000,
    unit: 'ms',
    meaning:
      'Patience with the download of the Temporal program. Too low: a slow line forces the build; too high: a blocked one delays it.',
  },
  goInstallTimeoutMs: {
    env: 'SLUICE_GO_INSTALL_TIMEOUT_MS',
    type: 'integer',
    default: 1_200_000,
    min: 10_000,
    max: 7_200_000,
    unit: 'ms',
    meaning:
      'Patience with building the Temporal program by Go (three minutes on two cores). Too low: it never finishes.',
  },
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof SETTINGS;

type ValueOf<S extends Setting> = S['type'] extends 'integer'
  ? number
  : S extends { choices: readonly (infer C)[] }
    ? C
    : string;

/** Every setting with its final, checked value. `dataDir` is absolute; empty strings mean "not set". */
export type Config = { readonly [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]> };

/** Names under this prefix are free for channel secrets (`--secret-env`) and never taken for a misspelt setting. */
export const SECRET_ENV_PREFIX = 'SLUICE_SECRET_';
