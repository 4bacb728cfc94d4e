-- Statements of delivery: claiming, sealing, settling. $1 is always the broadcast's id.

-- name: begin_slice
-- Takes the slice over: whoever held it before may claim no more.
-- $3 the broadcast attempt: a run that was superseded takes nothing.
update broadcast_slices set epoch = epoch + 1
where broadcast_id = $1 and slice = $2 and exists (select from broadcasts where id = $1 and attempt = $3 for share)
returning epoch, from_ordinal, to_ordinal

-- name: abandon_claims
-- Rows that an older try of the slice had claimed one by one: nobody knows what became of them. Rows of chunks are not meant.
-- $4 slice, $5 epoch: a try that was itself superseded would give up rows that its successor has just claimed.
with fence as materialized (
  select from broadcast_slices where broadcast_id = $1 and slice = $4 and epoch = $5 for share
),
lost as (
  update broadcast_ledger set fate = 'uncertain', code = 'worker_lost', retryable = true, settled_at = sluice_now()
  where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = 'claimed' and chunk_id is null
    and exists (select from fence)
  returning ordinal, attempts, claimed_at, slot_at
)
insert into broadcast_attempts
  (broadcast_id, unit, attempt, chunk, settled, claimed_at, slot_at, answered_at, class, code)
select $1, ordinal, attempts, false, true, claimed_at, slot_at, sluice_now(), 'ambiguous', 'worker_lost' from lost

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
  -- The plan looked at what was recorded before its matching began, however long that stood still; an hour for transactions
  -- that took long to commit.
  select exists (
    select from suppressions s, broadcasts b where b.id = $1 and s.recorded_at > b.created_at - interval '1 hour'
  ) as listed
),
picked as materialized (
  select l.ordinal from broadcast_ledger l
  where l.broadcast_id = $1 and l.ordinal >= $4 and l.ordinal < $5 and l.fate = 'planned'
    and (l.not_before is null or l.not_before <= sluice_now())
    and exists (select from fence)
  order by l.ordinal
  limit $6
),
judged as materialized (
  select p.ordinal, r.parameters,
    -- A business-scoped id is only a name for who hides the number: where we know the number, it goes first.
    coalesce(n.number, r.address) as address,
    coalesce(
      send_obstacle(c, r.address, $7, (select listed from fresh), $8, $9),
      -- Whoever is known by that number may have left by that name.
      case when o.id is not null then send_obstacle(o, o.social_id, $7, (select listed from fresh), $8, $9) end
    ) as obstacle
  from picked p
  join broadcast_recipients r on r.broadcast_id = $1 and r.ordinal = p.ordinal
  left join contacts c on c.channel_id = $7 and c.social_id = r.address
  cross join lateral (select case when r.address ~ '^[A-Z]{2}\.' then c.phone end as number) n
  left join contacts o on o.channel_id = $7 and o.social_id = n.number
),
changed as (
  update broadcast_ledger l
  set fate = case when j.obstacle is null then 'claimed' else 'suppressed' end::recipient_fate,
    code = j.obstacle,
    attempts = l.attempts + (j.obstacle is null)::integer,
    claimed_at = sluice_now(),
    settled_at = case when j.obstacle is not null then sluice_now() end
  from judged j
  -- Not locked when picked, which would write every row twice: the fence leaves one claimer, and the fate is looked at again.
  where l.broadcast_id = $1 and l.ordinal = j.ordinal and l.fate = 'planned'
  returning l.ordinal, l.attempts, l.charged, l.unclear, l.claimed_at, j.obstacle, j.address, j.parameters
)
select * from changed order by ordinal

-- name: confirm_claims
-- Which of the rows $4 are still claimed by their attempts $5: a claim that waited long may have been given up by a successor.
select l.ordinal
from unnest($4::integer[], $5::integer[]) as u (ordinal, attempt)
join broadcast_ledger l on l.broadcast_id = $1 and l.ordinal = u.ordinal and l.attempts = u.attempt
where l.fate = 'claimed' and l.chunk_id is null
  and exists (select from broadcast_slices where broadcast_id = $1 and slice = $2 and epoch = $3 for share)

