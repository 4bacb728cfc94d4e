// WhatsApp's documented rules for what a broadcast sends: the request's body without a recipient. What Meta does not document
// (the length of a text, say) is not checked; templates themselves are known to Meta only.
import type { MessageJson, MessageProblem } from '../../../ports/provider.ts';
import { codePoints, isObject, openCheck, type JsonObject, type MessageCheck } from '../message-check.ts';
import { PARAMETER_FORMAT } from './value-rules.ts';

const MEDIA: readonly string[] = ['image', 'video', 'audio', 'document', 'sticker'];
const TYPES: readonly string[] = ['template', 'text', 'interactive', ...MEDIA, 'location', 'contacts'];

/** Put in for each recipient: in the message they would be everybody's. */
const RECIPIENT_FIELDS: readonly string[] = ['to', 'recipient', 'biz_opaque_callback_data'];
const FIXED: Record<string, string> = { messaging_product: 'whatsapp', recipient_type: 'individual' };

/** Limits of Meta's reference, in characters. */
const BODY = 1_024;
const FOOTER = 60;
const HEADER = 60;
const CAPTION = 1_024;
const TEMPLATE_BUTTONS = 10;

/** Everything that is wrong with a message for WhatsApp; empty: the documented rules allow it. Pure. */
export function whatsappMessageProblems(message: MessageJson): MessageProblem[] {
  const check = openCheck();
  const { type } = message;
  if (typeof type !== 'string' || !TYPES.includes(type)) check.add('type', `must be one of ${TYPES.join(', ')}`);
  for (const [key, value] of Object.entries(message)) {
    if (RECIPIENT_FIELDS.includes(key)) check.add(key, 'leave it out: it is put in for each recipient');
    else if (FIXED[key] !== undefined) {
      if (value !== FIXED[key]) check.add(key, `must be "${FIXED[key]}", or left out`);
    } else if (key !== 'type' && key !== type) check.add(key, `is not known here beside type "${String(type)}"`);
  }
  if (typeof type === 'string' && TYPES.includes(type)) checkContent(type, message[type], check);
  return check.problems;
}

function checkContent(type: string, value: unknown, check: MessageCheck): void {
  if (type === 'contacts') return void check.list(value, 'contacts', 1, Number.POSITIVE_INFINITY);
  const content = check.object(value, type);
  if (!content) return;
  if (type === 'text') check.text(content['body'], 'text.body', Number.POSITIVE_INFINITY, codePoints);
  if (type === 'template') checkTemplate(content, check);
  if (type === 'interactive') checkInteractive(content, check);
  if (MEDIA.includes(type)) {
    if ((content['link'] === undefined) === (content['id'] === undefined))
      check.add(type, 'must have either a link or an id');
    check.optionalText(content['link'], `${type}.link`, Number.POSITIVE_INFINITY, codePoints);
    check.optionalText(content['caption'], `${type}.caption`, CAPTION, codePoints);
  }
}

function checkTemplate(template: JsonObject, check: MessageCheck): void {
  check.text(template['name'], 'template.name', Number.POSITIVE_INFINITY, codePoints);
  const language = check.object(template['language'], 'template.language');
  if (language) check.text(language['code'], 'template.language.code', Number.POSITIVE_INFINITY, codePoints);
  if (template['components'] === undefined) return;
  const components = check.list(template['components'], 'template.components', 0, Number.POSITIVE_INFINITY);
  components.forEach((value, index) => {
    const at = `template.components[${index}]`;
    const component = check.object(value, at);
    if (component) checkComponent(component, at, check);
  });
  const buttons = components.filter((component) => isObject(component) && component['type'] === 'button').length;
  if (buttons > TEMPLATE_BUTTONS)
    check.add('template.components', `${buttons} buttons, ${TEMPLATE_BUTTONS} are allowed`);
}

