// The words that files use for the parts of a tag event, in English, traditional and simplified Chinese. A dictionary,
// nothing else; identifiers have theirs in import/header-words.ts.
import { headerKey } from '../values/header-key.ts';

export type EventPart = 'tag' | 'time' | 'source' | 'message_id' | 'kind';

/** Words by part. Before the bar: sure. After it: likely, and it gives way to a sure word in another column. */
const WORDS: Record<EventPart, string> = {
  tag: `tag, tags, tag name, tagname, label, label name, 標籤, 標籤名稱, 标签, 标签名称, 貼標, 標記 | tag id, name, 名稱, 名称`,
  time: `time, timestamp, tag time, tagged at, tag at, applied at, apply time, occurred at, event time, event timestamp, tagged on, date time, datetime,
    時間, 貼標時間, 標籤時間, 上標時間, 加標時間, 發生時間, 标签时间, 时间, 贴标时间, 发生时间
    | date, created at, create time, created, created on, updated at, ts, 日期, 建立時間, 建立日期, 創建時間, 创建时间, event date, when`,
  source: `source, tag source, tagged by source, apply source, 來源, 標籤來源, 貼標來源, 来源, 标签来源, 贴标来源, 來源類型, 来源类型, 標籤來源類型,
    貼標方式, 贴标方式, 標記來源, 操作來源, 加標來源 | origin, via, trigger, 觸發來源, 觸發方式, 触发方式, 新增方式, 操作方式, channel source`,
  message_id: `message id, messageid, msg id, msgid, 訊息id, 訊息編號, 消息id, 消息编号 | event id, eventid, request id, uuid, 事件id`,
  kind: `kind, action, event kind, tag action, operation, 動作, 操作, 动作 | type, event type, event, 類型, 类型`,
};

/** What the cell of a kind column says. */
const KINDS: Record<'applied' | 'removed', string> = {
  applied: `applied, apply, add, added, on, put on, tag, tagged, create, created, attach, attached, assign, assigned, 1, +, 貼標, 新增, 加上, 加入, 貼上, 套用, 添加, 贴标`,
  removed: `removed, remove, off, taken off, untag, untagged, delete, deleted, detach, detached, unassign, unassigned, revoked, 0, -, 移除, 刪除, 取消, 去除, 拿掉, 删除`,
};

interface Meaning {
  part: EventPart;
  sure: boolean;
}

const meanings = new Map<string, Meaning>();
for (const [part, words] of Object.entries(WORDS) as [EventPart, string][])
  words.split('|').forEach((list, index) => {
    for (const word of list.split(',')) meanings.set(headerKey(word), { part, sure: index === 0 });
  });

/** What a header means by its words, or null. */
export function eventPartOf(header: string): Meaning | null {
  const whole = meanings.get(headerKey(header));
  if (whole) return whole;
  const outside = header.normalize('NFKC').replace(/\([^)]*\)|\[[^\]]*\]/g, '');
  return meanings.get(headerKey(outside)) ?? null;
}

const kindKey = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_]+/g, '');
const kinds = new Map<string, 'applied' | 'removed'>();
for (const [kind, words] of Object.entries(KINDS) as ['applied' | 'removed', string][])
  for (const word of words.split(',')) kinds.set(kindKey(word), kind);

/** The kind a cell names, or null when it names none. */
export function kindOf(cell: string): 'applied' | 'removed' | null {
  return kinds.get(kindKey(cell)) ?? null;
}
