// What values WhatsApp refuses in the parameters of a template, so that a plan can say whom it would refuse. Pure.
import { placesOf } from '../../../contracts/message-template.ts';
import type { MessageJson, ValueRule } from '../../../ports/provider.ts';
import { isObject } from '../message-check.ts';

/** Meta answers 132018 to a parameter with a line break, a tab, or more than four blanks in a row. */
export const PARAMETER_FORMAT: ValueRule = { pattern: '[\\n\\r\\t]| {5,}', code: 'parameter_format' };

/** Text that people see in a template must be of one line; payloads, links and free-form messages may hold anything. */
export function whatsappValueRules(message: MessageJson, names: readonly string[]): (ValueRule | null)[] {
  const shown = new Set(placesOf(shownTexts(message['template'])));
  return names.map((name) => (shown.has(name) ? PARAMETER_FORMAT : null));
}

/** Of a template, or of a card of a carousel in it. */
function shownTexts(holder: unknown): unknown[] {
  return listIn(holder, 'components').flatMap((component) => [
    ...listIn(component, 'parameters').flatMap((parameter) => [
      valueIn(parameter, 'text'),
      valueIn(valueIn(parameter, 'currency'), 'fallback_value'),
      valueIn(valueIn(parameter, 'date_time'), 'fallback_value'),
    ]),
    ...listIn(component, 'cards').flatMap(shownTexts),
  ]);
}

const valueIn = (holder: unknown, name: string): unknown => (isObject(holder) ? holder[name] : undefined);

function listIn(holder: unknown, name: string): unknown[] {
  const value = valueIn(holder, name);
  return Array.isArray(value) ? (value as unknown[]) : [];
}
