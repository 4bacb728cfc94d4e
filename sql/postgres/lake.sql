-- Statements of the lake: what has changed since its last version, and the manifest. The lake's files are in sql/duckdb/lake.sql.

-- name: fix_watermark
-- First in a transaction of its own; commit soon: erasures and all writers of the log wait for its end.
select epoch_us(fix_tag_watermark()) as watermark

-- name: fix_erasures
-- The number of the last erasure: all up to it are committed, and later ones have higher numbers. Alone in its transaction, or right
-- before its end: writers of the log wait for that.
select fix_erasures() as through

-- name: head
select version, epoch_us(watermark) as watermark, time_zone, files, rows, erased_through
from lake_versions order by version desc limit 1

-- name: version
select version, epoch_us(watermark) as watermark, time_zone, files, rows, erased_through from lake_versions where version = $1

-- name: first_business_zone
insert into settings (name, value) values ('business_time_zone', $1) on conflict do nothing

-- name: business_zone
select value from settings where name = 'business_time_zone'

-- name: change_business_zone
insert into settings (name, value) values ('business_time_zone', $1) on conflict (name) do update set value = excluded.value

-- name: log_months
-- The first and the last month (UTC) that events can lie in: those that have partitions.
select to_char(min(month), 'YYYY-MM-DD') as first, to_char(max(month), 'YYYY-MM-DD') as last
from (
  select to_date(substr(c.relname, length('tag_events_') + 1), 'YYYYMM') as month
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'tag_events'::regclass
) months

-- name: version_files
-- Files of version $1.
select id, path, kind, to_char(unit_from, 'YYYY-MM-DD') as unit_from, to_char(unit_to, 'YYYY-MM-DD') as unit_to, bucket, buckets,
  rows, bytes, sha256, epoch_us(watermark) as watermark
from lake_files
where added_in <= $1 and (removed_in is null or removed_in > $1)
order by unit_from, bucket, id

-- name: all_days
-- Every business day that has events, by its place among the beginnings of days $2, with their number. $1 watermark (µs).
select width_bucket(occurred_at, $2::timestamptz[]) as place, count(*) as rows
from tag_events
where kind = 'applied' and recorded_at <= from_epoch_us($1::bigint)
group by 1
order by 1

-- name: dirty_days
-- The same for days with events or retractions recorded after $3 (µs). The range index on recorded_at makes it cheap.
select width_bucket(occurred_at, $2::timestamptz[]) as place, count(*) as rows
from tag_events
where kind in ('applied', 'retracted')
  and recorded_at > from_epoch_us($3::bigint)
  and recorded_at <= from_epoch_us($1::bigint)
group by 1
order by 1

-- name: copy_events
-- Through set_config: sluice.from and sluice.to (instants), sluice.watermark (µs). The time when an event was retracted stands
-- beside it. CSV in UTC.
copy (
  select e.contact_id, e.tag, e.occurred_at, e.recorded_at, r.retracted_at
  from tag_events e
  left join (
    select retracts, min(recorded_at) as retracted_at
    from tag_events
    where kind = 'retracted'
      and recorded_at <= from_epoch_us(current_setting('sluice.watermark')::bigint)
      and occurred_at >= current_setting('sluice.from')::timestamptz
      and occurred_at < current_setting('sluice.to')::timestamptz
    group by retracts
  ) r on r.retracts = e.id
  where e.kind = 'applied'
    and e.recorded_at <= from_epoch_us(current_setting('sluice.watermark')::bigint)
    and e.occurred_at >= current_setting('sluice.from')::timestamptz
    and e.occurred_at < current_setting('sluice.to')::timestamptz
) to stdout (format csv)

-- name: copy_contacts
-- The addresses of the contacts whose ids are in lake_wanted, a temporary table.
copy (
  select c.id, c.channel_id, c.social_id from contacts c where c.id in (select key from lake_wanted)
) to stdout (format csv)

-- name: missing_contacts
-- Contacts in lake_wanted that are not there. After copy_contacts, in the same transaction: none that was copied is forgotten.
select key as id from lake_wanted w where not exists (select from contacts c where c.id = w.key)

-- name: finish_erasures
-- What is left in the log of contacts $1, as far as they are not there: their erasure is finished as if it were one.
with gone as (
  select u.id from unnest($1::bigint[]) as u (id) where not exists (select from contacts c where c.id = u.id)
),
events as (
  select e.channel_id, e.contact_id, e.kind, e.occurred_at, e.event_key, e.message_id
  from tag_events e join gone on gone.id = e.contact_id
),
noted as (
  insert into tag_erasures (contact_id, channel_id, first_at, last_at, events)
  select contact_id, channel_id, min(occurred_at), max(occurred_at), count(*)
  from events where kind = 'applied' group by contact_id, channel_id
),
messages as (delete from tag_message_keys where event_key in (select event_key from events where message_id is not null)),
tags as (delete from contact_tags where contact_id in (select id from gone)),
removals as (delete from contact_tag_removals where contact_id in (select id from gone))
delete from tag_events where contact_id in (select id from gone)

