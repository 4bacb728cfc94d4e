-- Statements of tag frequency: what is published, and the frequency of one contact straight from the log.

-- name: log_now
-- The database's clock (µs), which events are recorded by.
select epoch_us(sluice_now()) as now

-- name: published
-- $1 channel or '*', $2 names of windows, $3 as-of (µs), $4 known-at (µs).
select id, window_name as name, epoch_us(window_from) as from_us, epoch_us(window_to) as to_us,
  lake_version, rows, checksum::text as checksum, times, folder, erased_since,
  -- Somebody it counts may have been erased since.
  exists (
    select from tag_erasures e
    where e.id > f.erased_through and (f.channel_id = '*' or e.channel_id = f.channel_id)
      and e.first_at < f.window_to and e.last_at >= f.window_from
  ) as behind
from tag_frequencies f
where channel_id = $1 and window_name = any ($2::text[])
  and as_of = from_epoch_us($3::bigint) and known_at = from_epoch_us($4::bigint)

-- name: published_before
-- Rows of the last published result of a window before an as-of (µs).
select rows, epoch_us(as_of) as as_of_us from tag_frequencies
where channel_id = $1 and window_name = $2 and as_of < from_epoch_us($3::bigint)
order by as_of desc, published_at desc
limit 1

-- name: publish
insert into tag_frequencies
  (channel_id, window_name, window_from, window_to, as_of, known_at, lake_version, rows, checksum, times, newest_at, folder, erased_since,
  erased_through)
values ($1, $2, from_epoch_us($3::bigint), from_epoch_us($4::bigint), from_epoch_us($5::bigint), from_epoch_us($6::bigint),
  $7, $8, $9::numeric, $10, from_epoch_us($11::bigint), $12, $13, $14)
on conflict (channel_id, window_name, as_of, known_at) do update
set rows = excluded.rows, checksum = excluded.checksum, times = excluded.times, newest_at = excluded.newest_at,
  folder = excluded.folder, lake_version = excluded.lake_version, erased_since = excluded.erased_since,
  erased_through = excluded.erased_through, published_at = sluice_now()
returning id

-- name: refuse
insert into tag_frequency_refusals (channel_id, window_name, as_of, known_at, gate, reason)
values ($1, $2, from_epoch_us($3::bigint), from_epoch_us($4::bigint), $5, $6)

-- name: erased_between
-- Erasures of people who had events in [$2, $3) (µs), up to the number $5; $1 channel or '*'. `since`: those after a known-at ($4,
-- µs). `newer`: those after the number $6; `unknown`: of these, those of whom it is no longer known whom they concern.
select count(*) filter (where erased_at > from_epoch_us($4::bigint))::integer as since,
  count(*) filter (where id > $6::bigint)::integer as newer,
  count(*) filter (where id > $6::bigint and contact_id is null)::integer as unknown
from tag_erasures
where ($1 = '*' or channel_id = $1) and id <= $5::bigint
  and first_at < from_epoch_us($3::bigint) and last_at >= from_epoch_us($2::bigint)

-- name: hold_places
-- Folders of results are put in their places by one process at a time.
select pg_advisory_xact_lock(7316006)

-- name: of_contact
-- Tag frequency of one contact: $1 contact, $2 from, $3 to, $4 known-at (µs). By the index on (contact_id, occurred_at).
select e.tag, count(*) as times, epoch_us(min(e.occurred_at)) as first_us, epoch_us(max(e.occurred_at)) as last_us
from tag_events e
where e.contact_id = $1 and e.kind = 'applied'
  and e.occurred_at >= from_epoch_us($2::bigint) and e.occurred_at < from_epoch_us($3::bigint)
  and e.recorded_at <= from_epoch_us($4::bigint)
  and not exists (
    select from tag_events r
    where r.contact_id = $1 and r.kind = 'retracted' and r.retracts = e.id and r.occurred_at = e.occurred_at
      and r.recorded_at <= from_epoch_us($4::bigint)
  )
group by e.tag
order by e.tag

-- name: touched_by_erasure
-- Results that may hold somebody who was erased, up to the number $1. `erased`: people with events in their window who were erased
-- since the known-at; `unknown`: whether it is no longer known of all whom they concern.
select f.id, f.folder, f.erased_through, t.erased, t.unknown
from tag_frequencies f
cross join lateral (
  select count(*) filter (where e.erased_at > f.known_at) as erased, coalesce(max(e.id), 0) as newest,
    coalesce(bool_or(e.contact_id is null) filter (where e.id > f.erased_through), false) as unknown
  from tag_erasures e
  where e.id <= $1::bigint and (f.channel_id = '*' or e.channel_id = f.channel_id)
    and e.first_at < f.window_to and e.last_at >= f.window_from
) t
where f.erased_through < $1::bigint and t.newest > f.erased_through
order by f.id

-- name: scrubbed
-- Result $1 is without the erased up to the number $6, $2 of them since its known-at; $3 rows, $4 checksum and $5 times.
update tag_frequencies
set erased_since = $2, rows = $3, checksum = $4::numeric, times = $5, erased_through = greatest(erased_through, $6::bigint), published_at = sluice_now()
where id = $1

-- name: forget_result
-- Its files are gone, or cannot be read to take somebody out: asked again, it is a new one.
delete from tag_frequencies where id = $1

-- name: unknown_folders
-- Which of the folders $1 are no result's.
select folder from unnest($1::text[]) as u (folder)
where not exists (select from tag_frequencies f where f.folder = u.folder)

-- name: untouched
-- Results that hold nobody erased up to the number $1, since no erasure concerns their window.
update tag_frequencies f set erased_through = $1::bigint
where erased_through < $1::bigint and not exists (
  select from tag_erasures e
  where e.id > f.erased_through and e.id <= $1::bigint and (f.channel_id = '*' or e.channel_id = f.channel_id)
    and e.first_at < f.window_to and e.last_at >= f.window_from
)

-- name: forget_erased
-- Whom an erasure concerned is forgotten when neither the newest lake nor a published answer can hold the person: after a day, in
-- which a run on an older version may still publish.
update tag_erasures set contact_id = null
where contact_id is not null and erased_at < sluice_now() - interval '1 day'
  and id <= (select erased_through from lake_versions order by version desc limit 1)
  and id <= coalesce((select min(erased_through) from tag_frequencies), id)
