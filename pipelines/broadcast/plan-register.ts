// Registers a plan: judges the message, spools the list, finds its columns, and writes the broadcast's row. Every mistake of
// the person who asked shows here, before a line is read.
import path from 'node:path';
import type { Queryable } from '../../ports/database.ts';
import { findListColumns } from '../audience/list-columns.ts';
import type { ListProfile } from '../audience/list-plan.ts';
import { readChannel } from '../channels/channel-store.ts';
import { isPhoneCountry } from '../values/phone.ts';
import type { PlanOptions } from '../../contracts/broadcast.ts';
import type { Channel } from '../../contracts/channel.ts';
import type { SkippedCounts } from '../../contracts/import.ts';
import { compileMessage } from '../../contracts/message-template.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { PlanInput } from '../../contracts/plan-input.ts';
import type { PlanRef } from '../../contracts/plan.ts';
import type { StepControl } from '../../ports/step-control.ts';
import type { Spooled } from '../import/register.ts';
import { marksOf } from '../source/marks.ts';
import { readTableShape } from '../source/table-shape.ts';
import { clearUnfinished } from './plan-cleanup.ts';
import { judgeRendered, planMessage, type PlannedMessage } from './plan-message.ts';
import type { PlanPorts } from './plan-ports.ts';

/**
 * Gives the run the broadcast whose plan it makes. Calling it again from the same run gives the same one. Also clears away
 * what dead runs left. @throws PipelineError `message_invalid`, `country_unknown`, `channel_unknown`, and what spooling and
 * `findListColumns` find wrong with the list
 */
export async function registerPlan(
  input: PlanInput,
  run: { workflowId: string; runId: string },
  ports: PlanPorts,
  control: StepControl,
): Promise<PlanRef> {
  const channel = await readChannel(ports.db, input.channel);
  const own = await findOwn(ports.db, run);
  if (own !== null) return { broadcastId: own };
  const country = checkedCountry(input.country ?? channel.defaultCountry);
  const message = planMessage(channel, input.message, ports);
  const spooled = await ports.spoolList(input, control);
  const list = await inspectList(input, channel, country, message.places, spooled, ports);
  const warnings =
    message.places.length > 0
      ? []
      : await judgeRendered(channel, message.mode, compileMessage(input.message, [])([]), ports);
  await clearUnfinished(ports.db, run.runId, ports.isRunning);
  return { broadcastId: await insertPlan(ports, { input, channel, country, run, message, spooled, list, warnings }) };
}

async function findOwn(db: Queryable, { workflowId, runId }: { workflowId: string; runId: string }) {
  const { rows } = await db.query<{ id: string }>(
    `select id from broadcasts where digest is null and same_as is null and plan_workflow_id = $1 and plan_run_id = $2`,
    [workflowId, runId],
  );
  return rows[0]?.id ?? null;
}

function checkedCountry(country: string): string {
  if (isPhoneCountry(country)) return country;
  throw new PipelineError('country_unknown', `“${country}” is not a country code.`, {
    hint: 'Use two capital letters, such as TW.',
  });
}

interface InspectedList {
  profile: ListProfile;
  skipped: SkippedCounts;
}

async function inspectList(
  input: PlanInput,
  channel: Channel,
  country: string,
  places: string[],
  spooled: Spooled,
  ports: PlanPorts,
): Promise<InspectedList> {
  const reader = await ports.openSpool(spooled.path);
  try {
    const shape = await readTableShape({ reader, bytes: spooled.bytes }, { ...input, channelKind: channel.kind });
    const columns = findListColumns({
      headers: shape.headers,
      headerParts: shape.headerParts,
      hasHeader: shape.headerRow !== null,
      data: shape.data,
      channelKind: channel.kind,
      defaultCountry: country,
      matchBy: input.matchBy,
      map: input.map,
      places,
    });
    const plan = {
      channelKind: channel.kind,
      defaultCountry: country,
      ...marksOf(shape),
      shortRows: input.shortRows,
      lostCharacters: spooled.lostCharacters > 0,
      columns: shape.headers.length,
      phoneMatch: input.phoneMatch,
      ...columns,
    };
    const { headers, headerParts, dataByte, dataLine, dataEnd, skipped } = shape;
    const profile = { encoding: spooled.encoding, headers, headerParts, plan, dataByte, dataLine, dataEnd };
    return { profile, skipped };
  } finally {
    await reader.close();
  }
}

interface NewPlan {
  input: PlanInput;
  channel: Channel;
  country: string;
  run: { workflowId: string; runId: string };
  message: PlannedMessage;
  spooled: Spooled;
  list: InspectedList;
  warnings: string[];
}

async function insertPlan({ db }: PlanPorts, plan: NewPlan): Promise<string> {
  const { input, message, spooled, list } = plan;
  const { rows } = await db.query<{ id: string }>(
    `insert into broadcasts (channel_id, plan_workflow_id, plan_run_id, message, parameter_names, options, endpoint, chunk_size,
       slice_size, file_name, source_path, content_sha256, spool_path, spool_bytes, profile, stage_byte, stage_line,
       skipped, warnings)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
     returning id`,
    [
      plan.channel.id,
      plan.run.workflowId,
      plan.run.runId,
      JSON.stringify(input.message),
      message.places,
      JSON.stringify(optionsOf(plan)),
      message.mode.endpoint,
      message.mode.chunkSize,
      message.sliceSize,
      path.basename(input.csv),
      input.csv,
      spooled.sha256,
      spooled.path,
      spooled.bytes,
      JSON.stringify(list.profile),
      list.profile.dataByte,
      list.profile.dataLine,
      JSON.stringify(list.skipped),
      JSON.stringify(plan.warnings),
    ],
  );
  return rows[0]!.id;
}

function optionsOf({ input, country, list }: NewPlan): PlanOptions {
  const { ambiguous, phoneMatch, onUncertain, settleSeconds, maxAttempts, onUnclearRefusal } = input;
  const { matchBy } = list.profile.plan;
  return {
    ...{ matchBy, ambiguous, phoneMatch, country, onUncertain, settleSeconds, maxAttempts },
    // The default is left out, so that plans from before there was a choice keep their digest.
    ...(onUnclearRefusal === 'retry' ? {} : { onUnclearRefusal }),
  };
}
