-- Statements of the lake: what has changed since its last version, and the manifest. The lake's files are in sql/duckdb/lake.sql.

-- name: fix_watermark
-- First in a transaction of its own, then marked_until, then commit at once: erasures hold the log's lock until they are committed.
select epoch_us(fix_tag_watermark()) as watermark

-- name: marked_until
select coalesce(max(marked_at), '-infinity')::text as until from lake_dirty_hours

-- name: head
select version, epoch_us(watermark) as watermark, time_zone, files, rows
from lake_versions order by version desc limit 1

-- name: business_day
select to_char(from_epoch_us($1::bigint) at time zone $2, 'YYYY-MM-DD') as day

-- name: version_files
-- Files of version $1.
select id, path, kind, to_char(unit_from, 'YYYY-MM-DD') as unit_from, to_char(unit_to, 'YYYY-MM-DD') as unit_to, bucket, buckets,
  rows, bytes, sha256, epoch_us(watermark) as watermark
from lake_files
where added_in <= $1 and (removed_in is null or removed_in > $1)
order by unit_from, bucket, id

-- name: all_days
-- Every business day that has events, with their number. $1 watermark (µs), $2 time zone.
select to_char((occurred_at at time zone $2)::date, 'YYYY-MM-DD') as day, count(*) as rows
from tag_events
where kind = 'applied' and recorded_at <= from_epoch_us($1::bigint)
group by (occurred_at at time zone $2)::date
order by 1

-- name: dirty_days
-- Business days with events or retractions recorded after $3 (µs), or with erasures. The range index on recorded_at makes it cheap.
select to_char(day, 'YYYY-MM-DD') as day, sum(rows)::bigint as rows
from (
  select (occurred_at at time zone $2)::date as day, count(*) as rows
  from tag_events
  where kind in ('applied', 'retracted')
    and recorded_at > from_epoch_us($3::bigint)
    and recorded_at <= from_epoch_us($1::bigint)
  group by 1
  union all
  -- A zone's midnight may lie within the hour: both days then.
  select distinct ((h.hour + e.minutes * interval '1 minute') at time zone $2)::date, 0
  from lake_dirty_hours h, (values (0), (59)) e (minutes)
) days (day, rows)
group by day
order by 1

-- name: copy_events
-- Through set_config: sluice.from and sluice.to (business days), sluice.zone, sluice.watermark (µs). The time when an event was
-- retracted stands beside it. CSV in UTC.
copy (
  select e.contact_id, e.tag, e.occurred_at, e.recorded_at, r.retracted_at
  from tag_events e
  left join (
    select retracts, min(recorded_at) as retracted_at
    from tag_events
    where kind = 'retracted'
      and recorded_at <= from_epoch_us(current_setting('sluice.watermark')::bigint)
      and occurred_at >= current_setting('sluice.from')::timestamp at time zone current_setting('sluice.zone')
      and occurred_at < current_setting('sluice.to')::timestamp at time zone current_setting('sluice.zone')
    group by retracts
  ) r on r.retracts = e.id
  where e.kind = 'applied'
    and e.recorded_at <= from_epoch_us(current_setting('sluice.watermark')::bigint)
    and e.occurred_at >= current_setting('sluice.from')::timestamp at time zone current_setting('sluice.zone')
    and e.occurred_at < current_setting('sluice.to')::timestamp at time zone current_setting('sluice.zone')
) to stdout (format csv)

-- name: copy_contacts
-- The addresses of the contacts whose ids are in lake_wanted, a temporary table.
copy (
  select c.id, c.channel_id, c.social_id from contacts c where c.id in (select key from lake_wanted)
) to stdout (format csv)

-- name: copy_tags
-- The names of the tags whose numbers are in lake_wanted, a temporary table.
copy (
  select t.number, t.tag from lake_tags t where t.number in (select key from lake_wanted)
) to stdout (format csv)

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
-- Files that an earlier try of this refresh has written. $1 base version, $2 watermark (µs).
select id, path, kind, to_char(unit_from, 'YYYY-MM-DD') as unit_from, to_char(unit_to, 'YYYY-MM-DD') as unit_to, bucket, buckets,
  rows, bytes, sha256, epoch_us(watermark) as watermark
from lake_files
where added_in is null and kind = 'events' and base_version = $1 and watermark = from_epoch_us($2::bigint)

-- name: unfinished_watermark
-- The watermark of drafts on base version $1 in zone $2, young enough to go on with, since which nothing was erased.
select epoch_us(max(watermark)) as watermark
from lake_files
where added_in is null and base_version = $1 and time_zone = $2 and created_at > sluice_now() - interval '1 day'
having not exists (select from lake_dirty_hours where marked_at > max(watermark))

-- name: add_draft
-- Format 2: tags by number.
insert into lake_files
  (path, kind, unit_from, unit_to, bucket, buckets, rows, bytes, sha256, watermark, base_version, time_zone, format)
values ($1, $2, $3::date, $4::date, $5, $6, $7, $8, $9, from_epoch_us($10::bigint), $11, $12, 2)
returning id

-- name: add_version
insert into lake_versions (watermark, time_zone, files, rows)
values (from_epoch_us($1::bigint), $2, 0, 0)
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

-- name: clear_marks
-- Marks of erasures that this version has taken in.
delete from lake_dirty_hours where marked_at <= $1

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
-- The log as the lake should hold it, over the business days [$1, $2): rows and checksum. $3 time zone, $4 watermark (µs).
select count(*) as rows,
  checksum_of(sum(row_hash(
    e.contact_id || E'\x1f' || e.tag || E'\x1f' || epoch_us(e.occurred_at) || E'\x1f' || epoch_us(e.recorded_at) || E'\x1f' ||
    coalesce(epoch_us(r.retracted_at)::text, '')
  )))::text as checksum
from tag_events e
left join (
  select retracts, min(recorded_at) as retracted_at
  from tag_events
  where kind = 'retracted' and recorded_at <= from_epoch_us($4::bigint)
    and occurred_at >= $1::timestamp at time zone $3 and occurred_at < $2::timestamp at time zone $3
  group by retracts
) r on r.retracts = e.id
where e.kind = 'applied' and e.recorded_at <= from_epoch_us($4::bigint)
  and e.occurred_at >= $1::timestamp at time zone $3 and e.occurred_at < $2::timestamp at time zone $3