-- name: copy_erased
-- Whom the erasures after sluice.erased_after, up to sluice.erased_through, concern (set_config).
copy (
  select contact_id from tag_erasures
  where id > current_setting('sluice.erased_after')::bigint and id <= current_setting('sluice.erased_through')::bigint
    and contact_id is not null
) to stdout (format csv)

-- name: count_erased
-- Erasures after $1, up to $2; and of how many of them it is no longer known whom they concern.
select count(*)::integer as erasures, count(*) filter (where contact_id is null)::integer as unknown
from tag_erasures where id > $1::bigint and id <= $2::bigint

-- name: copy_tags
-- The names of the tags whose numbers are in lake_wanted, a temporary table.
copy (
  select t.number, t.tag from lake_tags t where t.number in (select key from lake_wanted)
) to stdout (format csv)

-- name: missing_tags
-- As missing_contacts.
select key as id from lake_wanted w where not exists (select from lake_tags t where t.number = w.key)

-- name: number_tags
-- Gives numbers to the tags in lake_unnumbered, a temporary table. In order, so that two who do it at once wait for each other and
-- do not lock each other up; known ones are left out first, since each refused row would use up a number.
insert into lake_tags (tag)
select u.tag from lake_unnumbered u where not exists (select from lake_tags t where t.tag = u.tag)
order by u.tag
on conflict (tag) do nothing

-- name: copy_tag_numbers
copy (
  select t.number, t.tag from lake_tags t where t.tag in (select tag from lake_unnumbered)
) to stdout (format csv)

-- name: forget_tags
-- Tags but for those whose numbers are $1: no event of the version has them.
delete from lake_tags where number <> all ($1::integer[])

-- name: drafts
-- Files that an earlier try of this refresh has written. $1 base version, $2 watermark (µs), $3 the last erasure.
select id, path, kind, to_char(unit_from, 'YYYY-MM-DD') as unit_from, to_char(unit_to, 'YYYY-MM-DD') as unit_to, bucket, buckets,
  rows, bytes, sha256, epoch_us(watermark) as watermark
from lake_files
where added_in is null and kind = 'events' and base_version = $1 and watermark = from_epoch_us($2::bigint)
  and erased_through = $3::bigint

-- name: unfinished_watermark
-- The watermark of drafts on base version $1 in zone $2, young enough to go on with, since which nothing was erased: $3 is the
-- last erasure.
select epoch_us(max(watermark)) as watermark
from lake_files
where added_in is null and base_version = $1 and time_zone = $2 and created_at > sluice_now() - interval '1 day'
  and erased_through = $3::bigint

-- name: add_draft
-- Format 2: tags by number.
insert into lake_files
  (path, kind, unit_from, unit_to, bucket, buckets, rows, bytes, sha256, watermark, base_version, time_zone,
  erased_through, format)
values ($1, $2, $3::date, $4::date, $5, $6, $7, $8, $9, from_epoch_us($10::bigint), $11, $12, $13, 2)
returning id

-- name: add_version
insert into lake_versions (watermark, time_zone, erased_through, files, rows)
values (from_epoch_us($1::bigint), $2, $3, 0, 0)
returning version

-- name: add_files
-- Drafts $2 become part of version $1; files $3 are no part of it.
with added as (
  update lake_files set added_in = $1 where id = any ($2::bigint[]) and added_in is null
)
update lake_files set removed_in = $1, removed_at = sluice_now() where id = any ($3::bigint[]) and removed_in is null

-- name: count_version
update lake_versions v
set files = f.files, rows = f.rows
from (
  select count(*) as files, coalesce(sum(rows) filter (where kind = 'events'), 0) as rows
  from lake_files where added_in <= $1 and (removed_in is null or removed_in > $1)
) f
where v.version = $1
returning f.files, f.rows

-- name: outdated_files
-- Files of no version since $1 seconds, and drafts that nobody took over for so long.
select id, path from lake_files
where removed_at < sluice_now() - $1::double precision * interval '1 s'
   or (added_in is null and created_at < sluice_now() - $1::double precision * interval '1 s'
     and base_version < coalesce((select max(version) from lake_versions), 0))

-- name: forget_files
delete from lake_files where id = any ($1::bigint[])

-- name: known_paths
select path from lake_files

-- name: log_checksum
-- The log as the lake should hold it, over the span [$1, $2): rows and checksum. $3 watermark (µs).
select count(*) as rows,
  checksum_of(sum(row_hash(
    e.contact_id || E'\x1f' || e.tag || E'\x1f' || epoch_us(e.occurred_at) || E'\x1f' || epoch_us(e.recorded_at) || E'\x1f' ||
    coalesce(epoch_us(r.retracted_at)::text, '')
  )))::text as checksum
from tag_events e
left join (
  select retracts, min(recorded_at) as retracted_at
  from tag_events
  where kind = 'retracted' and recorded_at <= from_epoch_us($3::bigint)
    and occurred_at >= $1::timestamptz and occurred_at < $2::timestamptz
  group by retracts
) r on r.retracts = e.id
where e.kind = 'applied' and e.recorded_at <= from_epoch_us($3::bigint)
  and e.occurred_at >= $1::timestamptz and e.occurred_at < $2::timestamptz
