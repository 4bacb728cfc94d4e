// Tag frequency: refresh the lake, count all windows in parts, publish, report. Holds names, counts and checksums; never a row.
import {
  ActivityFailure,
  ApplicationFailure,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  parseFrequencyInput,
  partsFor,
  type FrequencyInput,
  type FrequencyPlan,
  type FrequencyResult,
  type LakeRefresh,
  type PartCount,
} from '../contracts/tag-frequency.ts';
import { describeCounting, describeFrequency, describeRefusal } from './frequency-details.ts';
import { parsedBy } from './parsed-input.ts';
import { compute, short } from './proxies.ts';
import { Channel, RowsDone, RowsTotal, ScheduledStartTime, Stage } from './search-attributes.ts';

/** Versions of the lake that may go away under a run, one after the other, before it gives up: each means an hour's wait. */
const VERSIONS = 3;

/**
 * @param input one JSON object, {@link FrequencyInput}; the least is `{}`: 7, 30 and 90 days up to now, or up to the nominal time
 * of the schedule that started it. The same as-of and known-at give the same answer, and are recognised.
 */
export async function tagFrequency(input: unknown): Promise<FrequencyResult> {
  const request = parsedBy(parseFrequencyInput, input);
  if (request.channel !== null) upsertSearchAttributes([{ key: Channel, value: request.channel }]);
  stage('preparing', `**preparing** ${request.windows.join(', ')}`);
  const plan = await short.prepareFrequency(request, asOfMs(request));
  if (plan.recognised) return shown(plan.recognised);
  for (let version = 1; ; version += 1)
    try {
      return shown(await run(request, plan));
    } catch (error) {
      const failure = error instanceof ActivityFailure ? error.cause : error;
      const type = failure instanceof ApplicationFailure ? failure.type : null;
      if (type === 'lake_version_gone' && version < VERSIONS) continue;
      if (type !== 'gate_failed') throw error;
      stage('refused', describeRefusal((failure as Error).message));
      throw failure;
    }
}

async function run(request: FrequencyInput, plan: FrequencyPlan): Promise<FrequencyResult> {
  stage('refreshing', '**refreshing** the lake from the log');
  const lake = await compute.refreshLake(false);
  const { asOfMs, windows } = plan;
  // Fixed here for good when nobody asked for another: the run's real start.
  const knownAtUs = (plan.knownAtUs ??= lake.watermarkUs);
  const { channel } = request;
  const scope = { work: workflowInfo().runId, lakeVersion: lake.version, knownAtUs, channel, windows };
  const parts = await countParts(scope, lake, request);
  stage('publishing', '**publishing**');
  const result = await compute.publishFrequency({ ...scope, input: request, asOfMs, parts });
  if (!request.report) return result;
  stage('reporting', '**writing** the report');
  const report = await compute.reportFrequency({ ...scope, asOfMs, result });
  return { ...result, report };
}

type Scope = Omit<Parameters<typeof compute.countPart>[0], 'part' | 'parts'>;

function countParts(scope: Scope, lake: LakeRefresh, { fanOut }: FrequencyInput): Promise<PartCount[]> {
  const parts = partsFor(lake.rows, fanOut);
  let done = 0;
  const show = () => {
    stage('counting', describeCounting(lake, scope.knownAtUs, done, parts));
    upsertSearchAttributes([
      { key: RowsTotal, value: lake.rows },
      { key: RowsDone, value: Math.round((lake.rows * done) / parts) },
    ]);
  };
  show();
  return Promise.all(
    Array.from({ length: parts }, async (_, part) => {
      const counted = await compute.countPart({ ...scope, part, parts });
      done += 1;
      show();
      return counted;
    }),
  );
}

/** The end of the windows: what was asked for, else the nominal time of the schedule, so that a backfill counts the past. */
function asOfMs({ asOf }: FrequencyInput): number {
  if (asOf !== null) return Date.parse(asOf);
  const { typedSearchAttributes, startTime } = workflowInfo();
  return (typedSearchAttributes.get(ScheduledStartTime) ?? startTime).getTime();
}

function stage(value: string, details: string): void {
  setCurrentDetails(details);
  upsertSearchAttributes([{ key: Stage, value }]);
}

function shown(result: FrequencyResult): FrequencyResult {
  stage('done', describeFrequency(result));
  return result;
}
