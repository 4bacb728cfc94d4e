-- Statements of those who write the tag log. Whoever changes tags of contacts locks the contacts first, in the order of their
-- ids, and only then writes to the log: all writers, the contact import too, then wait for each other in one order.
-- {{staging}} is the import's own partition of tag_staging; {{key}} the contact column that lines are matched by.

-- name: copy_lines
copy {{staging}} (line, byte_start, byte_length, reason, key, kind, tag, occurred_at, source, message_id) from stdin

-- name: resolve
-- One part ($2 of $3, by hash of the identifier) of the lines of import $1. `nth` counts equal lines in file order: a repeat
-- is an event of its own, but where a message id says that it is the same one.
insert into import_lines (import_id, line, outcome, reason, contact_id, candidates, nth)
with found as (
  select k.key, array_agg(c.id order by c.id) filter (where c.id is not null) as ids
  from (
    select distinct key from {{staging}}
    where reason is null and mod(hashtext(key)::bigint + 2147483648, $3::bigint) = $2::bigint
  ) k
  join imports i on i.id = $1
  left join contacts c on c.channel_id = i.channel_id and c.{{key}} = k.key
  group by k.key
),
judged as (
  select s.line, s.message_id, f.ids, coalesce(cardinality(f.ids), 0) as contacts,
    row_number() over (
      partition by s.key, s.kind, s.tag, s.message_id, case when s.message_id is null then s.occurred_at end,
        case when s.message_id is null then s.source end
      order by s.line
    ) as nth
  from {{staging}} s join found f on f.key = s.key
  where s.reason is null
)
select
  $1::bigint,
  line,
  case
    when contacts = 0 then 'unmatched'
    when contacts > 1 then 'ambiguous'
    when message_id is not null and nth > 1 then 'known'
    else 'added'
  end::import_outcome,
  case when contacts > 1 then contacts || '_contacts' end,
  case when contacts = 1 then ids[1] end,
  case when contacts > 1 then ids end,
  case when contacts = 1 then nullif(nth, 1) end
from judged

-- name: resolve_invalid
insert into import_lines (import_id, line, outcome, reason)
select $1::bigint, line, 'invalid', reason from {{staging}} where reason is not null

-- name: mark_known
-- For a dry run, which is to say what an import would find: lines whose event stands in the log become known. $2: see
-- tag_event_key_again. Gives how many lines have an event of that key that was retracted: they are to be asked about again.
with found as materialized (
  select l.line, exists (
    select from tag_events r where r.retracts = e.id and r.kind = 'retracted' and r.occurred_at = e.occurred_at
  ) as retracted
  from import_lines l
  join {{staging}} s on s.line = l.line
  join imports i on i.id = l.import_id
  cross join lateral (
    select tag_event_key_again(i.channel_id, l.contact_id, s.kind, s.tag, s.occurred_at, s.source, s.message_id,
      coalesce(l.nth, 1), $2::integer) as event_key
  ) k
  cross join lateral (
    select e.id, e.occurred_at from tag_events e
    where s.message_id is null and e.event_key = k.event_key and e.occurred_at = s.occurred_at
    union all
    select e.id, e.occurred_at from tag_message_keys m join tag_events e on e.event_key = m.event_key
    where s.message_id is not null and m.event_key = k.event_key
  ) e
  where l.import_id = $1 and l.outcome = 'added'
),
marked as (
  update import_lines l set outcome = 'known' from found f
  where l.import_id = $1 and l.line = f.line and not f.retracted
)
select count(*) filter (where retracted)::integer as retracted from found

-- name: any_retraction
select exists (select from tag_events where kind = 'retracted') as found

-- name: staged_months
select distinct date_trunc('month', occurred_at, 'UTC') as month from {{staging}} where reason is null order by 1

-- name: slice_lock
-- Locks the contacts of the lines from $2 to $3, in the order of their ids.
select count(*)::integer as contacts
from (
  select c.id from contacts c
  where c.id in (select contact_id from import_lines where import_id = $1 and line between $2 and $3 and outcome = 'added')
  order by c.id for no key update
) locked