function checkComponent(component: JsonObject, at: string, check: MessageCheck): void {
  const { type, parameters } = component;
  if (typeof type !== 'string' || type === '') check.add(`${at}.type`, 'is missing');
  if (type === 'button') {
    if (typeof component['sub_type'] !== 'string') check.add(`${at}.sub_type`, 'is missing');
    if (!/^[0-9]$/.test(String(component['index']))) check.add(`${at}.index`, 'must be "0" to "9"');
  }
  if (parameters === undefined) return;
  check.list(parameters, `${at}.parameters`, 0, Number.POSITIVE_INFINITY).forEach((value, index) => {
    const path = `${at}.parameters[${index}]`;
    const parameter = check.object(value, path);
    if (!parameter) return;
    if (typeof parameter['type'] !== 'string') check.add(`${path}.type`, 'is missing');
    if (parameter['type'] === 'text') checkTextParameter(parameter['text'], `${path}.text`, check);
  });
}

function checkTextParameter(text: unknown, at: string, check: MessageCheck): void {
  check.text(text, at, Number.POSITIVE_INFINITY, codePoints);
  if (typeof text === 'string' && new RegExp(PARAMETER_FORMAT.pattern, 'u').test(text))
    check.add(at, 'must not have a line break, a tab, or more than four blanks in a row');
}

function checkInteractive(interactive: JsonObject, check: MessageCheck): void {
  const { type, header, footer } = interactive;
  const body = check.object(interactive['body'], 'interactive.body');
  if (body) check.text(body['text'], 'interactive.body.text', BODY, codePoints);
  if (isObject(footer)) check.text(footer['text'], 'interactive.footer.text', FOOTER, codePoints);
  if (isObject(header) && header['type'] === 'text')
    check.text(header['text'], 'interactive.header.text', HEADER, codePoints);
  const action = check.object(interactive['action'], 'interactive.action');
  if (!action) return;
  if (type === 'button') checkReplyButtons(action, check);
  else if (type === 'list') checkList(action, check);
  else if (type === 'flow') checkFlow(action, check);
  else if (typeof type !== 'string') check.add('interactive.type', 'is missing');
}

function checkReplyButtons(action: JsonObject, check: MessageCheck): void {
  const titles = new Set<unknown>();
  check.list(action['buttons'], 'interactive.action.buttons', 1, 3).forEach((value, index) => {
    const at = `interactive.action.buttons[${index}].reply`;
    const reply = check.object(isObject(value) ? value['reply'] : value, at);
    if (!reply) return;
    check.text(reply['title'], `${at}.title`, 20, codePoints);
    check.text(reply['id'], `${at}.id`, 256, codePoints);
    if (typeof reply['id'] === 'string' && reply['id'].trim() !== reply['id'])
      check.add(`${at}.id`, 'must not begin or end with a space');
    if (titles.has(reply['title'])) check.add(`${at}.title`, 'another button has the same title');
    titles.add(reply['title']);
  });
}

function checkList(action: JsonObject, check: MessageCheck): void {
  check.text(action['button'], 'interactive.action.button', 20, codePoints);
  let rows = 0;
  const sections = check.list(action['sections'], 'interactive.action.sections', 1, 10);
  sections.forEach((value, index) => {
    const at = `interactive.action.sections[${index}]`;
    const section = check.object(value, at);
    if (!section) return;
    check.optionalText(section['title'], `${at}.title`, 24, codePoints);
    check.list(section['rows'], `${at}.rows`, 1, 10).forEach((row, number) => {
      const path = `${at}.rows[${number}]`;
      const object = check.object(row, path);
      rows += 1;
      check.text(object?.['id'], `${path}.id`, 200, codePoints);
      check.text(object?.['title'], `${path}.title`, 24, codePoints);
      check.optionalText(object?.['description'], `${path}.description`, 72, codePoints);
    });
  });
  if (rows > 10) check.add('interactive.action.sections', `${rows} rows in all, 10 are allowed`);
}

function checkFlow(action: JsonObject, check: MessageCheck): void {
  if (action['name'] !== 'flow') check.add('interactive.action.name', 'must be "flow"');
  const parameters = check.object(action['parameters'], 'interactive.action.parameters');
  if (parameters) check.text(parameters['flow_cta'], 'interactive.action.parameters.flow_cta', 30, codePoints);
}