-- name: opt_out
-- The provider says that recipients $2 have stopped messages from this sender: by the address, and by the number that a
-- business-scoped id stands for. Known already, it changes nothing.
update contacts c set subscribed = false, subscribed_since = sluice_now(), subscription_source = 'provider', updated_at = sluice_now()
from broadcasts b, broadcast_recipients r
where b.id = $1 and r.broadcast_id = $1 and r.ordinal = any ($2::integer[])
  and c.channel_id = b.channel_id and c.subscribed and c.social_id in (
    select r.address
    union all
    select k.phone from contacts k where k.channel_id = b.channel_id and k.social_id = r.address and r.address ~ '^[A-Z]{2}\.'
  )

-- name: keep_whatsapp_ids
-- WhatsApp answered the messages to recipients $2 with other accounts $3 than the numbers they went to. Who is not there any more is not
-- made: an erased person has no contact, and no recipient of theirs an address. In the order of the ids, so that two recorders never
-- wait for each other. Known already, it changes nothing. updated_at stays: nothing that a person or a file said has changed.
with found as (
  select c.id, a.whatsapp_id
  from unnest($2::integer[], $3::text[]) as a (ordinal, whatsapp_id)
  join broadcasts b on b.id = $1
  join broadcast_recipients r on r.broadcast_id = $1 and r.ordinal = a.ordinal
  join contacts c on c.channel_id = b.channel_id and c.social_id in (
    select r.address
    union all
    select k.phone from contacts k where k.channel_id = b.channel_id and k.social_id = r.address and r.address ~ '^[A-Z]{2}\.'
  )
  where c.whatsapp_id is distinct from a.whatsapp_id
  order by c.id
  for no key update of c
)
update contacts c set whatsapp_id = f.whatsapp_id from found f where c.id = f.id

