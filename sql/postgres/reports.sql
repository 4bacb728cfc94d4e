-- Statements of reports. $1 is the broadcast's id.

-- name: recipient_rows
-- What became of recipients [$2, …), at most $3, with the last request that was about them.
select l.ordinal, r.line::integer as line, r.contact_id, r.address, l.fate, l.code, l.delivery, l.delivery_code,
  l.attempts, l.settled_at, last.request_id, last.message_id
from broadcast_ledger l
join broadcast_recipients r on r.broadcast_id = l.broadcast_id and r.ordinal = l.ordinal
left join lateral (
  select a.request_id, a.message_id from broadcast_attempts a
  where a.broadcast_id = $1 and a.unit = coalesce(l.chunk_id, l.ordinal) and a.chunk = (l.chunk_id is not null) and a.settled
  order by a.answered_at desc limit 1
) last on true
where l.broadcast_id = $1 and l.ordinal >= $2
order by l.ordinal
limit $3

-- name: line_rows
-- What became of the lines of the recipient list, from line $2 on, at most $3.
select line::integer as line, outcome, reason, ordinal, duplicate_of::integer as duplicate_of
from broadcast_lines where broadcast_id = $1 and line >= $2 order by line limit $3

-- name: attempts_of
-- Every request that was about one recipient, alone or in a chunk, in order.
select a.chunk, a.unit, a.attempt, a.class, a.code, a.settled, a.claimed_at, a.slot_at, a.answered_at, a.request_id,
  a.message_id, c.retry_key, cardinality(c.ordinals) as members
from broadcast_attempts a
left join broadcast_chunks c on a.chunk and c.id = a.unit
where a.broadcast_id = $1
  and case when a.chunk
    then a.unit in (
      select k.id from broadcast_chunks k join broadcast_slices s on s.broadcast_id = $1 and s.slice = k.slice
      where k.broadcast_id = $1 and s.from_ordinal <= $2::integer and s.to_ordinal > $2::integer
        and k.ordinals @> array[$2::integer]
    )
    else a.unit = $2::integer
  end
order by a.answered_at, a.attempt

-- name: recipient
select r.ordinal, r.line::integer as line, r.contact_id, r.address, l.fate, l.code, l.delivery, l.delivery_code, l.attempts,
  l.reopened, l.not_before, l.settled_at, l.unclear,
  -- The places of the message for which there is no value.
  array(
    select n.name from unnest(b.parameter_names) with ordinality as n (name, at) where r.parameters[n.at] is null order by n.at
  ) as missing, b.id as broadcast_id, b.channel_id, b.state, b.digest, b.file_name, b.source_path,
  b.planned_at, b.started_at
from broadcast_recipients r
join broadcast_ledger l using (broadcast_id, ordinal)
join broadcasts b on b.id = r.broadcast_id
where r.broadcast_id = $1 and r.ordinal = $2

-- name: broadcasts_of_contact
-- $1 the contact's id: its newest recipients, at most $2.
select r.broadcast_id, r.ordinal
from broadcast_recipients r join broadcasts b on b.id = r.broadcast_id
where r.contact_id = $1 and b.digest is not null
order by r.broadcast_id desc limit $2

-- name: broadcasts_of_file
-- $1 the end of the file's path, $2 the line: the newest plans that read it.
select b.id as broadcast_id, l.line::integer as line, l.outcome, l.reason, l.ordinal, l.duplicate_of::integer as duplicate_of,
  b.file_name, b.channel_id, b.state
from broadcasts b join broadcast_lines l on l.broadcast_id = b.id and l.line = $2
where b.digest is not null and (b.source_path = $1 or b.file_name = $1)
order by b.id desc limit 5

-- name: imports_of_file
select i.id as import_id, l.line::integer as line, l.outcome, l.reason, l.contact_id, l.duplicate_of::integer as duplicate_of,
  i.file_name, i.channel_id, i.state
from imports i join import_lines l on l.import_id = i.id and l.line = $2
where i.source_path = $1 or i.file_name = $1
order by i.id desc limit 5

-- name: imports_of_contact
select i.id as import_id, l.line::integer as line, l.outcome, i.file_name, i.state, i.finished_at
from import_lines l join imports i on i.id = l.import_id
where l.contact_id = $1
order by i.id desc limit 5
