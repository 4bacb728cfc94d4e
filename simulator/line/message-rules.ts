// LINE's rules for message objects, as published. What is not published (flex sizes, label lengths) is not checked.
import { isObject, listOf, textOf, type JsonObject } from '../json-values.ts';
import type { Detail } from './line-replies.ts';

const MAX_MESSAGES = 5;
const MAX_TEXT = 5_000;
const MAX_ALT_TEXT = 1_500;
const MAX_URL = 2_000;
const MAX_QUICK_REPLIES = 13;
const UNIT = /^[a-zA-Z0-9_]{1,30}$/;
const KNOWN_TYPES: ReadonlySet<string> = new Set(
  'text textV2 sticker image video audio location imagemap template flex coupon'.split(' '),
);

type Report = (property: string, message: string) => void;

/** Everything that is wrong with the `messages` of a body; empty when LINE would take them. */
export function checkMessages(body: JsonObject): Detail[] {
  const details: Detail[] = [];
  const report: Report = (property, message) => details.push({ message, property });
  const { messages } = body;
  if (!Array.isArray(messages)) report('messages', 'May not be empty');
  else if (messages.length < 1 || messages.length > MAX_MESSAGES)
    report('messages', `Size must be between 1 and ${MAX_MESSAGES}`);
  else messages.forEach((message: unknown, index) => checkMessage(message, `messages[${index}]`, report));
  return details;
}

/** The other properties of push and multicast. */
export function checkOptions(body: JsonObject): Detail[] {
  const details: Detail[] = [];
  const { notificationDisabled, customAggregationUnits: units } = body;
  if (notificationDisabled !== undefined && typeof notificationDisabled !== 'boolean')
    details.push({ message: 'Must be a boolean', property: 'notificationDisabled' });
  if (units === undefined) return details;
  if (!Array.isArray(units) || units.length > 1)
    details.push({ message: 'Size must be between 0 and 1', property: 'customAggregationUnits' });
  else if (units.length === 1 && !UNIT.test(textOf(units[0])))
    details.push({ message: 'Must match [a-zA-Z0-9_]{1,30}', property: 'customAggregationUnits[0]' });
  return details;
}

function checkMessage(message: unknown, at: string, report: Report): void {
  if (!isObject(message)) return report(at, 'May not be empty');
  const type = textOf(message['type']);
  if (!KNOWN_TYPES.has(type))
    return report(`${at}.type`, `Must be one of the following values: [${[...KNOWN_TYPES].join(', ')}]`);
  if (type === 'text' || type === 'textV2') checkText(message['text'], `${at}.text`, MAX_TEXT, report);
  if (type === 'text') checkEmojis(message, at, report);
  if (type === 'textV2') checkSubstitution(message, at, report);
  if (type === 'image' || type === 'video') {
    checkUrl(message['originalContentUrl'], `${at}.originalContentUrl`, report);
    checkUrl(message['previewImageUrl'], `${at}.previewImageUrl`, report);
  }
  if (type === 'template' || type === 'flex' || type === 'imagemap')
    checkText(message['altText'], `${at}.altText`, MAX_ALT_TEXT, report);
  if (type === 'template') checkTemplate(message['template'], `${at}.template`, report);
  if (type === 'flex') checkFlex(message['contents'], `${at}.contents`, report);
  checkQuickReply(message['quickReply'], `${at}.quickReply`, report);
  const { sender } = message;
  if (isObject(sender) && textOf(sender['name']).length > 20)
    report(`${at}.sender.name`, 'Length must be between 0 and 20');
}

/** Lengths count UTF-16 units, as LINE counts them here. */
function checkText(value: unknown, at: string, max: number, report: Report): void {
  const text = textOf(value);
  if (text === '') report(at, 'May not be empty');
  else if (text.length > max) report(at, `Length must be between 0 and ${max}`);
}

/** The reference does not say what becomes of a wrong index; a client that relies on leniency is found out here. */
function checkEmojis(message: JsonObject, at: string, report: Report): void {
  const text = textOf(message['text']);
  listOf(message['emojis']).forEach((emoji, number) => {
    const index = isObject(emoji) ? emoji['index'] : undefined;
    if (typeof index !== 'number' || text[index] !== '$') report(`${at}.emojis[${number}].index`, 'Must point at a $');
  });
}

