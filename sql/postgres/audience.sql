-- Matching a recipient list and freezing its recipients. $1 is always the broadcast id.
-- {{staging}} is the broadcast's own partition of broadcast_staging; {{key}} the contact column that lines are matched by.
-- `offset 0` keeps a look-up by a whole key a look-up: the rows of a new broadcast, or of a channel just imported, are not in
-- the statistics yet, and as a join the planner may compare each with each (200 s instead of 0.1 s for 50,000 lines).

-- name: copy_lines
copy {{staging}} (line, byte_start, byte_length, reason, key, parameters) from stdin

-- name: has_suppressions
select exists (select from suppressions where channel_id in ('*', $1)) as found

-- name: match_repeats
-- The lines whose outcome needs no look at contacts: invalid ones, and those whose key an earlier line had.
insert into broadcast_lines (broadcast_id, line, outcome, reason, duplicate_of)
select $1::bigint, line, 'invalid'::line_match, reason, null::bigint from {{staging}} where reason is not null
union all
select $1::bigint, s.line, 'duplicate', null, first.line
from (
  select key, min(line) as line from {{staging}} where reason is null group by key having count(*) > 1
) first
join {{staging}} s on s.key = first.key and s.line <> first.line

-- name: hold_erasures
-- Until the end of the transaction nobody is erased: recipients that are not committed yet could not be blanked.
select pg_advisory_xact_lock_shared(7316004)

-- name: chunk_end
-- The last of the next $2 lines after line $1; null: there is none.
-- `settled`: some of them, or of the lines after them, have their outcome already.
select max(line) as line, count(*)::int as lines,
  exists (select from broadcast_lines where broadcast_id = $3 and line > $1 limit 1) as settled
from (select line from {{staging}} where line > $1 order by line limit $2) chunk

-- name: found_by_social_id
-- A fragment of match_chunk: each fresh line with its contact. An address is on one contact at most.
select f.line, f.key, f.parameters, c.id, c.social_id, c.display_name, c.member_id, c.email, c.email_key, c.phone,
  c.subscribed, c.subscribed_since, c.blocked_at,
  case when c.id is null then 0 else 1 end as contacts, 1 as place, null::bigint[] as candidates
from fresh f
left join lateral (select * from contacts where channel_id = $2 and social_id = f.key offset 0) c on true

-- name: found_by_key
-- A fragment of match_chunk: each fresh line with all contacts that have its key, the one last interacted with first.
select f.line, f.key, f.parameters, c.id, c.social_id, c.display_name, c.member_id, c.email, c.email_key, c.phone,
  c.subscribed, c.subscribed_since, c.blocked_at,
  count(c.id) over line as contacts,
  row_number() over (line order by c.last_interaction_at desc nulls last, c.id desc) as place,
  case when count(c.id) over line > 1 then array_agg(c.id) over line end as candidates
from fresh f
left join lateral (select * from contacts where channel_id = $2 and {{key}} = f.key offset 0) c on true
window line as (partition by f.line)

-- name: found_by_phone_text
-- As found_by_key, by the phone as it was given, which no index has: one pass over the contacts (nested loops are off).
select f.line, f.key, f.parameters, c.id, c.social_id, c.display_name, c.member_id, c.email, c.email_key, c.phone,
  c.subscribed, c.subscribed_since, c.blocked_at,
  count(c.id) over line as contacts,
  row_number() over (line order by c.last_interaction_at desc nulls last, c.id desc) as place,
  case when count(c.id) over line > 1 then array_agg(c.id) over line end as candidates
from fresh f
left join contacts c on c.channel_id = $2 and c.phone_raw = f.key
window line as (partition by f.line)

-- name: found_by_whatsapp_phone
-- A fragment of match_chunk: as found_by_key, where the number is the address, or the phone of a contact with another
-- address (a business-scoped id). Two look-ups in indexes; as one condition with OR it could not use a hash either.
select f.line, f.key, f.parameters, c.id, c.social_id, c.display_name, c.member_id, c.email, c.email_key,
  case when c.id is null then f.key else c.phone end as phone,
  c.subscribed, c.subscribed_since, c.blocked_at,
  count(c.id) over line as contacts,
  row_number() over (line order by c.last_interaction_at desc nulls last, c.id desc) as place,
  case when count(c.id) over line > 1 then array_agg(c.id) over line end as candidates
from fresh f
left join lateral (
  select * from contacts where channel_id = $2 and social_id = f.key
  union all
  select * from contacts where channel_id = $2 and phone = f.key and social_id <> f.key
) c on true
window line as (partition by f.line)

