-- Statements of delivery: claiming, sealing, settling. $1 is always the broadcast's id.

-- name: begin_slice
-- Takes the slice over: whoever held it before may claim no more.
update broadcast_slices set epoch = epoch + 1 where broadcast_id = $1 and slice = $2
returning epoch, from_ordinal, to_ordinal

-- name: abandon_claims
-- Rows that an older try of the slice had claimed one by one: nobody knows what became of them. Rows of chunks are not meant.
with lost as (
  update broadcast_ledger set fate = 'uncertain', code = 'worker_lost', retryable = true, settled_at = clock_timestamp()
  where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = 'claimed' and chunk_id is null
  returning ordinal, attempts, claimed_at, slot_at
)
insert into broadcast_attempts
  (broadcast_id, unit, attempt, chunk, settled, claimed_at, slot_at, answered_at, class, code)
select $1, ordinal, attempts, false, true, claimed_at, slot_at, clock_timestamp(), 'ambiguous', 'worker_lost' from lost

-- name: give_back_unsent
-- Rows claimed in this try of the slice ($4) that were certainly not sent: a claim whose commit was lost on the way.
update broadcast_ledger set fate = 'planned', claimed_at = null
where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = 'claimed' and chunk_id is null
  and not (ordinal = any ($5::integer[]))
  and exists (select from broadcast_slices where broadcast_id = $1 and slice = $6 and epoch = $4 for share)

-- name: claim_singles
-- $2 slice, $3 epoch, $4 first ordinal, $5 end, $6 rows at most, $7 channel, $8 and $9 the padded keys. Rows that may not be
-- sent to any more become suppressed in the same statement. The share lock holds off a take-over until this is committed.
with fence as materialized (
  select from broadcast_slices where broadcast_id = $1 and slice = $2 and epoch = $3 for share
),
fresh as materialized (
  -- A suppression counts from when it was recorded; an hour for transactions that took long to commit.
  select exists (
    select from suppressions s, broadcasts b where b.id = $1 and s.recorded_at > b.planned_at - interval '1 hour'
  ) as listed
),
picked as materialized (
  select l.ordinal from broadcast_ledger l
  where l.broadcast_id = $1 and l.ordinal >= $4 and l.ordinal < $5 and l.fate = 'planned'
    and (l.not_before is null or l.not_before <= clock_timestamp())
    and exists (select from fence)
  order by l.ordinal
  limit $6
),
judged as materialized (
  select p.ordinal, r.address, r.parameters,
    send_obstacle(c, r.address, $7, (select listed from fresh), $8, $9) as obstacle
  from picked p
  join broadcast_recipients r on r.broadcast_id = $1 and r.ordinal = p.ordinal
  left join contacts c on c.channel_id = $7 and c.social_id = r.address
),
changed as (
  update broadcast_ledger l
  set fate = case when j.obstacle is null then 'claimed' else 'suppressed' end::recipient_fate,
    code = j.obstacle,
    attempts = l.attempts + (j.obstacle is null)::integer,
    claimed_at = clock_timestamp(),
    settled_at = case when j.obstacle is not null then clock_timestamp() end
  from judged j
  -- Not locked when picked, which would write every row twice: the fence leaves one claimer, and the fate is looked at again.
  where l.broadcast_id = $1 and l.ordinal = j.ordinal and l.fate = 'planned'
  returning l.ordinal, l.attempts, l.charged, l.claimed_at, j.obstacle, j.address, j.parameters
)
select * from changed order by ordinal