-- name: slice_gone
update import_lines l set outcome = 'unmatched', reason = 'contact_deleted', contact_id = null, nth = null
where l.import_id = $1 and l.line between $2 and $3 and l.outcome = 'added'
  and not exists (select from contacts c where c.id = l.contact_id)

-- name: slice_apply
-- Writes the events of a slice and keeps the tags of the contacts. What the log has already becomes `known`.
-- $4 channel. $5: 0, and 1, 2 … for lines that became known by an event that was retracted since: they are written again.
with due as materialized (
  select s.line, l.contact_id, s.kind, s.tag, s.occurred_at, s.source, s.message_id,
    tag_event_key_again($4, l.contact_id, s.kind, s.tag, s.occurred_at, s.source, s.message_id, coalesce(l.nth, 1),
      $5::integer) as event_key
  from import_lines l
  join {{staging}} s on s.line = l.line
  where l.import_id = $1 and l.line between $2 and $3 and s.line between $2 and $3
    and case when $5::integer = 0 then l.outcome = 'added'
      else l.outcome = 'known' and (l.nth is null or s.message_id is null) and exists (
        select from tag_events e
        join tag_events r on r.retracts = e.id and r.kind = 'retracted' and r.occurred_at = e.occurred_at
        where e.event_key = tag_event_key_again($4, l.contact_id, s.kind, s.tag, s.occurred_at, s.source, s.message_id,
            coalesce(l.nth, 1), $5::integer - 1)
          and (s.message_id is not null or e.occurred_at = s.occurred_at)
      )
    end
),
message as (
  insert into tag_message_keys (event_key)
  select distinct event_key from due where message_id is not null
  on conflict do nothing
  returning event_key
),
put as (
  insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, message_id, event_key, import_id)
  select $4, contact_id, kind, tag, occurred_at, source, message_id, event_key, $1
  from due
  where message_id is null or event_key in (select event_key from message)
  order by occurred_at, line
  on conflict (event_key, occurred_at) do nothing
  returning event_key, contact_id, kind, tag, occurred_at
),
pair as (
  select contact_id, tag, max(occurred_at) filter (where kind = 'applied') as on_at,
    max(occurred_at) filter (where kind = 'removed') as off_at
  from put group by contact_id, tag
),
off as (
  insert into contact_tag_removals as r (contact_id, tag, off_at)
  select contact_id, tag, off_at from pair where off_at is not null order by contact_id, tag
  on conflict (contact_id, tag) do update set off_at = greatest(r.off_at, excluded.off_at)
  returning contact_id, tag, off_at
),
-- The statement sees removals as they were before it: what `off` wrote counts as `pair.off_at`.
now as (
  select p.contact_id, p.tag, p.on_at, greatest(p.off_at, r.off_at) as off_at
  from pair p left join contact_tag_removals r on r.contact_id = p.contact_id and r.tag = p.tag
),
taken_off as (
  delete from contact_tags t using now n
  where t.contact_id = n.contact_id and t.tag = n.tag and t.applied_at <= n.off_at
    and (n.on_at is null or n.on_at <= n.off_at)
),
put_on as (
  insert into contact_tags as t (contact_id, tag, applied_at, expires_at)
  select n.contact_id, n.tag, n.on_at, case when d.valid_days is not null then tag_due($4, n.tag, n.on_at) end
  from now n
  left join tag_definitions d on d.channel_id = $4 and d.tag = n.tag
  where n.on_at is not null and (n.off_at is null or n.on_at > n.off_at)
  order by n.contact_id, n.tag
  on conflict (contact_id, tag) do update set applied_at = excluded.applied_at, expires_at = excluded.expires_at
  where t.applied_at < excluded.applied_at
),
told as (
  update import_lines l
  set outcome = case when put.event_key is null then 'known' else 'added' end::import_outcome
  from due left join put on put.event_key = due.event_key
  where l.import_id = $1 and l.line = due.line
    and l.outcome <> case when put.event_key is null then 'known' else 'added' end::import_outcome
)
select (select count(*) from due)::integer as due, (select count(*) from put)::integer as put