-- name: record_singles
-- Answers by row and attempt. The current attempt settles a claimed row, also one that was given up as uncertain meanwhile;
-- an answer to an older attempt is kept and changes nothing. Proof that an uncertain row was not taken makes it rejected; an unclear
-- refusal is none.
-- $16 slice: counts that were kept of it are void. The lock holds off who counts it just now.
with slice as materialized (
  select counts is not null as counted from broadcast_slices where broadcast_id = $1 and slice = $16 for share
),
uncounted as (
  update broadcast_slices s set counts = null from slice where slice.counted and s.broadcast_id = $1 and s.slice = $16
),
answer as materialized (
  select * from unnest($2::integer[], $3::integer[], $4::text[], $5::text[], $6::boolean[], $7::boolean[],
    $8::double precision[], $9::text[], $10::double precision[], $11::double precision[], $12::text[], $13::text[],
    $14::double precision[], $17::boolean[])
    as a (ordinal, attempt, fate, code, retryable, charged, delay_ms, class, slot_ms, answered_ms, request_id, message_id,
      claimed_ms, unclear)
  where exists (select from slice)
),
settled as (
  update broadcast_ledger l
  set fate = case when l.fate = 'uncertain' and a.fate = 'planned' then 'rejected' else a.fate end::recipient_fate,
    code = nullif(a.code, ''),
    retryable = a.retryable,
    charged = l.charged + a.charged::integer,
    unclear = l.unclear + a.unclear::integer,
    not_before = case when a.fate = 'planned' and a.delay_ms > 0
      then sluice_now() + a.delay_ms * interval '1 ms' end,
    slot_at = to_timestamp(a.slot_ms / 1000),
    delivery = case when a.fate = 'accepted' and l.delivery = 'none' then 'sent' else l.delivery end,
    settled_at = case when a.fate = 'planned' then null else sluice_now() end
  from answer a
  where l.broadcast_id = $1 and l.ordinal = a.ordinal and l.attempts = a.attempt
    and (l.fate = 'claimed' or (l.fate = 'uncertain' and a.fate <> 'uncertain' and not a.unclear))
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
    select from suppressions s, broadcasts b where b.id = $1 and s.recorded_at > b.created_at - interval '1 hour'
  ) as listed
),
picked as materialized (
  select l.ordinal, l.attempts, l.charged, l.chunk_limit from broadcast_ledger l
  where l.broadcast_id = $1 and l.ordinal >= $4 and l.ordinal < $5 and l.fate = 'planned'
    and (l.not_before is null or l.not_before <= sluice_now())
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
update broadcast_ledger l set fate = 'suppressed', code = o.obstacle, settled_at = sluice_now()
from unnest($2::integer[], $3::text[]) as o (ordinal, obstacle)
where l.broadcast_id = $1 and l.ordinal = o.ordinal

-- name: seal_chunks
-- $2 slice, $3 endpoint; by chunk: $4 retry key, $5 body, $6 members as an array literal.
with chunk as (
  insert into broadcast_chunks
    (broadcast_id, slice, endpoint, retry_key, body, ordinals, attempts, answered, first_attempt_at)
  select $1, $2, $3, g.retry_key, convert_to(g.body, 'UTF8'), g.members::integer[], 1, false, sluice_now()
  from unnest($4::uuid[], $5::text[], $6::text[]) as g (retry_key, body, members)
  returning id, retry_key, ordinals, first_attempt_at
),
claimed as (
  update broadcast_ledger l
  set fate = 'claimed', chunk_id = c.id, attempts = l.attempts + 1, claimed_at = sluice_now(), code = null
  from chunk c, unnest(c.ordinals) as o (ordinal)
  where l.broadcast_id = $1 and l.ordinal = o.ordinal
)
select id, retry_key from chunk

-- name: take_chunks
-- Sealed chunks of older tries. One that was sent and not answered may have been taken: from now on only 200 or 409 settles it.
-- $4 epoch. `due_ms`: until it is to go out again.
with fence as materialized (
  select from broadcast_slices where broadcast_id = $1 and slice = $2 and epoch = $4 for share
)
update broadcast_chunks set unknown = unknown or not answered, answered = true
where broadcast_id = $1 and slice = $2 and state = 'sealed' and not (id = any ($3::bigint[])) and exists (select from fence)
returning id, retry_key, convert_from(body, 'UTF8') as body, attempts, unknown, cardinality(ordinals) as size,
  (extract(epoch from first_attempt_at) * 1000)::double precision as first_ms,
  greatest(0, extract(epoch from repeat_at - sluice_now()) * 1000)::double precision as due_ms

-- name: repeat_chunk
-- Permits sealed chunks to go out once more, and puts the intent on record. $3 slice, $4 epoch, $5 ms that a retry key counts.
-- A key that LINE may have forgotten is not used again: the chunk is given up, uncertain when any attempt may have been taken.
with fence as materialized (
  select from broadcast_slices where broadcast_id = $1 and slice = $3 and epoch = $4 for share
),
asked as materialized (
  select c.id, c.unknown or not c.answered as unknown, b.give_up,
    c.first_attempt_at > sluice_now() - $5::double precision * interval '1 ms' as young
  from broadcast_chunks c join broadcasts b on b.id = c.broadcast_id
  where c.broadcast_id = $1 and c.id = any ($2::bigint[]) and c.state = 'sealed' and exists (select from fence)
  for update of c
),
again as (
  update broadcast_chunks c set attempts = c.attempts + 1, unknown = a.unknown, answered = false, repeat_at = null
  from asked a where c.id = a.id and a.young and not (a.give_up and a.unknown)
  returning c.id, c.attempts
),
ended as (
  update broadcast_chunks c
  set state = case when a.unknown then 'uncertain' else 'unsealed' end::chunk_state, body = null, resolved_at = sluice_now(),
    code = case when a.young then 'given_up' else 'retry_key_expired' end
  from asked a where c.id = a.id and not (a.young and not (a.give_up and a.unknown))
  returning c.id, c.state, c.ordinals, c.code
),
members as (
  update broadcast_ledger l
  set fate = case when e.state = 'uncertain' then 'uncertain' else 'planned' end::recipient_fate, code = e.code, retryable = true,
    chunk_id = case when e.state = 'uncertain' then l.chunk_id end,
    settled_at = case when e.state = 'uncertain' then sluice_now() end
  from ended e cross join unnest(e.ordinals) as o (ordinal)
  where l.broadcast_id = $1 and l.ordinal = o.ordinal and l.chunk_id = e.id and l.fate = 'claimed'
)
select id, attempts from again

-- name: confirm_chunks
-- Which of the chunks $2 may still go out as their attempts $3: a permission that waited long may be void. $4 slice, $5 epoch,
-- $6 ms that a retry key counts.
select c.id
from unnest($2::bigint[], $3::integer[]) as u (id, attempt)
join broadcast_chunks c on c.id = u.id and c.attempts = u.attempt
where c.broadcast_id = $1 and c.state = 'sealed' and not c.answered
  and c.first_attempt_at > sluice_now() - $6::double precision * interval '1 ms'
  and exists (select from broadcast_slices where broadcast_id = $1 and slice = $4 and epoch = $5 for share)

-- name: give_up_chunks
-- Chunks nobody knows the end of, of slice $2 or of all, become uncertain where a person has given up on them, or where LINE
-- ($3 ms) has forgotten the retry key. Evidence that comes later still settles them.
with lost as (
  update broadcast_chunks c
  set state = 'uncertain', body = null, resolved_at = sluice_now(),
    code = case when b.give_up then 'given_up' else 'retry_key_expired' end
  from broadcasts b
  where b.id = $1 and c.broadcast_id = $1 and ($2::integer is null or c.slice = $2) and c.state = 'sealed' and c.unknown
    and (b.give_up or c.first_attempt_at <= sluice_now() - $3::double precision * interval '1 ms')
  returning c.id, c.ordinals, c.code
)
update broadcast_ledger l set fate = 'uncertain', code = lost.code, retryable = true, settled_at = sluice_now()
from lost cross join unnest(lost.ordinals) as o (ordinal)
where l.broadcast_id = $1 and l.ordinal = o.ordinal and l.chunk_id = lost.id and l.fate = 'claimed'

-- name: record_chunks
-- Answers by chunk and attempt; $4 the chunk's new state (`sealed`: still open), $5 its members' new fate. Acceptance settles
-- whichever attempt it answers; anything else only as the answer to the current one. $19 slice, as in record_singles. What a
-- person has given up on is not kept open.
with slice as materialized (
  select counts is not null as counted from broadcast_slices where broadcast_id = $1 and slice = $19 for share
),
uncounted as (
  update broadcast_slices s set counts = null from slice where slice.counted and s.broadcast_id = $1 and s.slice = $19
),
answer as materialized (
  select a.id, a.attempt,
    case when a.state = 'sealed' and b.give_up then 'uncertain' else a.state end as state,
    case when a.state = 'sealed' and b.give_up then 'uncertain' else a.fate end as fate,
    a.code, a.retryable or (a.state = 'sealed' and b.give_up) as retryable, a.charged, a.delay_ms, a.chunk_limit, a.unknown, a.class,
    a.slot_ms, a.answered_ms, a.request_id, a.message_id, a.claimed_ms
  from unnest($2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::boolean[],
    $9::double precision[], $10::smallint[], $11::boolean[], $12::text[], $13::double precision[], $14::double precision[],
    $15::text[], $16::text[], $17::double precision[])
    as a (id, attempt, state, fate, code, retryable, charged, delay_ms, chunk_limit, unknown, class, slot_ms, answered_ms,
      request_id, message_id, claimed_ms)
  join broadcasts b on b.id = $1
  where exists (select from slice)
),
resolved as (
  update broadcast_chunks c
  set state = a.state::chunk_state,
    answered = c.answered or c.attempts = a.attempt,
    unknown = c.unknown or a.unknown,
    repeat_at = case when a.state = 'sealed' then sluice_now() + a.delay_ms * interval '1 ms' end,
    body = case when a.state = 'sealed' then c.body end,
    resolved_at = case when a.state <> 'sealed' then sluice_now() end,
    request_id = coalesce(a.request_id, c.request_id),
    code = nullif(a.code, '')
  from answer a
  where c.broadcast_id = $1 and c.id = a.id
    and (
      (c.state = 'sealed' and (a.state = 'accepted' or (
        c.attempts = a.attempt
        -- An earlier attempt may have been taken: no refusal of a later one says that it was not.
        and (a.state in ('sealed', 'uncertain') or not c.unknown)
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
      then sluice_now() + a.delay_ms * interval '1 ms' end,
    slot_at = to_timestamp(a.slot_ms / 1000),
    delivery = case when a.fate = 'accepted' and l.delivery = 'none' then 'sent' else l.delivery end,
    settled_at = case when a.fate = 'planned' then null else sluice_now() end
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
-- --on-uncertain resend: what was lost goes out again, as a deliberate decision that is counted as one. $5 slice, $6 epoch.
with fence as materialized (
  select from broadcast_slices where broadcast_id = $1 and slice = $5 and epoch = $6 for share
)
update broadcast_ledger set fate = 'planned', reopened = reopened + 1, charged = charged + 1, settled_at = null
where broadcast_id = $1 and ordinal >= $2 and ordinal < $3 and fate = 'uncertain' and charged < $4 and exists (select from fence)

-- name: finish_slice
-- Whether anything is left in the slice, and when its earliest waiting row or chunk is due. Changes nothing for a superseded try.
update broadcast_slices s
set done = not exists (
    select from broadcast_ledger l
    where l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal and l.fate in ('planned', 'claimed')
  ),
  next_at = least(
    (
      select min(coalesce(l.not_before, sluice_now())) from broadcast_ledger l
      where l.broadcast_id = $1 and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal and l.fate = 'planned'
    ),
    (
      select min(coalesce(c.repeat_at, sluice_now())) from broadcast_chunks c
      where c.broadcast_id = $1 and c.slice = $2 and c.state = 'sealed'
    )
  )
where s.broadcast_id = $1 and s.slice = $2 and s.epoch = $3
returning s.done, (extract(epoch from s.next_at) * 1000)::double precision as next_ms,
  greatest(0, extract(epoch from s.next_at - sluice_now()) * 1000)::double precision as wait_ms

-- name: keep_slice_counts
select keep_slice_counts($1, $2)

-- name: lease_slots
-- $7: only to resolve what was sent already; goes on through a pause. $8 broadcast attempt, $9 ms of lead, $10 ms of budget at most.
select * from lease_slots($2, $3, $4, $5, $1, $8, $6, $7, $9, $10)

-- name: slow_down
-- The provider said "too fast": half the rate for all, recovering within half a minute to a minute; at most once a second, since
-- many answers may say the same. $1 is the channel here.
update rate_limits set
  penalty = greatest(0.05, 0.5 * least(1, penalty + extract(epoch from sluice_now() - greatest(penalty_at, '2000-01-01')) / 60)),
  penalty_at = sluice_now(),
  tat = greatest(tat, sluice_now() + $3::double precision * interval '1 ms')
where channel_id = $1 and endpoint = $2 and penalty_at < sluice_now() - interval '1 s'

-- name: breaker_fault
-- $1 channel, $2 code, $3 opens at once, $4 faults in a row that open it, $5 ms the provider asks to wait or NULL, $6 the probe is
-- among them, $7 faults since the last success among these answers, $8 whether there was such a success: then those before it do
-- not count.
insert into channel_breakers as b (channel_id, open, code, faults, opened_at, probe_at, backoff_ms)
values ($1, $3 or $7::integer >= $4, $2, $7, case when $3 or $7::integer >= $4 then sluice_now() end,
  sluice_now() + coalesce($5::double precision, 1000) * interval '1 ms', greatest(1000, coalesce($5::double precision, 1000))::integer)
on conflict (channel_id) do update set
  faults = case when $8 and not b.open then $7 else b.faults + $7 end,
  code = $2,
  open = b.open or $3 or (case when $8 then $7 else b.faults + $7 end) >= $4,
  opened_at = coalesce(b.opened_at, case when $3 or (case when $8 then $7 else b.faults + $7 end) >= $4 then sluice_now() end),
  -- A fault of a request that was on its way when the breaker opened says nothing new.
  backoff_ms = case when b.open and $6 then least(60000, greatest(b.backoff_ms * 2, coalesce($5::double precision, 0)))
    else greatest(b.backoff_ms, coalesce($5::double precision, 0)) end::integer,
  probe_at = case
    when b.open and not $6 then b.probe_at
    else sluice_now() + greatest(case when b.open then least(60000, b.backoff_ms * 2) else b.backoff_ms end,
      coalesce($5::double precision, 0)) * interval '1 ms' end

-- name: breaker_success
-- $2: when the request that succeeded began, epoch ms of this server; one that began before the trouble proves nothing.
update channel_breakers set open = false, faults = 0, code = null, opened_at = null, backoff_ms = 1000
where channel_id = $1 and (faults > 0 or open) and (not open or opened_at < to_timestamp($2::double precision / 1000))

-- name: stop_broadcast
-- A fault that every other recipient would share. $3: by the attempt that met it only.
update broadcasts set control = 'fail', error = $2, updated_at = sluice_now()
where id = $1 and attempt = $3 and control in ('run', 'pause')

-- name: probe_unused
-- $1 channel. A probe that found nothing to send lets another one through.
update channel_breakers set probe_at = sluice_now() where channel_id = $1 and open
