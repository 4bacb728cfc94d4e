// The search attributes of all workflows: at most six, and never personal data, since Temporal keeps them in clear.
import { defineSearchAttributeKey } from '@temporalio/common';

export const BroadcastId = defineSearchAttributeKey('BroadcastId', 'KEYWORD');
export const ImportId = defineSearchAttributeKey('ImportId', 'KEYWORD');
export const Channel = defineSearchAttributeKey('Channel', 'KEYWORD');
export const Stage = defineSearchAttributeKey('Stage', 'KEYWORD');
export const RowsDone = defineSearchAttributeKey('RowsDone', 'INT');
export const RowsTotal = defineSearchAttributeKey('RowsTotal', 'INT');

/** Set by Temporal on what a schedule starts: the time it was meant for, also in a backfill. */
export const ScheduledStartTime = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');