-- name: record_slice
-- $4: lines that were to be added. Those that were known already count as changed.
insert into import_slices (import_id, line_from, line_to, created, updated)
select $1, $2, $3, count(*), greatest($4::bigint - count(*), 0)
from import_lines where import_id = $1 and line between $2 and $3 and outcome = 'added'

-- name: slice_count
select count(*)::integer as lines from import_lines
where import_id = $1 and line between $2 and $3 and outcome = 'added'

-- name: rejects
-- Lines for the rejects file, in line order after line $2, $3 at a time, with their place in the spool.
select l.line, l.outcome, l.reason, l.candidates, s.byte_start, s.byte_length
from import_lines l
join {{staging}} s on s.line = l.line
where l.import_id = $1 and l.line > $2 and l.outcome in ('invalid', 'ambiguous', 'unmatched')
order by l.line
limit $3

-- name: lock_contacts
select id from contacts where id = any ($1::bigint[]) order by id for no key update

-- name: put_event
-- One event: $1 contact, $2 kind, $3 tag, $4 time (null: now), $5 source, $6 message id, $7: see tag_event_key_again.
with due as (
  select c.channel_id, c.id as contact_id, at.occurred_at, tag_event_key_again(c.channel_id, c.id, $2, $3, at.occurred_at, $5,
    $6, 1, $7::integer) as event_key
  from contacts c, (select coalesce($4::timestamptz, sluice_now()) as occurred_at) at
  where c.id = $1
),
message as (
  insert into tag_message_keys (event_key) select event_key from due where $6::text is not null
  on conflict do nothing returning event_key
)
insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, message_id, event_key)
select channel_id, contact_id, $2, $3, occurred_at, $5, $6, event_key
from due where $6::text is null or event_key in (select event_key from message)
on conflict (event_key, occurred_at) do nothing
returning id, occurred_at

-- name: standing_event
-- The event of that key, and whether it was retracted. Parameters as in put_event.
select e.id, e.occurred_at, exists (
  select from tag_events r where r.retracts = e.id and r.kind = 'retracted' and r.occurred_at = e.occurred_at
) as retracted
from contacts c
join tag_events e on e.event_key = tag_event_key_again(c.channel_id, c.id, $2, $3, $4, $5, $6, 1, $7::integer)
where c.id = $1

-- name: settle_pairs
-- Sets tags to what the log says of them: $1 contacts and $2 tags, in pairs. The contacts must be locked.
with said as (
  select p.contact_id, p.tag, c.channel_id,
    max(e.occurred_at) filter (where e.kind = 'applied') as on_at,
    max(e.occurred_at) filter (where e.kind in ('removed', 'expired')) as off_at
  from (select distinct contact_id, tag from unnest($1::bigint[], $2::text[]) as u (contact_id, tag)) p
  join contacts c on c.id = p.contact_id
  left join tag_events e on e.contact_id = p.contact_id and e.tag = p.tag and e.kind <> 'retracted' and not exists (
    select from tag_events r where r.retracts = e.id and r.kind = 'retracted' and r.occurred_at = e.occurred_at
  )
  group by p.contact_id, p.tag, c.channel_id
),
off as (
  insert into contact_tag_removals (contact_id, tag, off_at)
  select contact_id, tag, off_at from said where off_at is not null order by contact_id, tag
  on conflict (contact_id, tag) do update set off_at = excluded.off_at
),
never_off as (
  delete from contact_tag_removals r using said s
  where r.contact_id = s.contact_id and r.tag = s.tag and s.off_at is null
),
taken_off as (
  delete from contact_tags t using said s
  where t.contact_id = s.contact_id and t.tag = s.tag and (s.on_at is null or s.on_at <= s.off_at)
)
insert into contact_tags (contact_id, tag, applied_at, expires_at)
select contact_id, tag, on_at, tag_due(channel_id, tag, on_at) from said
where on_at is not null and (off_at is null or on_at > off_at)
order by contact_id, tag
on conflict (contact_id, tag) do update set applied_at = excluded.applied_at, expires_at = excluded.expires_at

