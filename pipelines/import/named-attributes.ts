// A column whose cells name attributes (自訂屬性): which of them are read, and what a cell gives to its row.
import { guessAttributeType, normaliseAttribute, type AttributeOptions } from '../values/attributes.ts';
import { attributePairs } from '../values/attribute-pairs.ts';
import type { AttributeType } from '../../contracts/contact-fields.ts';
import type { DecimalMark } from '../../contracts/import.ts';
import { isNameShort } from '../values/tag-list.ts';
import { unguarded } from '../values/csv-cell.ts';
import type { CellRule } from './cell-rules.ts';
import { headerKey } from '../values/header-key.ts';
import { columnName, ignoredColumn } from './header-mapping.ts';
import type { AttributeDefinition, MappedColumn } from './column-meaning.ts';
import type { NamedAttributes } from './staged-row.ts';
import { mapOption } from '../values/map-option.ts';

export interface FoundNames {
  columns: MappedColumn[];
  /** Null: there is no such column. */
  named: NamedAttributes | null;
  /** Attributes that the sample names, nobody defined, and the import makes. */
  created: AttributeDefinition[];
  warnings: string[];
}

/**
 * What the column `attributes` names, if there is one. Of its cells that were looked at more than half must have the form, else it is
 * left out; one that the user mapped stays. Pure.
 */
export function findNamedAttributes(
  columns: MappedColumn[],
  samples: (column: number) => string[],
  options: AttributeOptions & { definitions: AttributeDefinition[]; createAttributes: boolean },
): FoundNames {
  const nothing = { columns, named: null, created: [], warnings: [] };
  const index = columns.findIndex(({ target }) => target.kind === 'attributes');
  if (index === -1) return nothing;
  const cells = samples(index).map((cell) => attributePairs(unguarded(cell)));
  const misfits = cells.filter((pairs) => pairs === null).length;
  const name = columnName(columns, index);
  if (misfits * 2 > cells.length && columns[index]!.why !== 'map') {
    const left = ignoredColumn(columns[index]!.header, 'misfit');
    const warning = `Of the ${cells.length} cells of the column “${name}” that were looked at, ${misfits} are neither JSON nor pairs (level=gold; points=3): the column is left out. ${mapOption('ignored', name)} says that it shall be; --map "attribute:${name}=${name}" with --create-attributes imports it as one attribute.`;
    return { ...nothing, columns: columns.map((column, at) => (at === index ? left : column)), warnings: [warning] };
  }
  const own = columns.flatMap(({ target }) => (target.kind === 'attribute' ? [target.name] : []));
  const mark = samples(index).some((cell) => markOf(cell, options) === 'point') ? 'point' : 'comma';
  const created = options.createAttributes ? newOnes(cells, own, { ...options, decimalMark: mark }) : [];
  return { columns, named: { definitions: [...options.definitions, ...created], own }, created, warnings: [] };
}

function newOnes(
  cells: (Map<string, string> | null)[],
  own: string[],
  options: AttributeOptions & { definitions: AttributeDefinition[] },
): AttributeDefinition[] {
  const values = new Map<string, string[]>();
  for (const pairs of cells)
    for (const [name, value] of pairs ?? []) values.set(name, [...(values.get(name) ?? []), value]);
  const known = new Set([...options.definitions.map(({ name }) => name), ...own].map(headerKey));
  return [...values].flatMap(([name, found]) =>
    name === '' || !isNameShort(name) || known.has(headerKey(name))
      ? []
      : [{ name, type: readableType(found, options) }],
  );
}

/** The type that the values seem to have, if each is read as it without a form of its own: a cell of names proves none. */
function readableType(values: string[], { timeZone, format, decimalMark }: AttributeOptions): AttributeType {
  const forms = { timeZone, format, decimalMark: decimalMark ?? 'point' };
  const type = guessAttributeType(values, forms);
  const fits = (value: string): boolean => {
    const result = normaliseAttribute(value, type, forms);
    return result.ok || result.reason === 'attribute_empty';
  };
  return values.every(fits) ? type : 'text';
}

/** What parts the decimals in a cell: as the user said, else a point; in JSON always a point. */
const markOf = (cell: string, { decimalMark }: AttributeOptions): DecimalMark =>
  unguarded(cell).trim().startsWith('{') ? 'point' : (decimalMark ?? 'point');

/** The rule of such a column: the first value that is none of its attribute's type is the reason. */
export function namedAttributesRule({ definitions, own }: NamedAttributes, options: AttributeOptions): CellRule {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const byKey = new Map(definitions.map((definition) => [headerKey(definition.name), definition]));
  const elsewhere = new Set(own.map(headerKey));
  return (cell, row) => {
    const pairs = attributePairs(unguarded(cell));
    if (pairs === null) return 'attributes_invalid';
    const forms = { ...options, decimalMark: markOf(cell, options) };
    for (const [name, value] of pairs) {
      if (elsewhere.has(headerKey(name))) continue;
      const definition = byName.get(name) ?? byKey.get(headerKey(name));
      if (definition === undefined) {
        (row.left ??= []).push('attribute');
        continue;
      }
      const result = normaliseAttribute(value, definition.type, forms);
      if (result.ok) (row.attributes ??= {})[definition.name] = result.value;
      else if (result.reason !== 'attribute_empty') return result.reason;
    }
    return null;
  };
}
