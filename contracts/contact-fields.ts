// The fields of a contact that a file can fill, by the names used in `--map`, in mappings and in reports.

/** Fields with a column of their own in `contacts`. */
export const CONTACT_FIELDS = [
  'social_id',
  'display_name',
  'avatar_url',
  'time_zone',
  'member_id',
  'email',
  'phone',
  'subscribed',
  'subscribed_since',
  'last_interaction_at',
] as const;

export type ContactField = (typeof CONTACT_FIELDS)[number];

export const ATTRIBUTE_TYPES = ['text', 'number', 'date', 'datetime', 'boolean'] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

/** What identifies the contact that a line is about. One kind for a whole file. */
export const MATCH_KEYS = ['social_id', 'member_id', 'email', 'phone'] as const;
export type MatchKey = (typeof MATCH_KEYS)[number];

/** Parts of a name: the display name is put together from them where no column has the whole. */
export const NAME_PARTS = ['given_name', 'middle_name', 'family_name'] as const;
export type NamePart = (typeof NAME_PARTS)[number];

/**
 * What one column of a file means.
 * `field`: a contact field. `attribute`: a custom attribute of that name and type. `attributes`: several of them with their
 * names in one cell. `tags`: a list of tags in one cell.
 * `name_part`: a part of the display name. `tag`: one tag; the cell says yes or no. `ignored`: read, kept in the spool, not imported.
 */
export type ColumnTarget =
  | { kind: 'field'; field: ContactField }
  | { kind: 'attribute'; name: string; type: AttributeType }
  | { kind: 'attributes' }
  | { kind: 'tags' }
  | { kind: 'name_part'; part: NamePart }
  | { kind: 'tag'; tag: string }
  | { kind: 'ignored' };