-- name: record_singles
-- Answers by row and attempt. The current attempt settles a claimed row, also one that was given up as uncertain meanwhile;
-- an answer to an older attempt is kept and changes nothing. Proof that an uncertain row was not taken makes it rejected.
with answer as materialized (
  select * from unnest($2::integer[], $3::smallint[], $4::text[], $5::text[], $6::boolean[], $7::boolean[],
    $8::double precision[], $9::text[], $10::double precision[], $11::double precision[], $12::text[], $13::text[],
    $14::double precision[])
    as a (ordinal, attempt, fate, code, retryable, charged, delay_ms, class, slot_ms, answered_ms, request_id, message_id,
      claimed_ms)
),
settled as (
  update broadcast_ledger l
  set fate = case when l.fate = 'uncertain' and a.fate = 'planned' then 'rejected' else a.fate end::recipient_fate,
    code = nullif(a.code, ''),
    retryable = a.retryable,
    charged = l.charged + a.charged::integer,
    not_before = case when a.fate = 'planned' and a.delay_ms > 0
      then clock_timestamp() + a.delay_ms * interval '1 ms' end,
    slot_at = to_timestamp(a.slot_ms / 1000),
    delivery = case when a.fate = 'accepted' and l.delivery = 'none' then 'sent' else l.delivery end,
    settled_at = case when a.fate = 'planned' then null else clock_timestamp() end
  from answer a
  where l.broadcast_id = $1 and l.ordinal = a.ordinal and l.attempts = a.attempt
    and (l.fate = 'claimed' or (l.fate = 'uncertain' and a.fate <> 'uncertain'))
  returning l.ordinal
)
insert into broadcast_attempts (broadcast_id, unit, attempt, chunk, settled, claimed_at, slot_at, answered_at, class, code,
  request_id, message_id)
select $1, a.ordinal, a.attempt, false, s.ordinal is not null, to_timestamp(a.claimed_ms / 1000),
  to_timestamp(a.slot_ms / 1000), to_timestamp(a.answered_ms / 1000), a.class, a.code, a.request_id, a.message_id
from answer a left join settled s using (ordinal)
-- $15: written perhaps already; the connection was lost before the server said so.
where not $15 or not exists (
  select from broadcast_attempts w
  where w.broadcast_id = $1 and w.unit = a.ordinal and w.attempt = a.attempt and not w.chunk
    and w.answered_at = to_timestamp(a.answered_ms / 1000)
)

-- name: pick_members
-- As claim_singles, but only locks: chunks are sealed in the same transaction. $10: end the scan at this many rows.
with fence as materialized (
  select from broadcast_slices where broadcast_id = $1 and slice = $2 and epoch = $3 for share
),
fresh as materialized (
  select exists (
    select from suppressions s, broadcasts b where b.id = $1 and s.recorded_at > b.planned_at - interval '1 hour'
  ) as listed
),
picked as materialized (
  select l.ordinal, l.attempts, l.charged, l.chunk_limit from broadcast_ledger l
  where l.broadcast_id = $1 and l.ordinal >= $4 and l.ordinal < $5 and l.fate = 'planned'
    and (l.not_before is null or l.not_before <= clock_timestamp())
    and exists (select from fence)
  order by l.ordinal
  limit $6
  for update
)
select p.ordinal, p.charged, p.chunk_limit, r.address, r.parameters,
  send_obstacle(c, r.address, $7, (select listed from fresh), $8, $9) as obstacle
from picked p
join broadcast_recipients r on r.broadcast_id = $1 and r.ordinal = p.ordinal
left join contacts c on c.channel_id = $7 and c.social_id = r.address
order by p.ordinal

-- name: suppress_members
update broadcast_ledger l set fate = 'suppressed', code = o.obstacle, settled_at = clock_timestamp()
from unnest($2::integer[], $3::text[]) as o (ordinal, obstacle)
where l.broadcast_id = $1 and l.ordinal = o.ordinal

-- name: seal_chunks
-- $2 slice, $3 endpoint; by chunk: $4 retry key, $5 body, $6 members as an array literal.
with chunk as (
  insert into broadcast_chunks
    (broadcast_id, slice, endpoint, retry_key, body, ordinals, attempts, answered, first_attempt_at)
  select $1, $2, $3, g.retry_key, convert_to(g.body, 'UTF8'), g.members::integer[], 1, false, clock_timestamp()
  from unnest($4::uuid[], $5::text[], $6::text[]) as g (retry_key, body, members)
  returning id, retry_key, ordinals, first_attempt_at
),
claimed as (
  update broadcast_ledger l
  set fate = 'claimed', chunk_id = c.id, attempts = l.attempts + 1, claimed_at = clock_timestamp(), code = null
  from chunk c, unnest(c.ordinals) as o (ordinal)
  where l.broadcast_id = $1 and l.ordinal = o.ordinal
)
select id, retry_key from chunk