-- name: retract_events
-- Retracts the events $1. Doing it again does nothing. Gives the pairs of contact and tag.
insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key, retracts)
select e.channel_id, e.contact_id, 'retracted', e.tag, e.occurred_at, 'retraction',
  tag_event_key(e.channel_id, e.contact_id, 'retracted', e.tag, e.occurred_at, 'retraction', 'retracts ' || e.id, 1), e.id
from tag_events e
where e.kind <> 'retracted' and e.id = any ($1::bigint[])
order by e.occurred_at, e.id
on conflict (event_key, occurred_at) do nothing
returning contact_id, tag

-- name: contacts_of_events
-- Of the events $1: their contacts, and how many of them there are at all.
select coalesce(array_agg(distinct contact_id), '{}') as contacts, count(*)::integer as events
from tag_events where id = any ($1::bigint[]) and kind <> 'retracted'

-- name: import_pages
-- Contacts with events of import $1, in ranges of ids that hold about $2 events each: what one transaction retracts. Ranges, not
-- lists, so that memory does not grow with the import.
select min(contact_id) as first, max(contact_id) as last
from (
  select contact_id, div(sum(events) over (order by contact_id) - 1, $2) as page
  from (
    select contact_id, count(*) as events from tag_events where import_id = $1 and kind <> 'retracted' group by contact_id
  ) counted
) paged
group by page
order by page

-- name: page_contacts
select distinct contact_id as id from tag_events
where contact_id between $2 and $3 and import_id = $1 and kind <> 'retracted'

-- name: retract_import
-- As retract_events, for import $1 on the contacts $2: found by the contact, since an import may be most of the log.
insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key, retracts)
select e.channel_id, e.contact_id, 'retracted', e.tag, e.occurred_at, 'retraction',
  tag_event_key(e.channel_id, e.contact_id, 'retracted', e.tag, e.occurred_at, 'retraction', 'retracts ' || e.id, 1), e.id
from tag_events e
where e.kind <> 'retracted' and e.contact_id = any ($2::bigint[]) and e.import_id = $1
order by e.occurred_at, e.id
on conflict (event_key, occurred_at) do nothing
returning contact_id, tag

-- name: due_months
select distinct date_trunc('month', expires_at, 'UTC') as month from contact_tags where expires_at <= $1 order by 1

-- name: due_contacts
-- Contacts with tags that ran out up to $1, locked; those that somebody else works on are left for the next time.
select c.id
from contact_tags t join contacts c on c.id = t.contact_id
where t.expires_at <= $1
order by t.expires_at
limit $2
for no key update of c skip locked

-- name: expire_tags
-- Takes off what ran out up to $1 on the contacts $2, at the instant when it ran out. An expiry that was retracted put the tag
-- on again, and now it runs out anew: `nth` counts the expiries at that instant, or the event would be known and not written.
with gone as (
  delete from contact_tags t using contacts c
  where t.contact_id = any ($2::bigint[]) and t.expires_at <= $1 and c.id = t.contact_id
  returning c.channel_id, t.contact_id, t.tag, t.expires_at
),
off as (
  insert into contact_tag_removals as r (contact_id, tag, off_at)
  select contact_id, tag, expires_at from gone order by contact_id, tag
  on conflict (contact_id, tag) do update set off_at = greatest(r.off_at, excluded.off_at)
),
put as (
  insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key)
  select channel_id, contact_id, 'expired', tag, expires_at, 'validity',
    tag_event_key(channel_id, contact_id, 'expired', tag, expires_at, 'validity', null, 1 + (
      select count(*) from tag_events e
      where e.contact_id = gone.contact_id and e.occurred_at = gone.expires_at and e.tag = gone.tag and e.kind = 'expired'
    ))
  from gone order by expires_at, contact_id, tag
)
select count(*)::integer as expired from gone

