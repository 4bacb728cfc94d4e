-- Statements of a broadcast as a whole: starting, stopping, counting. $1 is always the broadcast's id unless said otherwise.

-- name: lock_by_digest
-- $1 digest. The unstarted plan first, else the newest that was started.
select id, channel_id, state, attempt, workflow_id, run_id, recipients, planned_at, finished_at,
  extract(epoch from clock_timestamp() - planned_at)::double precision as age_s,
  exists (select from broadcasts o where o.digest = b.digest and o.id <> b.id and o.attempt > 0) as sent_before
from broadcasts b
where digest = $1
order by attempt = 0 desc, id desc
limit 1
for update

-- name: lock_by_id
select id, channel_id, state, attempt, workflow_id, run_id, recipients, planned_at, finished_at,
  extract(epoch from clock_timestamp() - planned_at)::double precision as age_s, false as sent_before
from broadcasts b
where id = $1 and digest is not null
for update

-- name: take_over
-- A run takes the broadcast: attempts of older runs find themselves superseded.
update broadcasts set attempt = attempt + 1, workflow_id = $2, run_id = $3, state = 'running', control = 'run', error = null,
  started_at = coalesce(started_at, clock_timestamp()), finished_at = null, updated_at = clock_timestamp()
where id = $1
returning attempt

-- name: create_contacts
-- Those the plan calls `created`, for ordinals [$2, $3). A contact that has come into being since is left as it is.
with missing as materialized (
  select r.ordinal, r.address from broadcast_recipients r
  join broadcast_ledger l using (broadcast_id, ordinal)
  where r.broadcast_id = $1 and r.ordinal >= $2 and r.ordinal < $3 and r.contact_id is null and r.address is not null
    and l.fate = 'planned'
),
made as (
  insert into contacts (channel_id, social_id, phone, phone_raw, source)
  select b.channel_id, m.address, case when c.kind = 'whatsapp' then m.address end,
    case when c.kind = 'whatsapp' then m.address end, 'csv_broadcast'
  from missing m, broadcasts b join channels c on c.id = b.channel_id
  where b.id = $1
  order by m.ordinal
  on conflict (channel_id, social_id) do nothing
  returning id, social_id
)
select count(*) as created from made

-- name: bind_contacts
-- After create_contacts, in the same transaction: who they are.
update broadcast_recipients r set contact_id = c.id
from broadcasts b, contacts c, broadcast_ledger l
where b.id = $1 and r.broadcast_id = $1 and r.ordinal >= $2 and r.ordinal < $3 and r.contact_id is null
  and l.broadcast_id = $1 and l.ordinal = r.ordinal and l.fate = 'planned'
  and c.channel_id = b.channel_id and c.social_id = r.address

-- name: open_slices
-- Slices with something left, after slice $2, at most $3.
select slice, (extract(epoch from next_at) * 1000)::double precision as next_ms
from broadcast_slices
where broadcast_id = $1 and not done and slice > $2
order by slice
limit $3

-- name: cancel_planned
-- What was not sent stays unsent, for ordinals [$2, $3).
update broadcast_ledger set fate = 'cancelled', code = null, settled_at = clock_timestamp(), not_before = null
where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = 'planned'

-- name: close_slices
update broadcast_slices s set done = true, next_at = null
where broadcast_id = $1 and not done and not exists (
  select from broadcast_ledger l
  where l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal and l.fate in ('planned', 'claimed')
)

-- name: reopen_failed
update broadcast_ledger set fate = 'planned', reopened = reopened + 1, charged = 0, code = null, not_before = null,
  settled_at = null, chunk_id = null
where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = 'rejected' and retryable

-- name: reopen_uncertain
update broadcast_ledger set fate = 'planned', reopened = reopened + 1, charged = 0, code = null, not_before = null,
  settled_at = null, chunk_id = null
where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = 'uncertain'

-- name: reopen_cancelled
update broadcast_ledger set fate = 'planned', reopened = reopened + 1, charged = 0, code = null, not_before = null,
  settled_at = null, chunk_id = null
where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = 'cancelled'

-- name: reopen_slices
update broadcast_slices s set done = false, next_at = null
where broadcast_id = $1 and done and exists (
  select from broadcast_ledger l
  where l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal and l.fate = 'planned'
)

-- name: count_fates
select fate, delivery, code, count(*)::integer as recipients
from broadcast_ledger where broadcast_id = $1
group by fate, delivery, code

-- name: in_flight
-- Recipients claimed now, looked for in slices that are under way.
select count(*)::integer as claimed
from broadcast_slices s
join broadcast_ledger l on l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal
where s.broadcast_id = $1 and s.epoch > 0 and not s.done and l.fate = 'claimed'

-- name: claimed_slices
-- Slices under way in which something is claimed; a thousand at most, then again.
select s.slice from broadcast_slices s
where s.broadcast_id = $1 and s.epoch > 0 and not s.done and exists (
  select from broadcast_ledger l
  where l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal and l.fate = 'claimed'
)
order by s.slice limit 1000

-- name: recent_rate
-- Recipients settled a second, over the last $2 seconds. Slices under way only: what is done long ago does not count.
select count(*)::double precision / $2::double precision as rate
from broadcast_slices s
join broadcast_ledger l on l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal
where s.broadcast_id = $1 and s.epoch > 0
  and s.slice >= coalesce((select min(slice) from broadcast_slices where broadcast_id = $1 and not done), 0) - 8
  and l.fate in ('accepted', 'rejected', 'uncertain')
  and l.settled_at > clock_timestamp() - $2::double precision * interval '1 s'
