-- Statements of a broadcast as a whole: starting, stopping, counting. $1 is always the broadcast's id unless said otherwise.
-- What writes looks at the broadcast attempt in the statement itself: a run that was superseded while it slept changes nothing.

-- name: plan_by_digest
-- $1 digest. The unstarted plan first, else the newest that was started.
select id from broadcasts where digest = $1 order by attempt = 0 desc, id desc limit 1

-- name: plan_by_id
select id from broadcasts where id = $1 and digest is not null

-- name: lock_broadcast
select id, channel_id, state, attempt, workflow_id, run_id, taken_by, plan_workflow_id, asking_run_id, scope, recipients,
  coalesce((options ->> 'settleSeconds')::integer, 900) as settle,
  extract(epoch from sluice_now() - planned_at)::double precision as age_s
from broadcasts
where id = $1 and digest is not null
for update

-- name: sent_before
-- The newest other broadcast that was started with the same, by today's digest or by the one of before.
select o.id, o.state from broadcasts b
join broadcasts o
  on (o.digest in (b.digest, b.digest_before) or o.digest_before = b.digest) and o.id <> b.id and o.attempt > 0
where b.id = $1
order by o.id desc
limit 1

-- name: take_over
-- A run takes the broadcast: attempts of older runs find themselves superseded. $3 the first run of its chain, $5 the run itself;
-- $4: the scope of a retry, NULL for a start.
update broadcasts set attempt = attempt + 1, workflow_id = $2, run_id = $3, taken_by = $5, scope = $4, state = 'running', control = 'run',
  error = null, give_up = false, settle_until = null, started_at = coalesce(started_at, sluice_now()), finished_at = null,
  updated_at = sluice_now()
where id = $1
returning attempt

-- name: supersede_slices
-- After take_over, in the same transaction: tries of older attempts may claim no more. Waits for claims that are being committed.
update broadcast_slices set epoch = epoch + 1 where broadcast_id = $1 and epoch > 0

-- name: left_of_scopes
-- Those of the scopes $2 of which anything is there that a retry would send, in the order given.
select scope
from unnest($2::text[]) with ordinality as s (scope, position)
where exists (
  select from broadcast_ledger
  where broadcast_id = $1 and case s.scope
    when 'planned' then fate in ('planned', 'claimed')
    when 'failed' then fate = 'rejected' and retryable
    else fate = s.scope::recipient_fate
  end
)
order by position

-- name: suppress_unbound
-- Of those the plan calls `created`, for ordinals [$2, $3): whoever was erased or put on a suppression list since is not made
-- anew. $4 and $5 the padded keys, $6 the broadcast attempt. Nobody is looked up where nothing was recorded since the matching began; an
-- hour for transactions that took long to commit, as when rows are claimed.
with fresh as materialized (
  select exists (
    select from suppressions s, broadcasts b where b.id = $1 and s.recorded_at > b.created_at - interval '1 hour'
  ) as listed
)
update broadcast_ledger l set fate = 'suppressed', code = 'suppression_list', settled_at = sluice_now()
from broadcasts b, broadcast_recipients r
where (select listed from fresh) and b.id = $1 and b.attempt = $6 and r.broadcast_id = $1 and r.ordinal >= $2 and r.ordinal < $3
  and r.contact_id is null and r.address is not null
  and l.broadcast_id = $1 and l.ordinal = r.ordinal and l.fate = 'planned'
  and exists (
    select from suppressions where address_hash in (
      address_hash($4, $5, b.channel_id, r.address), address_hash($4, $5, '*', r.address)
    )
  )

-- name: create_contacts
-- Those the plan calls `created`, for ordinals [$2, $3). A contact that has come into being since is left as it is.
-- $4 the broadcast attempt, $5 the kinds of channel whose addresses are phones.
with missing as materialized (
  select r.ordinal, r.address from broadcast_recipients r
  join broadcast_ledger l using (broadcast_id, ordinal)
  where r.broadcast_id = $1 and r.ordinal >= $2 and r.ordinal < $3 and r.contact_id is null and r.address is not null
    and l.fate = 'planned'
    and exists (select from broadcasts where id = $1 and attempt = $4 for share)
)
insert into contacts (channel_id, social_id, phone, phone_raw, source)
select b.channel_id, m.address, case when c.kind = any ($5::text[]) and m.address like '+%' then m.address end,
  case when c.kind = any ($5::text[]) and m.address like '+%' then m.address end, 'csv_broadcast'
from missing m, broadcasts b join channels c on c.id = b.channel_id
where b.id = $1
order by m.ordinal
on conflict (channel_id, social_id) do nothing
returning id

-- name: unmake_suppressed
-- After create_contacts, in the same transaction: an erasure that was committed while it ran. $2 contacts just made, $3 and $4 the
-- padded keys.
with fresh as materialized (
  select exists (
    select from suppressions s, broadcasts b where b.id = $1 and s.recorded_at > b.created_at - interval '1 hour'
  ) as listed
)
delete from contacts c
where (select listed from fresh) and c.id = any ($2::bigint[]) and exists (
  select from suppressions s, broadcasts b
  where b.id = $1 and s.address_hash in (
    address_hash($3, $4, b.channel_id, c.social_id), address_hash($3, $4, '*', c.social_id)
  )
)

-- name: bind_contacts
-- After create_contacts, in the same transaction: who they are. $4 the broadcast attempt.
update broadcast_recipients r set contact_id = c.id
from broadcasts b, contacts c, broadcast_ledger l
where b.id = $1 and b.attempt = $4 and r.broadcast_id = $1 and r.ordinal >= $2 and r.ordinal < $3 and r.contact_id is null
  and l.broadcast_id = $1 and l.ordinal = r.ordinal and l.fate = 'planned'
  and c.channel_id = b.channel_id and c.social_id = r.address

