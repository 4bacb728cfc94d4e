-- Statements of the contact import that judge and apply staged lines. $1 is always the import id.
-- {{staging}} is the import's own partition of import_staging; {{key}} the contact column that lines are matched by.

-- name: copy_lines
copy {{staging}} (line, byte_start, byte_length, reason, social_id, display_name, avatar_url, time_zone, member_id, email,
  email_key, phone, phone_raw, subscribed, subscribed_since, last_interaction_at, attributes, tags) from stdin

-- name: has_suppressions
select exists (
  select from suppressions where channel_id in ('*', (select channel_id from imports where id = $1))
) as found

-- name: resolve_by_social_id
-- One part ($2 of $3, by hash of the key) of the lines, so that parts run side by side; equal keys fall into one part.
-- A line whose key is on no contact creates one, under an id drawn here: apply then needs no second look at the line.
-- $4 first wins, $5 dry run (draws no ids), $6 allow resubscribe, $7 tag mode, $8 has tag columns, $9 check suppressions,
-- $10 and $11 the padded keys, $12 the time of the import.
insert into import_lines (import_id, line, outcome, reason, contact_id, duplicate_of)
with winner as (
  select social_id as key, case when $4::boolean then min(line) else max(line) end as line, count(*) as lines
  from {{staging}}
  where reason is null and mod(hashtext(social_id)::bigint + 2147483648, $3::bigint) = $2::bigint
  group by social_id
),
judged as (
  select
    s.line,
    w.line as winner,
    c.id as contact_id,
    case when $9::boolean and w.line = s.line then suppression_of(s.*, i.channel_id, $10, $11) end as suppressed,
    c.id is not null and w.line = s.line and (
      c is distinct from m.merged or ($8::boolean and tags_differ(c.id, s.tags, $7))
    ) as changed
  from {{staging}} s
  join imports i on i.id = $1
  join winner w on w.key = s.social_id
  left join contacts c on c.channel_id = i.channel_id and c.social_id = s.social_id
  left join lateral (
    select merged from import_merged(c, s, $6::boolean, $12::timestamptz) merged where c.id is not null
  ) m on true
  where s.reason is null
)
select
  $1::bigint,
  line,
  case
    when line <> winner then 'duplicate'
    when suppressed is not null then 'suppressed'
    when contact_id is null then 'create'
    when changed then 'update'
    else 'unchanged'
  end::import_outcome,
  suppressed,
  case
    when line <> winner or suppressed is not null then null
    when contact_id is not null then contact_id
    when not $5::boolean then nextval('contacts_id_seq')
  end,
  case when line <> winner then winner end
from judged

-- name: resolve_by_key
-- As resolve_by_social_id, for files without a social id: a line can only change a contact that is there. Several contacts
-- with its key make it ambiguous. Parameters as above; $5 says nothing here, since nothing is created.
insert into import_lines (import_id, line, outcome, reason, contact_id, duplicate_of, candidates)
with winner as (
  select {{key}} as key, case when $4::boolean then min(line) else max(line) end as line
  from {{staging}}
  where reason is null and mod(hashtext({{key}})::bigint + 2147483648, $3::bigint) = $2::bigint
  group by {{key}}
),
found as (
  select w.key, w.line, array_agg(c.id order by c.id) filter (where c.id is not null) as ids
  from winner w
  join imports i on i.id = $1
  left join contacts c on c.channel_id = i.channel_id and c.{{key}} = w.key
  group by w.key, w.line
),
judged as (
  select
    s.line,
    f.line as winner,
    f.ids,
    case when $9::boolean and f.line = s.line then suppression_of(s.*, i.channel_id, $10, $11) end as suppressed,
    c.id is not null and (c is distinct from m.merged or ($8::boolean and tags_differ(c.id, s.tags, $7))) as changed
  from {{staging}} s
  join imports i on i.id = $1
  join found f on f.key = s.{{key}}
  left join contacts c on cardinality(f.ids) = 1 and c.id = f.ids[1] and f.line = s.line
  left join lateral (
    select merged from import_merged(c, s, $6::boolean, $12::timestamptz) merged where c.id is not null
  ) m on true
  where s.reason is null and $5::boolean is not null
)
select
  $1::bigint,
  line,
  case
    when line <> winner then 'duplicate'
    when suppressed is not null then 'suppressed'
    when ids is null then 'invalid'
    when cardinality(ids) > 1 then 'ambiguous'
    when changed then 'update'
    else 'unchanged'
  end::import_outcome,
  case
    when line <> winner then null
    when suppressed is not null then suppressed
    when ids is null then 'contact_not_found'
    when cardinality(ids) > 1 then cardinality(ids) || '_contacts'
  end,
  case when line = winner and suppressed is null and cardinality(ids) = 1 then ids[1] end,
  case when line <> winner then winner end,
  case when line = winner and suppressed is null and cardinality(ids) > 1 then ids end
