// WhatsApp's rules for the body of a send, as published: who, which type, and the limits of interactive messages.
import { isObject, listOf, textOf, type JsonObject } from '../json-values.ts';

export interface Problem {
  code: number;
  details?: string;
}

const FREE_TYPES: ReadonlySet<string> = new Set(
  'text image video audio document sticker location contacts reaction interactive'.split(' '),
);
const MAX_REFERENCE = 512;
/** Not published for sure, so taken from the SDKs' type comments. */
const MAX_TEXT = 4_096;
const BUSINESS_SCOPED_ID = /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/;

/**
 * Digits of the number, or the business-scoped id; '' when it is neither. `to` wins when both are given: an id in it is
 * taken too, and lost (see `isMisplacedId`).
 */
export function recipientOf(body: JsonObject): string {
  const { to } = body;
  if (to === undefined || isMisplacedId(body)) {
    const id = textOf(to ?? body['recipient']);
    return BUSINESS_SCOPED_ID.test(id) ? id : '';
  }
  const digits = textOf(typeof to === 'number' ? String(to) : to).replace(/^\+|[ ()-]/g, '');
  return /^\d{6,15}$/.test(digits) ? digits : '';
}

/** An id where a number belongs: its digits are taken for one, the message is accepted, and nobody gets it. */
export function isMisplacedId(body: JsonObject): boolean {
  return BUSINESS_SCOPED_ID.test(textOf(body['to']));
}

/** What is wrong with the body apart from templates, or null. */
export function checkBody(body: JsonObject, recipient: string): Problem | null {
  if (body['messaging_product'] !== 'whatsapp')
    return { code: 100, details: 'Param messaging_product must be whatsapp' };
  if (body['to'] === undefined && body['recipient'] === undefined)
    return { code: 131008, details: 'The parameter to or recipient is required.' };
  if (recipient === '')
    return {
      code: 131009,
      details:
        body['to'] === undefined
          ? 'recipient is not a valid business-scoped user ID'
          : 'to is not a valid WhatsApp number',
    };
  const reference = body['biz_opaque_callback_data'];
  if (reference !== undefined && (typeof reference !== 'string' || reference.length > MAX_REFERENCE))
    return { code: 100, details: `Param biz_opaque_callback_data must be at most ${MAX_REFERENCE} characters long.` };
  const type = textOf(body['type']) || 'text';
  if (type !== 'template' && !FREE_TYPES.has(type))
    return { code: 131051, details: `Unsupported type ${type.slice(0, 40)}` };
  const content = body[type];
  if (type !== 'contacts' && !isObject(content)) return { code: 131008, details: `Parameter ${type} is missing` };
  return isObject(content) ? checkContent(type, content) : null;
}

function checkContent(type: string, content: JsonObject): Problem | null {
  switch (type) {
    case 'template':
      return checkTemplateForm(content);
    case 'text': {
      const text = textOf(content['body']);
      if (text === '') return { code: 131008, details: 'text.body is missing' };
      return text.length > MAX_TEXT ? { code: 100, details: 'text.body is too long' } : null;
    }
    case 'interactive':
      return checkInteractive(content);
    default:
      return textOf(content['caption']).length > 1_024 ? { code: 131009, details: 'caption is too long' } : null;
  }
}

/** The form that every template message must have, whatever the template. */
function checkTemplateForm(template: JsonObject): Problem | null {
  const { language } = template;
  if (textOf(template['name']) === '') return { code: 131008, details: 'template.name is missing' };
  if (!isObject(language) || textOf(language['code']) === '')
    return { code: 131008, details: 'template.language.code is missing' };
  for (const component of listOf(template['components'])) {
    if (!isObject(component)) return { code: 132012, details: 'A component is no object' };
    for (const parameter of listOf(component['parameters'])) {
      const problem = checkParameter(parameter);
      if (problem) return problem;
    }
  }
  return null;
}

function checkParameter(parameter: unknown): Problem | null {
  if (!isObject(parameter)) return { code: 132012, details: 'A parameter is no object' };
  if (parameter['type'] !== 'text') return null;
  const text = parameter['text'];
  if (typeof text !== 'string' || text.trim() === '')
    return { code: 131008, details: 'Parameter of type text is missing text value' };
  return /[\n\r\t]| {5}/.test(text) ? { code: 132018 } : null;
}

function checkInteractive(message: JsonObject): Problem | null {
  const action = isObject(message['action']) ? message['action'] : {};
  const length = (part: string): number => {
    const found = message[part];
    return isObject(found) ? textOf(found['text']).length : 0;
  };
  if (length('body') > 1_024 || length('footer') > 60 || length('header') > 60)
    return { code: 131009, details: 'A text of the interactive message is too long' };
  switch (message['type']) {
    case 'button':
      return checkButtons(listOf(action['buttons']));
    case 'list':
      return checkList(action);
    default:
      return null;
  }
}

function checkButtons(buttons: unknown[]): Problem | null {
  const replies = buttons.map((button) => (isObject(button) && isObject(button['reply']) ? button['reply'] : {}));
  const titles = replies.map((reply) => textOf(reply['title']));
  if (titles.length < 1 || titles.length > 3) return { code: 131009, details: 'Buttons must be 1 to 3' };
  // Characters as people count them: one outside the basic plane is one.
  if (titles.some((title) => title === '' || [...title].length > 20))
    return { code: 131009, details: 'A button title must have 1 to 20 characters' };
  if (new Set(titles).size < titles.length) return { code: 131009, details: 'Button titles must be unique' };
  const ids = replies.map((reply) => textOf(reply['id']));
  if (ids.some((id) => id === '' || id.length > 256 || id !== id.trim()))
    return { code: 131009, details: 'A button id must have 1 to 256 characters and no space around it' };
  return null;
}

function checkList(action: JsonObject): Problem | null {
  const sections = listOf(action['sections']).filter(isObject);
  const rows = sections.flatMap((section) => listOf(section['rows'])).filter(isObject);
  const tooLong =
    textOf(action['button']).length > 20 ||
    sections.some((section) => textOf(section['title']).length > 24) ||
    rows.some((row) => textOf(row['id']).length > 200 || textOf(row['title']).length > 24) ||
    rows.some((row) => textOf(row['description']).length > 72);
  if (
    textOf(action['button']) === '' ||
    sections.length < 1 ||
    sections.length > 10 ||
    rows.length < 1 ||
    rows.length > 10
  )
    return { code: 131009, details: 'A list needs a button, 1 to 10 sections and 1 to 10 rows' };
  return tooLong ? { code: 131009, details: 'A text of the list is too long' } : null;
}