function checkSubstitution(message: JsonObject, at: string, report: Report): void {
  const keys = isObject(message['substitution']) ? Object.keys(message['substitution']) : [];
  const rest = keys.reduce((text, key) => text.replaceAll(`{${key}}`, '.'), textOf(message['text']));
  if (/[{}]/.test(rest)) report(`${at}.text`, 'Must have a substitution for everything in braces');
}

function checkUrl(value: unknown, at: string, report: Report): void {
  const url = textOf(value);
  if (!url.startsWith('https://')) report(at, 'Must be a valid HTTPS URL');
  else if (url.length > MAX_URL) report(at, `Length must be between 0 and ${MAX_URL}`);
}

function checkTemplate(template: unknown, at: string, report: Report): void {
  if (!isObject(template)) return report(at, 'May not be empty');
  switch (template['type']) {
    case 'buttons': {
      const short = Boolean(template['title'] ?? template['thumbnailImageUrl']);
      checkText(template['text'], `${at}.text`, short ? 60 : 160, report);
      if (textOf(template['title']).length > 40) report(`${at}.title`, 'Length must be between 0 and 40');
      if (template['thumbnailImageUrl'] !== undefined)
        checkUrl(template['thumbnailImageUrl'], `${at}.thumbnailImageUrl`, report);
      return checkActions(template['actions'], `${at}.actions`, 1, 4, report);
    }
    case 'confirm':
      checkText(template['text'], `${at}.text`, 240, report);
      return checkActions(template['actions'], `${at}.actions`, 2, 2, report);
    case 'carousel':
      return checkColumns(template['columns'], `${at}.columns`, report);
    case 'image_carousel':
      return checkSize(template['columns'], `${at}.columns`, 1, 10, report);
    default:
      report(`${at}.type`, 'Must be one of the following values: [buttons, confirm, carousel, image_carousel]');
  }
}

function checkColumns(columns: unknown, at: string, report: Report): void {
  checkSize(columns, at, 1, 10, report);
  listOf(columns).forEach((column, index) => {
    const place = `${at}[${index}]`;
    if (!isObject(column)) return report(place, 'May not be empty');
    const short = Boolean(column['title'] ?? column['thumbnailImageUrl']);
    checkText(column['text'], `${place}.text`, short ? 60 : 120, report);
    if (textOf(column['title']).length > 40) report(`${place}.title`, 'Length must be between 0 and 40');
    checkActions(column['actions'], `${place}.actions`, 1, 3, report);
  });
}

function checkActions(actions: unknown, at: string, min: number, max: number, report: Report): void {
  checkSize(actions, at, min, max, report);
  listOf(actions).forEach((action, index) => checkAction(action, `${at}[${index}]`, report));
}

function checkAction(action: unknown, at: string, report: Report): void {
  if (!isObject(action) || textOf(action['type']) === '') return report(`${at}.type`, 'May not be empty');
  if (action['type'] === 'postback') checkText(action['data'], `${at}.data`, 300, report);
  if (action['type'] === 'uri') checkText(action['uri'], `${at}.uri`, 1_000, report);
  if (action['type'] === 'message') checkText(action['text'], `${at}.text`, 300, report);
}

function checkFlex(contents: unknown, at: string, report: Report): void {
  if (!isObject(contents)) return report(at, 'May not be empty');
  if (contents['type'] === 'carousel') checkSize(contents['contents'], `${at}.contents`, 1, 12, report);
  else if (contents['type'] !== 'bubble')
    report(`${at}.type`, 'Must be one of the following values: [bubble, carousel]');
}

function checkQuickReply(quickReply: unknown, at: string, report: Report): void {
  if (quickReply === undefined) return;
  if (!isObject(quickReply)) return report(at, 'May not be empty');
  checkSize(quickReply['items'], `${at}.items`, 1, MAX_QUICK_REPLIES, report);
}

function checkSize(list: unknown, at: string, min: number, max: number, report: Report): void {
  const { length } = listOf(list);
  if (length < min || length > max) report(at, `Size must be between ${min} and ${max}`);
}