from judged

-- name: resolve_invalid
insert into import_lines (import_id, line, outcome, reason)
select $1::bigint, line, 'invalid', reason from {{staging}} where reason is not null

-- name: analyze_lines
analyze import_lines

-- name: count_outcomes
select outcome, count(*)::bigint as lines from import_lines where import_id = $1 group by outcome

-- name: pending_slices
-- Slices of $5 due lines ($2: outcomes) between lines $3 and $4.
select min(line) as line_from, max(line) as line_to
from (
  select line, div(row_number() over (order by line) - 1, $5::bigint) as slice
  from import_lines where import_id = $1 and outcome = any ($2::import_outcome[]) and line between $3 and $4
) due
group by slice
order by 1

-- name: pending_tag_slices
-- As pending_slices, by rows written: a line is one, a tag on it two (of the contact, of the log), and a tag that `replace` ($6)
-- takes off three (and that it was off). A slice holds $5 of them and at most one line more.
select min(line) as line_from, max(line) as line_to
from (
  select line, div(sum(rows) over (order by line) - 1, $5::bigint) as slice
  from (
    select l.line, 1 + 2 * coalesce(cardinality(s.tags), 0) + case when $6::boolean and s.tags is not null then
      3 * (select count(*) from contact_tags t where t.contact_id = l.contact_id and t.tag <> all (s.tags)) else 0 end as rows
    from import_lines l
    join {{staging}} s on s.line = l.line
    where l.import_id = $1 and l.outcome = any ($2::import_outcome[]) and l.line between $3 and $4
  ) weighed
) due
group by slice
order by 1

-- name: define_attributes
-- Attributes $1 of types $2, where none has the name. By name, so that two imports never wait for each other.
insert into attribute_definitions (name, type)
select name, type from unnest($1::text[], $2::text[]) as n (name, type) order by name
on conflict do nothing

-- name: other_attributes
-- Of the attributes $1 of types $2, those that are defined as another type.
select d.name, d.type, n.type as mine
from unnest($1::text[], $2::text[]) as n (name, type)
join attribute_definitions d on d.name = n.name and d.type <> n.type
order by d.name

-- name: slice_suppress
-- Someone may have been suppressed since resolve. $2 and $3: first and last line; $4, $5: the padded keys. Lines that make a contact:
-- slice_unmake.
update import_lines l
set outcome = 'suppressed', reason = hit.reason, contact_id = null
from (
  select s.line, suppression_of(s.*, i.channel_id, $4, $5) as reason
  from import_lines l
  join {{staging}} s on s.line = l.line
  join imports i on i.id = l.import_id
  where l.import_id = $1 and l.line between $2 and $3 and s.line between $2 and $3 and l.outcome = 'update'
) hit
where l.import_id = $1 and l.line = hit.line and hit.reason is not null

-- name: slice_create
-- In the order of the address, not of the line: two imports that make the same people then never wait for each other.
insert into contacts (id, channel_id, social_id, display_name, avatar_url, time_zone, member_id, email, email_key, phone,
  phone_raw, subscribed, subscribed_since, last_interaction_at, attributes, source, created_at, updated_at)
select l.contact_id, i.channel_id, s.social_id, nullif(s.display_name, ''), nullif(s.avatar_url, ''),
  nullif(s.time_zone, ''), nullif(s.member_id, ''), nullif(s.email, ''), nullif(s.email_key, ''), nullif(s.phone, ''),
  nullif(s.phone_raw, ''), coalesce(s.subscribed, true), coalesce(s.subscribed_since, i.started_at), s.last_interaction_at,
  coalesce(jsonb_strip_nulls(s.attributes), '{}'), 'import', sluice_now(), sluice_now()
from import_lines l
join {{staging}} s on s.line = l.line
join imports i on i.id = l.import_id
where l.import_id = $1 and l.line between $2 and $3 and s.line between $2 and $3 and l.outcome = 'create'
order by s.social_id
on conflict (channel_id, social_id) do nothing

-- name: slice_count_creates
select count(*)::int as lines from import_lines where import_id = $1 and line between $2 and $3 and outcome = 'create'