-- name: take_chunks
-- Sealed chunks of older tries. One that was sent and not answered may have been taken: from now on only 200 or 409 settles it.
update broadcast_chunks set unknown = unknown or not answered, answered = true
where broadcast_id = $1 and slice = $2 and state = 'sealed' and not (id = any ($3::bigint[]))
returning id, retry_key, convert_from(body, 'UTF8') as body, attempts, unknown, cardinality(ordinals) as size,
  (extract(epoch from first_attempt_at) * 1000)::double precision as first_ms

-- name: repeat_chunk
-- The intent to send a sealed chunk once more.
update broadcast_chunks set attempts = attempts + 1, unknown = unknown or not answered, answered = false
where broadcast_id = $1 and id = any ($2::bigint[]) and state = 'sealed'
returning id, attempts

-- name: record_chunks
-- Answers by chunk and attempt; $4 the chunk's new state (`sealed`: still open), $5 its members' new fate. Acceptance settles
-- whichever attempt it answers; anything else only as the answer to the current one.
with answer as materialized (
  select * from unnest($2::bigint[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::boolean[],
    $9::double precision[], $10::smallint[], $11::boolean[], $12::text[], $13::double precision[], $14::double precision[],
    $15::text[], $16::text[], $17::double precision[])
    as a (id, attempt, state, fate, code, retryable, charged, delay_ms, chunk_limit, unknown, class, slot_ms, answered_ms,
      request_id, message_id, claimed_ms)
),
resolved as (
  update broadcast_chunks c
  set state = a.state::chunk_state,
    answered = c.answered or c.attempts = a.attempt,
    unknown = c.unknown or a.unknown,
    body = case when a.state = 'sealed' then c.body end,
    resolved_at = case when a.state <> 'sealed' then clock_timestamp() end,
    request_id = coalesce(a.request_id, c.request_id),
    code = nullif(a.code, '')
  from answer a
  where c.broadcast_id = $1 and c.id = a.id
    and (
      (c.state = 'sealed' and (a.state = 'accepted' or (
        c.attempts = a.attempt
        -- Another try took the chunk over and does not know what this one sent: only a refusal of its content opens it.
        and (a.state in ('sealed', 'uncertain') or not c.unknown or a.class in ('fail_recipient', 'fail_broadcast'))
      )))
      or (c.state = 'uncertain' and a.state = 'accepted')
    )
  returning c.id, c.ordinals
),
settled as (
  update broadcast_ledger l
  set fate = a.fate::recipient_fate,
    code = nullif(a.code, ''),
    retryable = a.retryable,
    charged = l.charged + a.charged::integer,
    chunk_limit = case when a.fate = 'planned' then coalesce(a.chunk_limit, l.chunk_limit) end,
    chunk_id = case when a.fate = 'planned' then null else l.chunk_id end,
    not_before = case when a.fate = 'planned' and a.delay_ms > 0
      then clock_timestamp() + a.delay_ms * interval '1 ms' end,
    slot_at = to_timestamp(a.slot_ms / 1000),
    delivery = case when a.fate = 'accepted' and l.delivery = 'none' then 'sent' else l.delivery end,
    settled_at = case when a.fate = 'planned' then null else clock_timestamp() end
  from resolved r
  join answer a on a.id = r.id and a.state <> 'sealed'
  cross join unnest(r.ordinals) as o (ordinal)
  where l.broadcast_id = $1 and l.ordinal = o.ordinal and l.chunk_id = r.id and l.fate in ('claimed', 'uncertain')
)
insert into broadcast_attempts (broadcast_id, unit, attempt, chunk, settled, claimed_at, slot_at, answered_at, class, code,
  request_id, message_id)
select $1, a.id, a.attempt, true, r.id is not null, to_timestamp(a.claimed_ms / 1000), to_timestamp(a.slot_ms / 1000),
  to_timestamp(a.answered_ms / 1000), a.class, a.code, a.request_id, a.message_id
from answer a left join resolved r using (id)
where not $18 or not exists (
  select from broadcast_attempts w
  where w.broadcast_id = $1 and w.unit = a.id and w.attempt = a.attempt and w.chunk
    and w.answered_at = to_timestamp(a.answered_ms / 1000)
)

-- name: resend_uncertain
-- --on-uncertain resend: what was lost goes out again, as a deliberate decision that is counted as one.
update broadcast_ledger set fate = 'planned', reopened = reopened + 1, charged = charged + 1, settled_at = null
where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = 'uncertain' and charged < $4

-- name: finish_slice
-- Whether anything is left in the slice, and when its earliest waiting row is due. Changes nothing for a superseded try.
update broadcast_slices s
set done = not exists (
    select from broadcast_ledger l
    where l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal and l.fate in ('planned', 'claimed')
  ),
  next_at = (
    select min(coalesce(l.not_before, clock_timestamp())) from broadcast_ledger l
    where l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal and l.fate = 'planned'
  )
where s.broadcast_id = $1 and s.slice = $2 and s.epoch = $3
returning s.done, (extract(epoch from s.next_at) * 1000)::double precision as next_ms,
  (extract(epoch from clock_timestamp()) * 1000)::double precision as now_ms

-- name: lease_slots
-- $7: only to resolve what was sent already; goes on through a pause.
select * from lease_slots($2, $3, $4, $5, $1, $6, $7)

-- name: slow_down
-- The provider said "too fast": half the rate for all, recovering within half a minute to a minute; at most once a second, since
-- many answers may say the same. $1 is the channel here.
update rate_limits set
  penalty = greatest(0.05, 0.5 * least(1, penalty + extract(epoch from clock_timestamp() - greatest(penalty_at, '2000-01-01')) / 60)),
  penalty_at = clock_timestamp(),
  tat = greatest(tat, clock_timestamp() + $3::double precision * interval '1 ms')
where channel_id = $1 and endpoint = $2 and penalty_at < clock_timestamp() - interval '1 s'

-- name: breaker_fault
-- $1 channel, $2 code, $3 opens at once, $4 faults in a row that open it, $5 ms the provider asks to wait or NULL.
insert into channel_breakers as b (channel_id, open, code, faults, opened_at, probe_at, backoff_ms)
values ($1, $3, $2, 1, case when $3 then clock_timestamp() end,
  clock_timestamp() + coalesce($5::double precision, 1000) * interval '1 ms', greatest(1000, coalesce($5::double precision, 1000))::integer)
on conflict (channel_id) do update set
  faults = b.faults + 1,
  code = $2,
  open = b.open or $3 or b.faults + 1 >= $4,
  opened_at = coalesce(b.opened_at, case when $3 or b.faults + 1 >= $4 then clock_timestamp() end),
  -- A fault of a request that was on its way when the breaker opened says nothing new.
  backoff_ms = case when b.open and $6 then least(60000, greatest(b.backoff_ms * 2, coalesce($5::double precision, 0)))
    else greatest(b.backoff_ms, coalesce($5::double precision, 0)) end::integer,
  probe_at = case
    when b.open and not $6 then b.probe_at
    else clock_timestamp() + greatest(case when b.open then least(60000, b.backoff_ms * 2) else b.backoff_ms end,
      coalesce($5::double precision, 0)) * interval '1 ms' end

-- name: breaker_success
-- $2: when the request that succeeded began, epoch ms of this server; one that began before the trouble proves nothing.
update channel_breakers set open = false, faults = 0, code = null, opened_at = null, backoff_ms = 1000
where channel_id = $1 and (faults > 0 or open) and (not open or opened_at < to_timestamp($2::double precision / 1000))

-- name: stop_broadcast
-- A fault that every other recipient would share.
update broadcasts set control = 'fail', error = $2, updated_at = clock_timestamp() where id = $1 and control in ('run', 'pause')

-- name: probe_unused
-- $1 channel. A probe that found nothing to send lets another one through.
update channel_breakers set probe_at = clock_timestamp() where channel_id = $1 and open