-- name: define_validity
insert into tag_definitions (channel_id, tag, valid_days, time_zone, updated_at)
select id, $2, $3::integer, time_zone, sluice_now() from channels where id = $1
on conflict (channel_id, tag) do update
set valid_days = excluded.valid_days, time_zone = excluded.time_zone, updated_at = excluded.updated_at

-- name: join_writers
-- For who changes the log without inserting into it, which would do the same: a watermark waits for the end of the transaction.
select pg_advisory_xact_lock_shared(7316002)

-- name: wait_for_writers
-- Returns when every transaction that had begun to write to the log has ended.
select pg_advisory_xact_lock(7316002)

-- name: tagged_contacts
-- The next $4 contacts of channel $1 after contact $3 that have tag $2.
select c.id from contact_tags t join contacts c on c.id = t.contact_id
where t.tag = $2 and t.contact_id > $3 and c.channel_id = $1
order by t.contact_id limit $4

-- name: set_expiry
update contact_tags t set expires_at = tag_due($1, $2, t.applied_at)
where t.tag = $2 and t.contact_id = any ($3::bigint[])

-- name: tags_of_contact
select tag, applied_at, expires_at from contact_tags where contact_id = $1 order by tag

-- name: events_of_contact
-- The newest $2 events of contact $1, and whether each was retracted.
select e.id, e.kind, e.tag, e.occurred_at, e.recorded_at, e.source, e.message_id, e.import_id, e.retracts, exists (
  select from tag_events r where r.retracts = e.id and r.kind = 'retracted' and r.occurred_at = e.occurred_at
) as retracted
from tag_events e
where e.contact_id = $1
order by e.occurred_at desc, e.id desc
limit $2

-- name: list_tags
-- Tags that are on contacts, or have a validity; of channel $1, or of all.
select coalesce(n.channel_id, d.channel_id) as channel_id, coalesce(n.tag, d.tag) as tag, coalesce(n.contacts, 0) as contacts,
  d.valid_days
from (
  select c.channel_id, t.tag, count(*) as contacts
  from contact_tags t join contacts c on c.id = t.contact_id
  where $1::text is null or c.channel_id = $1
  group by c.channel_id, t.tag
) n
full join (select * from tag_definitions where $1::text is null or channel_id = $1) d
  on d.channel_id = n.channel_id and d.tag = n.tag
order by 1, 3 desc, 2

-- name: wait_for_plans
-- Returns when every list that is being matched has frozen what it has read of contacts; what is matched later finds none.
select pg_advisory_xact_lock(7316004)

-- name: erase_tags
-- Notes that answers about contact $1 can no longer be had again, and whom the lake and published answers have to leave out. After
-- join_writers, so that the erasure's number is given under the log's lock.
with events as (
  select channel_id, contact_id, occurred_at, event_key, message_id, kind from tag_events where contact_id = $1
),
noted as (
  insert into tag_erasures (contact_id, channel_id, first_at, last_at, events)
  select contact_id, channel_id, min(occurred_at), max(occurred_at), count(*)
  from events where kind = 'applied' group by contact_id, channel_id
)
delete from tag_message_keys where event_key in (select event_key from events where message_id is not null)

-- name: erase_events
delete from tag_events where contact_id = $1

-- name: erase_state
-- $2 the contact's addresses on its channel $3: a plan that found no contact for them has recipients that are bound to none, or are
-- being bound just now.
with tags as (delete from contact_tags where contact_id = $1),
removals as (delete from contact_tag_removals where contact_id = $1),
images as (delete from import_before_images where contact_id = $1)
update broadcast_recipients r set address = null, parameters = null
where r.contact_id = $1 or (
  r.contact_id is null and r.address = any ($2::text[])
  and exists (select from broadcasts b where b.id = r.broadcast_id and b.channel_id = $3)
)

-- name: erase_contact
delete from contacts where id = $1
