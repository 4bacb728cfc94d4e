// What a key of `--map` says that a column is.
import { ATTRIBUTE_TYPES, CONTACT_FIELDS, NAME_PARTS, type ColumnTarget } from '../../contracts/contact-fields.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { AttributeDefinition, MappingOptions } from './column-meaning.ts';

/**
 * The target that a key of `map` names for that column; an attribute may come into being by it.
 * @throws PipelineError `map_target_unknown`, with what there is; `attribute_unknown`
 */
export function parseTarget(
  key: string,
  column: number,
  options: MappingOptions,
): { target: ColumnTarget; created: AttributeDefinition | null } {
  const [, kind = key, rest = ''] = /^(tag|attribute|ignore):(.+)$/s.exec(key) ?? [];
  const field = CONTACT_FIELDS.find((name) => name === key);
  if (field) return { target: { kind: 'field', field }, created: null };
  const part = NAME_PARTS.find((name) => name === key);
  if (part) return { target: { kind: 'name_part', part }, created: null };
  if (key === 'tags' || key === 'attributes') return { target: { kind: key }, created: null };
  if (key === 'ignored' || key === 'ignore' || kind === 'ignore') return { target: { kind: 'ignored' }, created: null };
  if (kind === 'tag' && rest.trim() !== '') return { target: { kind: 'tag', tag: rest.trim() }, created: null };
  if (kind === 'attribute' && rest.trim() !== '') return attributeTarget(rest.trim(), column, options);
  throw new PipelineError('map_target_unknown', `“${key}” is not something a column can be mapped to.`, {
    hint: `Use one of ${[...CONTACT_FIELDS, ...NAME_PARTS].join(', ')}, tags, tag:NAME, attribute:NAME, attributes, ignored.`,
  });
}

function attributeTarget(
  text: string,
  column: number,
  options: MappingOptions,
): { target: ColumnTarget; created: AttributeDefinition | null } {
  const known = options.definitions.find((definition) => definition.name === text);
  if (known) return { target: { kind: 'attribute', ...known }, created: null };
  const declared = ATTRIBUTE_TYPES.find((type) => text.endsWith(`:${type}`));
  const name = declared ? text.slice(0, -declared.length - 1) : text;
  const existing = options.definitions.find((definition) => definition.name === name);
  if (existing && (!declared || declared === existing.type))
    return { target: { kind: 'attribute', ...existing }, created: null };
  if (existing || !options.createAttributes) {
    const what = existing ? `is a ${existing.type}, not a ${declared}` : 'is not defined';
    throw new PipelineError('attribute_unknown', `The attribute “${name}” ${what}.`, {
      hint: existing ? 'Leave the type out.' : 'Define it first, or import with --create-attributes.',
    });
  }
  const created = { name, type: declared ?? options.guessType(column) };
  return { target: { kind: 'attribute', ...created }, created };
}