-- name: slice_late
-- Contacts that appeared between resolve and apply: their lines change them instead.
update import_lines l
set outcome = 'update', contact_id = c.id
from {{staging}} s
join imports i on i.id = $1
join contacts c on c.channel_id = i.channel_id and c.social_id = s.social_id
where l.import_id = $1 and l.line between $2 and $3 and l.outcome = 'create' and s.line = l.line and c.id <> l.contact_id

-- name: slice_vanished
-- After slice_late, lines that have made nobody: somebody had made the contact, and it was erased or deleted before it was looked
-- for. It is not made again. $4, $5: the padded keys, or NULL when nothing is suppressed.
update import_lines l
set outcome = case when hit.reason is null then 'invalid' else 'suppressed' end::import_outcome,
  reason = coalesce(hit.reason, 'contact_deleted'), contact_id = null
from (
  select s.line, suppression_of(s.*, i.channel_id, $4, $5) as reason
  from {{staging}} s join imports i on i.id = $1
  where s.line between $2 and $3
) hit
where l.import_id = $1 and l.line = hit.line and l.outcome = 'create'
  and not exists (select from contacts c where c.id = l.contact_id)

-- name: slice_unmake
-- After slice_create, whoever was suppressed since resolve. Asked only now: another's contact of the same address, which would have
-- kept this one from being made, may have been erased until then, and from now on nobody can erase it unseen. $4, $5: the padded keys.
with hit as (
  select l.line, l.contact_id, suppression_of(s.*, i.channel_id, $4, $5) as reason
  from import_lines l
  join {{staging}} s on s.line = l.line
  join imports i on i.id = l.import_id
  where l.import_id = $1 and l.line between $2 and $3 and s.line between $2 and $3 and l.outcome = 'create'
), unmade as (
  delete from contacts c using hit where c.id = hit.contact_id and hit.reason is not null
)
update import_lines l
set outcome = 'suppressed', reason = hit.reason, contact_id = null
from hit where l.import_id = $1 and l.line = hit.line and hit.reason is not null

-- name: slice_lock
-- In one order for everybody, so that two writers cannot wait for each other.
select c.id from contacts c
where c.id in (select contact_id from import_lines where import_id = $1 and line between $2 and $3 and outcome = 'update')
order by c.id for update

-- name: slice_gone
update import_lines l set outcome = 'invalid', reason = 'contact_deleted', contact_id = null
where l.import_id = $1 and l.line between $2 and $3 and l.outcome = 'update'
  and not exists (select from contacts c where c.id = l.contact_id)

-- name: slice_equal
-- Lines that change nothing any more. $4 allow resubscribe, $5 tag mode, $6 has tag columns.
update import_lines l set outcome = 'unchanged'
from {{staging}} s, imports i, contacts c, lateral import_merged(c, s, $4::boolean, i.started_at) m
where l.import_id = $1 and l.line between $2 and $3 and l.outcome = 'update' and i.id = $1 and s.line = l.line
  and s.line between $2 and $3 and c.id = l.contact_id
  and c is not distinct from m and not ($6::boolean and tags_differ(c.id, s.tags, $5))

-- name: slice_before_images
insert into import_before_images (import_id, contact_id, line, before, tags)
select $1, c.id, l.line, to_jsonb(c), array(select tag from contact_tags t where t.contact_id = c.id order by tag)
from import_lines l join contacts c on c.id = l.contact_id
where l.import_id = $1 and l.line between $2 and $3 and l.outcome = 'update'

-- name: slice_update
-- $4 allow resubscribe.
update contacts c
set display_name = m.display_name, avatar_url = m.avatar_url, time_zone = m.time_zone, member_id = m.member_id,
  email = m.email, email_key = m.email_key, phone = m.phone, phone_raw = m.phone_raw, subscribed = m.subscribed,
  subscribed_since = m.subscribed_since, last_interaction_at = m.last_interaction_at, attributes = m.attributes,
  whatsapp_id = m.whatsapp_id, updated_at = sluice_now()
from contacts o
join import_lines l on l.contact_id = o.id
join {{staging}} s on s.line = l.line
join imports i on i.id = l.import_id
cross join lateral import_merged(o, s, $4::boolean, i.started_at) m
where l.import_id = $1 and l.line between $2 and $3 and s.line between $2 and $3 and l.outcome = 'update' and c.id = o.id