-- name: kept_all
-- A fragment of match_chunk: lines with different keys lead to different contacts.
select judged.*, null::bigint as taken from judged

-- name: kept_by_first_line
-- A fragment of match_chunk: two numbers may lead to one contact. The first line keeps it, also one of an earlier chunk; a
-- line that is left with no contact is a duplicate of the line that has its first.
select line, id, contacts, candidates, subscribed_since,
  case when taken is null then outcome else 'duplicate' end as outcome, address, parameters, suppressed, taken
from (
  select *,
    taken is null or (bool_and(taken is not null) over line and row_number() over (line order by id) = 1) as keep
  from (
    select j.*,
      case when j.outcome = 'matched' then nullif(
        least(min(j.line) filter (where j.outcome = 'matched') over (partition by j.id), earlier.line), j.line
      ) end as taken
    from judged j
    left join lateral (
      -- By the index of contacts: `+ 0` keeps the one of broadcasts, of which all rows would be read, out of it.
      select r.line from broadcast_recipients r where r.broadcast_id + 0 = $1 and r.contact_id = j.id limit 1
    ) earlier on true
  ) t
  window line as (partition by line)
) u
where keep

-- name: match_chunk
-- The lines after $3 up to $4, each with its outcome; and their recipients, with ordinals from $5 on in the order of line
-- and contact, each with its fate. One statement, so that all of it is of one instant.
-- $6 ambiguity policy; $7 an unknown key creates a contact; $8 contact fields that fill places (null: the line does), null
-- when none does; $9 check suppressions, $10 and $11 the padded keys. $12 the channel has a quota, $13 and $14 the last
-- contact that has a place in it, $15 places left for contacts that are still to be created. $16 some lines are settled. $17 by
-- place, a pattern that the provider refuses in its value (NULL: none), $18 the code of such a recipient; NULL when no place has one.
-- $found and $kept are fragments above. Keys are looked up in their order, which finds more of the index in the caches:
-- 0.35 s instead of 0.40 s for 50,000 of 1,000,000 contacts, the sort included; parallel workers gained nothing. Reasons not to send are looked for in the order of design.md §6; holdout and
-- frequency cap will come after over_quota.
with fresh as (
  select s.line, s.key, s.parameters
  from {{staging}} s
  where s.reason is null and s.line > $3 and s.line <= $4
    and not (
      $16::boolean and exists (select from broadcast_lines l where l.broadcast_id = $1 and l.line = s.line offset 0)
    )
  order by s.key
),
found as ($found),
judged as (
  select
    line, id, contacts, candidates, subscribed_since,
    case
      when contacts = 0 and $7::boolean then 'created'
      when contacts = 0 then 'unmatched'
      when contacts > 1 and $6 = 'reject' then 'ambiguous'
      else 'matched'
    end::line_match as outcome,
    case when id is null then key else social_id end as address,
    case
      when $8::text[] is null then parameters
      else array(
        select coalesce(
          parameters[at],
          case field
            when 'display_name' then nullif(display_name, '')
            when 'member_id' then nullif(member_id, '')
            when 'email' then nullif(email, '')
            when 'phone' then nullif(phone, '')
          end
        )
        from unnest($8::text[]) with ordinality as p (field, at) order by at
      )
    end as parameters,
    case
      when blocked_at is not null then 'blocked'
      when not subscribed then 'unsubscribed'
      when $9::boolean and exists (
        select from suppressions where address_hash in (
          address_hash($10, $11, $2, coalesce(social_id, key)), address_hash($10, $11, '*', coalesce(social_id, key)),
          address_hash($10, $11, $2, phone), address_hash($10, $11, '*', phone),
          address_hash($10, $11, $2, email_key), address_hash($10, $11, '*', email_key)
        )
      ) then 'suppression_list'
      when id is not null and social_id = '' then 'no_address'
    end as suppressed
  from found
  where place = 1 or $6 = 'all'
),
kept as ($kept),
numbered as (
  select *,
    lag(line) over in_order is distinct from line as leads,
    $5::integer - 1 + (count(*) filter (where outcome in ('matched', 'created')) over in_order)::integer as ordinal,
    (count(*) filter (where outcome = 'created' and suppressed is null) over in_order)::bigint as youngest
  from kept
  window in_order as (order by line, id rows unbounded preceding)
),
frozen as materialized (
  select line, id, outcome, candidates, address, parameters, leads, ordinal, taken,
    outcome in ('matched', 'created') as recipient,
    outcome = 'created' and suppressed is null as newcomer,
    coalesce(
      suppressed,
      case
        when not $12::boolean then null
        when outcome = 'created' then case when youngest > $15::bigint then 'over_quota' end
        when $13::timestamptz is null or (subscribed_since, id) > ($13::timestamptz, $14::bigint) then 'over_quota'
      end
    ) as suppressed,
    case
      when array_position(parameters, null) is not null then 'missing_parameter'
      when $17::text[] is not null then (
        select p.code from unnest(parameters, $17::text[], $18::text[]) as p (value, pattern, code)
        where p.value ~ p.pattern limit 1
      )
    end as rejected
  from numbered
),
lines as (
  insert into broadcast_lines (broadcast_id, line, outcome, reason, ordinal, duplicate_of, candidates)
  select $1, line, outcome, case when outcome = 'ambiguous' then cardinality(candidates) || '_contacts' end,
    case when recipient then ordinal end, taken, candidates
  from frozen where leads
),
recipients as (
  insert into broadcast_recipients (broadcast_id, ordinal, line, contact_id, address, parameters)
  select $1, ordinal, line, id, address, parameters from frozen where recipient
),
ledger as (
  insert into broadcast_ledger (broadcast_id, ordinal, fate, code)
  select $1, ordinal,
    case when suppressed is not null then 'suppressed' when rejected is not null then 'rejected' else 'planned' end::recipient_fate,
    coalesce(suppressed, rejected)
  from frozen where recipient
)
select count(*) filter (where recipient)::int as recipients, count(*) filter (where newcomer)::int as newcomers
from frozen

