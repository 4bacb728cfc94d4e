-- Statements of tag frequency: what is published, and the frequency of one contact straight from the log.

-- name: log_now
-- The database's clock (µs), which events are recorded by.
select epoch_us(sluice_now()) as now

-- name: published
-- $1 channel or '*', $2 names of windows, $3 as-of (µs), $4 known-at (µs).
select id, window_name as name, epoch_us(window_from) as from_us, epoch_us(window_to) as to_us,
  lake_version, rows, checksum::text as checksum, times, folder, erased_since
from tag_frequencies
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
  (channel_id, window_name, window_from, window_to, as_of, known_at, lake_version, rows, checksum, times, newest_at, folder, erased_since)
values ($1, $2, from_epoch_us($3::bigint), from_epoch_us($4::bigint), from_epoch_us($5::bigint), from_epoch_us($6::bigint),
  $7, $8, $9::numeric, $10, from_epoch_us($11::bigint), $12, $13)
on conflict (channel_id, window_name, as_of, known_at) do update
set rows = excluded.rows, checksum = excluded.checksum, times = excluded.times, newest_at = excluded.newest_at,
  folder = excluded.folder, lake_version = excluded.lake_version, erased_since = excluded.erased_since,
  published_at = sluice_now()
returning id

-- name: refuse
insert into tag_frequency_refusals (channel_id, window_name, as_of, known_at, gate, reason)
values ($1, $2, from_epoch_us($3::bigint), from_epoch_us($4::bigint), $5, $6)

-- name: erased_between
-- Erasures after a known-at ($4, µs) of people who had events in [$2, $3) (µs); $1 channel or '*'.
select count(*) as erased from tag_erasures
where ($1 = '*' or channel_id = $1) and erased_at > from_epoch_us($4::bigint)
  and first_at < from_epoch_us($3::bigint) and last_at >= from_epoch_us($2::bigint)

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
-- Results that were published before somebody with events in their window was erased, with the number of erasures since known-at.
select f.id, f.folder, count(e.id) as erased
from tag_frequencies f
join tag_erasures e on (f.channel_id = '*' or e.channel_id = f.channel_id) and e.erased_at > f.known_at
  and e.first_at < f.window_to and e.last_at >= f.window_from
group by f.id, f.folder, f.published_at
having max(e.erased_at) > f.published_at
order by f.id

-- name: scrubbed
-- Result $1 with $2 erasures; $3 rows, $4 checksum and $5 times, or NULL to leave them.
update tag_frequencies
set erased_since = $2, rows = coalesce($3::bigint, rows), checksum = coalesce($4::numeric, checksum),
  times = coalesce($5::bigint, times), published_at = sluice_now()
where id = $1
