// LINE's published rules for what a broadcast sends: `{"messages": [1 to 5], …}` without a recipient. What LINE does not
// publish, or only others tell (sizes of flex messages, lengths of labels), is left to its validate endpoint.
import type { MessageJson, MessageProblem } from '../../../ports/provider.ts';
import { graphemes, isObject, openCheck, utf16, type JsonObject, type MessageCheck } from '../message-check.ts';
import { checkEmojis, checkSubstitution } from './text-rules.ts';

const TYPES: readonly unknown[] = [
  ...['text', 'textV2', 'sticker', 'image', 'video', 'audio', 'location', 'imagemap', 'template', 'flex', 'coupon'],
];
const TOP_LEVEL = ['messages', 'notificationDisabled', 'customAggregationUnits'];

/** Limits of the Messaging API reference. Texts count UTF-16 units; those of templates count what a person sees as one. */
const MOST_MESSAGES = 5;
const TEXT = 5_000;
const ALT_TEXT = 1_500;
const URL = 2_000;
const QUICK_REPLIES = 13;
const POSTBACK_DATA = 300;
const SENDER_NAME = 20;
const TITLE = 40;
const BUBBLES = 12;

/** Everything that is wrong with a message for LINE; empty: its documented rules allow it. Pure. */
export function lineMessageProblems(message: MessageJson): MessageProblem[] {
  const check = openCheck();
  checkTopLevel(message, check);
  const messages = check.list(message['messages'], 'messages', 1, MOST_MESSAGES);
  messages.forEach((one, index) => {
    const object = check.object(one, `messages[${index}]`);
    if (object) checkMessage(object, `messages[${index}]`, check);
  });
  checkActions(message['messages'], 'messages', check);
  return check.problems;
}

function checkTopLevel(message: MessageJson, check: MessageCheck): void {
  for (const key of Object.keys(message)) {
    if (key === 'to') check.add('to', 'leave the recipient out: it is put in for each one');
    else if (!TOP_LEVEL.includes(key)) check.add(key, `is not known here; ${TOP_LEVEL.join(', ')} are`);
  }
  const { notificationDisabled, customAggregationUnits: units } = message;
  if (notificationDisabled !== undefined && typeof notificationDisabled !== 'boolean')
    check.add('notificationDisabled', 'must be true or false');
  if (units === undefined) return;
  for (const unit of check.list(units, 'customAggregationUnits', 0, 1))
    if (typeof unit !== 'string' || !/^[a-zA-Z0-9_]{1,30}$/.test(unit))
      check.add('customAggregationUnits[0]', 'must be 1 to 30 of a-z A-Z 0-9 _');
}

function checkMessage(message: JsonObject, at: string, check: MessageCheck): void {
  const { type } = message;
  if (!TYPES.includes(type)) return check.add(`${at}.type`, `must be one of ${TYPES.join(', ')}`);
  if (type === 'text' || type === 'textV2') check.text(message['text'], `${at}.text`, TEXT, utf16);
  if (type === 'text') checkEmojis(message, at, check);
  if (type === 'textV2') checkSubstitution(message, at, check);
  if (type === 'image' || type === 'video') {
    check.httpsUrl(message['originalContentUrl'], `${at}.originalContentUrl`, URL);
    check.httpsUrl(message['previewImageUrl'], `${at}.previewImageUrl`, URL);
  }
  if (type === 'audio') check.httpsUrl(message['originalContentUrl'], `${at}.originalContentUrl`, URL);
  if (type === 'template' || type === 'flex' || type === 'imagemap')
    check.text(message['altText'], `${at}.altText`, ALT_TEXT, utf16);
  if (type === 'template') checkTemplate(message['template'], `${at}.template`, check);
  if (type === 'flex') checkFlex(message['contents'], `${at}.contents`, check);
  if (message['quickReply'] !== undefined) {
    const quickReply = check.object(message['quickReply'], `${at}.quickReply`);
    if (quickReply) check.list(quickReply['items'], `${at}.quickReply.items`, 1, QUICK_REPLIES);
  }
  if (message['sender'] === undefined) return;
  const sender = check.object(message['sender'], `${at}.sender`);
  check.optionalText(sender?.['name'], `${at}.sender.name`, SENDER_NAME, utf16);
  if (sender?.['iconUrl'] !== undefined) check.httpsUrl(sender['iconUrl'], `${at}.sender.iconUrl`, URL);
}

function checkTemplate(value: unknown, at: string, check: MessageCheck): void {
  const template = check.object(value, at);
  switch (template?.['type']) {
    case undefined:
      if (template) check.add(`${at}.type`, 'is missing');
      return;
    case 'buttons':
      return checkCard(template, at, { text: 160, textBesideTitle: 60, actions: 4 }, check);
    case 'confirm':
      check.text(template['text'], `${at}.text`, 240, graphemes);
      check.list(template['actions'], `${at}.actions`, 2, 2);
      return;
    case 'carousel':
      check.list(template['columns'], `${at}.columns`, 1, 10).forEach((column, index) => {
        const object = check.object(column, `${at}.columns[${index}]`);
        if (object) checkCard(object, `${at}.columns[${index}]`, { text: 120, textBesideTitle: 60, actions: 3 }, check);
      });
      return;
    case 'image_carousel':
      check.list(template['columns'], `${at}.columns`, 1, 10);
      return;
    default:
      check.add(`${at}.type`, 'must be one of buttons, confirm, carousel, image_carousel');
  }
}

/** A buttons template, or a column of a carousel: its text is shorter beside a title or an image. */
function checkCard(
  card: JsonObject,
  at: string,
  most: { text: number; textBesideTitle: number; actions: number },
  check: MessageCheck,
): void {
  const { title, thumbnailImageUrl } = card;
  check.optionalText(title, `${at}.title`, TITLE, graphemes);
  if (thumbnailImageUrl !== undefined) check.httpsUrl(thumbnailImageUrl, `${at}.thumbnailImageUrl`, URL);
  const beside = title !== undefined || thumbnailImageUrl !== undefined;
  check.text(card['text'], `${at}.text`, beside ? most.textBesideTitle : most.text, graphemes);
  check.list(card['actions'], `${at}.actions`, 1, most.actions);
}

function checkFlex(value: unknown, at: string, check: MessageCheck): void {
  const contents = check.object(value, at);
  if (!contents) return;
  if (contents['type'] === 'carousel') check.list(contents['contents'], `${at}.contents`, 1, BUBBLES);
  else if (contents['type'] !== 'bubble') check.add(`${at}.type`, 'must be bubble or carousel');
}

/** Postback actions, wherever they hang. */
function checkActions(value: unknown, at: string, check: MessageCheck): void {
  if (Array.isArray(value)) return value.forEach((item, index) => checkActions(item, `${at}[${index}]`, check));
  if (!isObject(value)) return;
  if (value['type'] === 'postback') check.text(value['data'], `${at}.data`, POSTBACK_DATA, utf16);
  for (const [key, member] of Object.entries(value)) checkActions(member, `${at}.${key}`, check);
}