-- name: point_to_winner
-- A line with the key of an earlier one, which in turn lost its contact to a still earlier one, is a duplicate of that one.
update broadcast_lines l
set duplicate_of = (select w.duplicate_of from broadcast_lines w where w.broadcast_id = $1 and w.line = l.duplicate_of)
where l.broadcast_id = $1 and l.outcome = 'duplicate' and exists (
  select from broadcast_lines w
  where w.broadcast_id = $1 and w.line = l.duplicate_of and w.outcome = 'duplicate' offset 0
)

-- name: quota_edge
-- The last of the $2 oldest subscriptions of channel $1, by seniority; none when there are fewer.
select subscribed_since::text as since, id
from contacts where channel_id = $1 and subscribed
order by subscribed_since, id offset $2 - 1 limit 1

-- name: count_subscribed
select count(*) as contacts from contacts where channel_id = $1 and subscribed

-- name: count_outcomes
-- Lines by outcome, and how many of them had several contacts.
select outcome, count(*)::bigint as lines, count(*) filter (where candidates is not null)::bigint as several
from broadcast_lines where broadcast_id = $1 group by outcome

-- name: lines
-- Every line with its outcome and its place in the spool, after line $2, $3 at a time.
select s.line, s.byte_start, s.byte_length, l.outcome, l.reason, l.duplicate_of
from (select * from {{staging}} where line > $2 order by line limit $3) s
cross join lateral (
  select outcome, reason, duplicate_of from broadcast_lines where broadcast_id = $1 and line = s.line offset 0
) l
order by s.line

-- name: has_business_scoped
select exists (select from broadcast_recipients where broadcast_id = $1 and address ~ '^[A-Z]{2}\.') as found

-- name: suppress_same_number
-- A business-scoped id goes out by its contact's number, where that is known. Of several recipients with one number in the end the
-- first keeps it. $2 channel. Again it finds nothing more.
with reached as (
  select r.ordinal, coalesce(case when r.address ~ '^[A-Z]{2}\.' then c.phone end, r.address) as number
  from broadcast_recipients r
  left join contacts c on c.channel_id = $2 and c.social_id = r.address
  where r.broadcast_id = $1
),
twice as (
  select ordinal from (
    select e.ordinal, row_number() over (partition by e.number order by e.ordinal) as place
    from reached e join broadcast_ledger l on l.broadcast_id = $1 and l.ordinal = e.ordinal and l.fate = 'planned'
  ) t where place > 1
)
update broadcast_ledger l set fate = 'suppressed', code = 'same_number' from twice
where l.broadcast_id = $1 and l.ordinal = twice.ordinal and l.fate = 'planned'

-- name: twice_addressed
select exists (
  select from broadcast_recipients where broadcast_id = $1 group by address having count(*) > 1
) as found