-- name: open_slices
-- Slices with something left, after slice $2, at most $3.
select slice, (extract(epoch from next_at) * 1000)::double precision as next_ms,
  greatest(0, extract(epoch from next_at - sluice_now()) * 1000)::double precision as wait_ms
from broadcast_slices
where broadcast_id = $1 and not done and slice > $2
order by slice
limit $3

-- name: cancel_planned
-- What was not sent stays unsent, for ordinals [$2, $3). $4 the broadcast attempt.
update broadcast_ledger set fate = 'cancelled', code = null, settled_at = sluice_now(), not_before = null
where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = 'planned'
  and exists (select from broadcasts where id = $1 and attempt = $4 for share)

-- name: close_slices
-- $2 the broadcast attempt.
update broadcast_slices s set done = true, next_at = null
where broadcast_id = $1 and not done and not exists (
  select from broadcast_ledger l
  where l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal and l.fate in ('planned', 'claimed')
)
  and exists (select from broadcasts where id = $1 and attempt = $2 for share)

-- name: reopen_recipients
-- Puts recipients of the fate $5 back to planned, of rejected ones those that may be tried again; for ordinals [$2, $3), $4 the
-- broadcast attempt. Counts that were kept of their slices are void first: the lock holds off who counts or records just now.
with uncounted as (
  update broadcast_slices s set counts = null
  where broadcast_id = $1 and s.from_ordinal < $3 and s.to_ordinal > $2
    and exists (select from broadcasts where id = $1 and attempt = $4 for share)
    and exists (
      select from broadcast_ledger l
      where l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal
        and l.ordinal >= $2 and l.ordinal < $3 and l.fate = $5::recipient_fate and (l.fate <> 'rejected' or l.retryable)
    )
  returning s.slice
)
update broadcast_ledger set fate = 'planned', reopened = reopened + 1, charged = 0, code = null, not_before = null,
  settled_at = null, chunk_id = null
where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = $5::recipient_fate and (fate <> 'rejected' or retryable)
  -- Counted, and not only looked for: so all slices are locked before the first row, as where answers are recorded.
  and (select count(*) from uncounted) > 0

-- name: reopen_slices
-- $2 the broadcast attempt.
update broadcast_slices s set done = false, next_at = null, counts = null
where broadcast_id = $1 and done and exists (
  select from broadcast_ledger l
  where l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal and l.fate = 'planned'
)
  and exists (select from broadcasts where id = $1 and attempt = $2 for share)

-- name: uncounted_slices
-- Slices that are done and whose counts are not kept.
select slice from broadcast_slices where broadcast_id = $1 and done and counts is null order by slice

-- name: count_fates
-- Slices that are done keep their counts; the rows of the others are counted. One statement, so that all is of one instant.
select fate, delivery, code, sum(n)::integer as recipients, sum(unclear)::integer as unclear
from (
  select l.fate::text, l.delivery::text, l.code, count(*) as n, count(*) filter (where l.unclear > 0) as unclear
  from broadcast_slices s
  join broadcast_ledger l on l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal
  where s.broadcast_id = $1 and s.counts is null
  group by l.fate, l.delivery, l.code
  union all
  select c.fate, c.delivery, c.code, c.n, c.unclear
  from broadcast_slices s
  cross join jsonb_to_recordset(s.counts) as c (fate text, delivery text, code text, n bigint, unclear bigint)
  where s.broadcast_id = $1
) counted
group by fate, delivery, code

-- name: in_flight
-- Recipients whose requests are under way now, looked for in slices that are under way. Chunks that wait to be repeated are not.
select count(*)::integer as claimed
from broadcast_slices s
join broadcast_ledger l on l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal
left join broadcast_chunks c on c.id = l.chunk_id
where s.broadcast_id = $1 and s.epoch > 0 and not s.done and l.fate = 'claimed'
  and (c.id is null or c.repeat_at is null or c.repeat_at <= sluice_now())

-- name: unresolved
-- Recipients in chunks nobody knows the end of; of the most frequent code; until when they are asked about, $2 ms from their
-- first attempt.
select count(*)::integer as recipients, mode() within group (order by c.code) as code,
  max(c.first_attempt_at) + $2::double precision * interval '1 ms' as until,
  greatest(0, extract(epoch from min(c.repeat_at) - sluice_now()) * 1000)::double precision as next_ms
from broadcast_chunks c cross join unnest(c.ordinals) as o (ordinal)
where c.broadcast_id = $1 and c.state = 'sealed' and c.unknown

-- name: show_settling
-- Only requests nobody knows the end of are left: then the broadcast is settling, and running again when there is more to do.
-- $2 the broadcast attempt. Gives whether it is settling.
update broadcasts b set
  state = case when only_unknown.it then 'settling' else 'running' end::broadcast_state, updated_at = sluice_now()
from (
  select exists (select from broadcast_chunks c where c.broadcast_id = $1 and c.state = 'sealed' and c.unknown)
    and not exists (
      select from broadcast_slices s
      join broadcast_ledger l on l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal
      left join broadcast_chunks c on c.id = l.chunk_id
      where s.broadcast_id = $1 and not s.done
        and (l.fate = 'planned' or (l.fate = 'claimed' and (c.id is null or not c.unknown)))
    ) as it
) only_unknown
where b.id = $1 and b.attempt = $2 and b.state in ('running', 'settling') and b.control <> 'pause'
returning b.state = 'settling' as settling

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
  and l.settled_at > sluice_now() - $2::double precision * interval '1 s'

