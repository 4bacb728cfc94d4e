// The registered templates of a simulated WhatsApp account, and whether a message fits one of them.
import { isObject, listOf, textOf, type JsonObject } from '../json-values.ts';
import type { Problem } from './message-rules.ts';

export const TEMPLATE_STATUSES = ['approved', 'pending', 'rejected', 'paused', 'disabled', 'held'] as const;
export const TEMPLATE_CATEGORIES = ['marketing', 'utility', 'authentication'] as const;

export interface Template {
  name: string;
  language: string;
  /** `held`: accepted with `held_for_quality_assessment`, and never delivered. */
  status: (typeof TEMPLATE_STATUSES)[number];
  category: (typeof TEMPLATE_CATEGORIES)[number];
  /** How many parameters its parts take. */
  bodyParameters: number;
  headerParameters: number;
}

export class Templates {
  /** True: a template that was not registered does not exist. Also so as soon as any is registered. */
  strict = false;
  readonly #known = new Map<string, Template>();

  add(template: Template): void {
    this.#known.set(`${template.name} ${template.language}`, template);
  }

  find(message: JsonObject): Template | null {
    const { name, language } = message;
    return this.#known.get(`${textOf(name)} ${isObject(language) ? textOf(language['code']) : ''}`) ?? null;
  }

  /** What is wrong with using this template so, or null. */
  check(message: JsonObject): Problem | null {
    const template = this.find(message);
    if (!template) {
      if (!this.strict && this.#known.size === 0) return null;
      return { code: 132001, details: `template name (${textOf(message['name'])}) does not exist in this language` };
    }
    if (template.status === 'paused') return { code: 132015 };
    if (template.status === 'disabled') return { code: 132016 };
    if (template.status === 'pending' || template.status === 'rejected') return { code: 132001 };
    for (const [part, expected] of [
      ['body', template.bodyParameters],
      ['header', template.headerParameters],
    ] as const) {
      const given = parametersOf(message, part).length;
      if (given === expected) continue;
      const details = `${part}: number of localizable_params (${given}) does not match the expected number of params (${expected})`;
      return { code: 132000, details };
    }
    return null;
  }
}

export function parametersOf(message: JsonObject, part: string): unknown[] {
  const component = listOf(message['components']).find((found) => isObject(found) && found['type'] === part);
  return isObject(component) ? listOf(component['parameters']) : [];
}