-- name: slice_tags_off
-- $4 tag mode: `replace` takes off what the line does not name, `remove` what it names. What was put on since the import began
-- stays on: the import's events happen when it begins.
with off as (
  delete from contact_tags t
  using import_lines l join {{staging}} s on s.line = l.line join imports i on i.id = l.import_id
  where l.import_id = $1 and l.line between $2 and $3 and s.line between $2 and $3 and l.outcome in ('create', 'update')
    and t.contact_id = l.contact_id and s.tags is not null and t.applied_at <= i.started_at
    and (($4 = 'replace' and t.tag <> all (s.tags)) or ($4 = 'remove' and t.tag = any (s.tags)))
  returning t.contact_id, t.tag
),
remembered as (
  insert into contact_tag_removals as r (contact_id, tag, off_at)
  select off.contact_id, off.tag, i.started_at from off join imports i on i.id = $1
  order by off.contact_id, off.tag
  on conflict (contact_id, tag) do update set off_at = greatest(r.off_at, excluded.off_at)
)
insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key, import_id)
select i.channel_id, off.contact_id, 'removed', off.tag, i.started_at, 'import',
  tag_event_key(i.channel_id, off.contact_id, 'removed', off.tag, i.started_at, 'import', null, 1), $1
from off join imports i on i.id = $1
order by off.contact_id, off.tag

-- name: slice_tags_on
-- A tag that is on the contact already is a state, not an event: nothing is recorded for it. Nor for one that was taken off since
-- the import began: it stays off.
with put as (
  insert into contact_tags (contact_id, tag, applied_at, expires_at)
  select l.contact_id, tag.tag, i.started_at, tag_due(i.channel_id, tag.tag, i.started_at)
  from import_lines l
  join {{staging}} s on s.line = l.line
  join imports i on i.id = l.import_id
  cross join lateral unnest(s.tags) as tag (tag)
  where l.import_id = $1 and l.line between $2 and $3 and s.line between $2 and $3 and l.outcome in ('create', 'update')
    and not exists (
      select from contact_tag_removals r where r.contact_id = l.contact_id and r.tag = tag.tag and r.off_at >= i.started_at
    )
  on conflict do nothing
  returning contact_id, tag, applied_at
)
insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key, import_id)
select i.channel_id, put.contact_id, 'applied', put.tag, put.applied_at, 'import',
  tag_event_key(i.channel_id, put.contact_id, 'applied', put.tag, put.applied_at, 'import', null, 1), $1
from put join imports i on i.id = $1
order by put.contact_id, put.tag

-- name: record_slice
insert into import_slices (import_id, line_from, line_to, created, updated)
select $1, $2, $3,
  count(*) filter (where outcome = 'create'), count(*) filter (where outcome = 'update')
from import_lines where import_id = $1 and line between $2 and $3

-- name: diff
-- What the updates change, field by field, in line order after line $2. $3 allow resubscribe, $4 tag mode, $5 how many.
select l.line, l.contact_id, d.field, d.old, d.new
from (
  select * from import_lines where import_id = $1 and outcome = 'update' and line > $2 order by line limit $5
) l
join {{staging}} s on s.line = l.line
join imports i on i.id = $1
join contacts c on c.id = l.contact_id
cross join lateral import_merged(c, s, $3::boolean, i.started_at) m
cross join lateral (
  select n.key as field, o.value #>> '{}' as old, n.value #>> '{}' as new
  from jsonb_each(to_jsonb(m)) n
  join jsonb_each(to_jsonb(c)) o using (key)
  where n.value is distinct from o.value and n.key <> 'attributes'
  union all
  select 'attribute:' || coalesce(n.key, o.key), o.value #>> '{}', n.value #>> '{}'
  from jsonb_each(m.attributes) n
  full join jsonb_each(c.attributes) o using (key)
  where n.value is distinct from o.value
  union all
  select 'tags',
    nullif(array_to_string(array(select tag from contact_tags t where t.contact_id = c.id order by tag), '; '), ''),
    nullif(array_to_string(tags_after(c.id, s.tags, $4), '; '), '')
  where s.tags is not null and tags_differ(c.id, s.tags, $4)
) d
order by l.line, d.field

-- name: rejects
-- Lines for the rejects file, in line order after line $2, $3 at a time, with their place in the spool.
select l.line, l.outcome, l.reason, l.candidates, s.byte_start, s.byte_length
from import_lines l
join {{staging}} s on s.line = l.line
where l.import_id = $1 and l.line > $2 and l.outcome in ('invalid', 'ambiguous', 'suppressed')
order by l.line
limit $3

-- name: top_reasons
-- The $2 most frequent reasons of invalid lines, each with its first line.
select reason, count(*)::bigint as lines, min(line) as line
from import_lines where import_id = $1 and outcome = 'invalid' and reason is not null
group by reason order by 2 desc, 1 limit $2
