// `sluice broadcast`: the nouns and verbs; plan, start, controls and reports have files of their own.
import type { Command } from 'commander';
import { registerControls } from './broadcast-controls.ts';
import { parseBroadcastId } from './broadcast-options.ts';
import { registerBroadcastPlan } from './broadcast-plan.ts';
import { registerBroadcastReport } from './broadcast-report.ts';
import { registerRetry, registerStart } from './broadcast-run.ts';
import { statusAndAnswer } from './broadcast-workflow.ts';
import { renderStatus } from './broadcast-status.ts';
import { wholeFrom } from './option-values.ts';
import { answer, table } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';
import { terminalTime, zoneNote } from './terminal-time.ts';

export function registerBroadcast(program: Command): void {
  const broadcast = program.command('broadcast').description('broadcasts: plan, start, follow, pause, resume, report');
  registerBroadcastPlan(broadcast);
  registerStart(broadcast);
  registerRetry(broadcast);
  registerControls(broadcast);
  shared(
    broadcast
      .command('status')
      .argument('<id>', 'as broadcast list shows it', parseBroadcastId)
      .description('counts by fate and code, rate against limit, time left'),
    'sluice broadcast status 7',
  ).action(async (id: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async (session) => {
      const { status, next } = await statusAndAnswer(session, id);
      answer(options, status, () => renderStatus(status, options, session.config.businessTimeZone, next));
    });
  });
  shared(
    broadcast
      .command('list')
      .description('broadcasts, newest first')
      .option('--limit <n>', 'how many', wholeFrom(1), 20),
    'sluice broadcast list',
  ).action(async (_options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions & { limit: number }>();
    await withSession(options, async (session) =>
      answer(options, await list(session, options.limit), (listed) =>
        renderList(listed, session.config.businessTimeZone),
      ),
    );
  });
  registerBroadcastReport(broadcast);
}

interface Listed extends Record<string, unknown> {
  broadcastId: string;
  channel: string;
  state: string;
  recipients: number;
  file: string | null;
  plannedAt: Date | null;
  finishedAt: Date | null;
}

async function list(session: Session, limit: number): Promise<{ broadcasts: Listed[] }> {
  const { rows } = await session.db.query<Listed>(
    `select id as "broadcastId", channel_id as channel, state, recipients, file_name as file, planned_at as "plannedAt",
       finished_at as "finishedAt"
     from broadcasts where digest is not null order by id desc limit $1`,
    [limit],
  );
  return { broadcasts: rows };
}

function renderList({ broadcasts }: { broadcasts: Listed[] }, timeZone: string): string {
  const rows = table(
    ['id', 'channel', 'state', 'recipients', 'file', 'planned'],
    broadcasts.map((row) => [
      row.broadcastId,
      row.channel,
      row.state,
      row.recipients,
      row.file,
      terminalTime(row.plannedAt, timeZone),
    ]),
  );
  return `${rows}\n${zoneNote(timeZone)}`;
}
