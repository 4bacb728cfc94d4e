-- Freezing a plan: its digest, its slices, its counts. $1 is always the broadcast id. `offset 0`: see audience.sql.

-- name: digest_blocks
-- One digest for every 5,000 recipients; pipelines/broadcast/plan-digest.ts has the format. $2: some are suppressed.
select encode(sha256(string_agg(
    convert_to(r.address || E'\x1f', 'UTF8')
      || case
        when r.parameters is null then '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'::bytea
        else sha256(convert_to(array_to_string(r.parameters, E'\x1f', E'\x1d'), 'UTF8'))
      end
      || case when $2::boolean then convert_to(E'\x1f' || coalesce((
          select l.code from broadcast_ledger l
          where l.broadcast_id = $1 and l.ordinal = r.ordinal and l.fate = 'suppressed'
        ), '') || E'\x1e', 'UTF8') else '\x1f1e'::bytea end,
    ''::bytea order by r.ordinal
  )), 'hex') as digest
from broadcast_recipients r
where r.broadcast_id = $1
group by r.ordinal / 5000
order by r.ordinal / 5000

-- name: insert_slices
-- Slices of $2 ordinals over $3 recipients.
insert into broadcast_slices (broadcast_id, slice, from_ordinal, to_ordinal)
select $1, n, n * $2::integer, least((n + 1) * $2::integer, $3::integer)
from generate_series(0, ($3::integer + $2::integer - 1) / $2::integer - 1) as n
on conflict do nothing

-- name: count_fates
select fate, code, count(*)::bigint as recipients from broadcast_ledger where broadcast_id = $1 group by fate, code

-- name: count_requests
-- Requests it takes: the planned recipients of each slice of $2, $3 to a request.
select coalesce(sum(ceil(planned / $3::numeric)), 0)::bigint as requests
from (
  select count(*) as planned from broadcast_ledger
  where broadcast_id = $1 and fate = 'planned' group by ordinal / $2::integer
) slice

-- name: others_running
-- Requests that each other running broadcast on channel $2 and endpoint $3 has before it, by its open slices.
select sum(ceil((s.to_ordinal - s.from_ordinal) / b.chunk_size::numeric))::bigint as requests
from broadcasts b
join broadcast_slices s on s.broadcast_id = b.id and not s.done
where b.channel_id = $2 and b.endpoint = $3 and b.state = 'running' and b.id <> $1
group by b.id

-- name: samples
-- The first $2 recipients that would be sent to.
select r.ordinal, r.address, r.parameters
from (
  select ordinal from broadcast_ledger where broadcast_id = $1 and fate = 'planned' order by ordinal limit $2
) l
cross join lateral (
  select * from broadcast_recipients where broadcast_id = $1 and ordinal = l.ordinal offset 0
) r
order by r.ordinal

-- name: analyze_recipients
-- So that whoever sends finds good plans at once; autovacuum would come a minute later.
analyze broadcast_recipients (broadcast_id, ordinal)

-- name: analyze_ledger
analyze broadcast_ledger (broadcast_id, ordinal)
