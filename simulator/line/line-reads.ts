// What LINE tells when it is asked: quota, consumption, bot, profile, followers, aggregation. Changes nothing.
import { createHash } from 'node:crypto';
import type { Reply } from '../exchange.ts';
import type { LineCall } from './line-call.ts';
import { notFound, refused, told } from './line-replies.ts';
import type { LineState } from './line-state.ts';
import { isUserId } from './user-id.ts';

const DEFAULT_FOLLOWERS = 300;
const MAX_FOLLOWERS = 1_000;
/** A page may be shorter than its limit and still not be the last: here each one is. */
const PAGE_SHARE = 0.7;
/** Statistics about fewer people are not told. */
const PRIVATE_BELOW = 20;

/** Null when the endpoint is none of these. */
export function readLine(state: LineState, call: LineCall): Reply | null {
  const { sender, requestId, rest, endpoint } = call;
  const simulatedUs = state.clock.simulatedUs(call.acceptUs);
  switch (endpoint) {
    case 'quota': {
      const { limit } = state.quota.rule(sender);
      return told(requestId, limit === null ? { type: 'none' } : { type: 'limited', value: limit });
    }
    case 'consumption':
      return told(requestId, { totalUsage: state.quota.used(sender, simulatedUs) });
    case 'info':
      return told(requestId, {
        ...{ userId: botUserId(sender), basicId: '@simulated', displayName: 'Simulated account' },
        ...{ chatMode: 'bot', markAsReadMode: 'auto' },
      });
    case 'profile':
      if (!isUserId(rest) || state.users.of(sender, rest) !== 'friend') return notFound(requestId);
      return told(requestId, { userId: rest, displayName: `User ${rest.slice(-4)}`, language: 'zh-Hant' });
    case 'followers':
      return followers(state, call);
    case 'aggregation': {
      const units = [...state.units.keys()].filter((key) => key.startsWith(`${sender} `));
      if (rest === 'info') return told(requestId, { numOfCustomAggregationUnits: units.length });
      return told(requestId, { customAggregationUnits: units.map((key) => key.slice(sender.length + 1)) });
    }
    case 'insight':
      return insight(state, call);
    default:
      return null;
  }
}

/** The bot's own user id, which is also the `destination` of its webhooks: the same for the same sender. */
export function botUserId(sender: string): string {
  return `U${createHash('md5').update(sender).digest('hex')}`;
}

/** Only users that were named as friends: those who are friends unasked cannot be listed. */
function followers(state: LineState, { sender, requestId, query }: LineCall): Reply {
  const limit = Number(query?.get('limit') ?? DEFAULT_FOLLOWERS);
  const start = Number(query?.get('start') ?? 0);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_FOLLOWERS || !Number.isInteger(start) || start < 0)
    return refused(requestId, 400, 'invalid_parameter', 'The value for the parameter is invalid');
  const friends: string[] = [];
  for (const [user, userState] of state.users.known(sender)) if (userState === 'friend') friends.push(user);
  const end = start + Math.max(1, Math.floor(limit * PAGE_SHARE));
  const userIds = friends.slice(start, end);
  return told(requestId, end < friends.length ? { userIds, next: String(end) } : { userIds });
}

function insight(state: LineState, { sender, requestId, query }: LineCall): Reply {
  const unit = query?.get('customAggregationUnit') ?? '';
  const reached = state.units.get(`${sender} ${unit}`);
  if (reached === undefined) return told(requestId, { overview: {}, messages: [], clicks: [] });
  const few = reached < PRIVATE_BELOW;
  const overview = {
    ...{ uniqueImpression: few ? null : Math.floor(reached / 2), uniqueClick: few ? null : Math.floor(reached / 20) },
    ...{ uniqueMediaPlayed: few ? null : 0, uniqueMediaPlayed100Percent: few ? null : 0 },
  };
  return told(requestId, { overview, messages: [], clicks: [] });
}
