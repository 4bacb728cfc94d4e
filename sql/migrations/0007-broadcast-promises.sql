-- Broadcasts whose promises hold in takeovers, long outages and other starts. Stop all workers before: the types of attempts change.

-- Attempts are counted without an end in sight: an answer that is retried for days must not run out of numbers.
alter table broadcast_ledger
  alter column attempts type integer,
  -- Refusals that did not say whether the message was taken, after which it was sent once more.
  add column unclear smallint not null default 0;
alter table broadcast_attempts alter column attempt type integer;
alter table broadcast_chunks
  alter column attempts type integer,
  -- When a chunk nobody knows the end of goes out again; null: at once.
  add column repeat_at timestamptz;

alter table broadcasts
  -- Who makes the plan. workflow_id and run_id are of who sends it, and null until then.
  add column plan_workflow_id text,
  add column plan_run_id text,
  -- The very run that took it, where run_id is the first of its chain: another one of that chain is a Reset.
  add column taken_by text,
  -- What the attempt was started for: null for a start, else the scope of the retry.
  add column scope text,
  -- Requests a second at most for this broadcast, below the channel's budget; null: the channel's budget alone.
  add column rate_cap double precision check (rate_cap > 0),
  -- A person has given up on requests nobody knows the end of: they become uncertain instead of being repeated.
  add column give_up boolean not null default false,
  -- The digest as it was reckoned before names of places were part of it; null where they make no difference.
  add column digest_before text,
  -- Until when evidence about uncertain recipients is waited for; set when the waiting begins.
  add column settle_until timestamptz;

update broadcasts set plan_workflow_id = workflow_id, plan_run_id = run_id, workflow_id = null, run_id = null where attempt = 0;
-- Broadcasts from a list ran without ever being taken over. They were sent, so they count as started.
update broadcasts b set attempt = 1, state = case when state in ('planned', 'running', 'paused', 'settling') then 'failed' else state end,
  started_at = coalesce(started_at, planned_at),
  error = case when state in ('planned', 'running', 'paused', 'settling') then 'It ran while Sluice was brought up to date; go on with: sluice broadcast retry ' || id || ' --scope planned.'
    else error end
where attempt = 0 and digest is not null
  and (state <> 'planned' or exists (select from broadcast_attempts a where a.broadcast_id = b.id)
    or exists (select from broadcast_chunks k where k.broadcast_id = b.id));

-- Counts by fate, delivery and code of a slice in which nothing is left to do; null: count its rows.
alter table broadcast_slices add column counts jsonb;

-- Keeps the counts of a slice that is done. Waits for answers that are being recorded; whoever records one later sets them null.
create function keep_slice_counts(broadcast bigint, which integer) returns void language plpgsql as $$
begin
  perform from broadcast_slices s where s.broadcast_id = broadcast and s.slice = which and s.done for update;
  if not found then
    return;
  end if;
  update broadcast_slices s set counts = (
    select coalesce(jsonb_agg(jsonb_build_object('fate', c.fate, 'delivery', c.delivery, 'code', c.code, 'n', c.n, 'unclear', c.unclear)), '[]')
    from (
      select l.fate, l.delivery, l.code, count(*) as n, count(*) filter (where l.unclear > 0) as unclear
      from broadcast_ledger l
      where l.broadcast_id = broadcast and l.ordinal >= s.from_ordinal and l.ordinal < s.to_ordinal
      group by l.fate, l.delivery, l.code
    ) c
  )
  where s.broadcast_id = broadcast and s.slice = which and s.done;
end $$;

-- Recipients that no contact stands behind are found by their address when a person is erased.
create index broadcast_recipients_unbound on broadcast_recipients (address) where contact_id is null and address is not null;

-- Who changed the subscription last; null: it is as the contact's own source said.
alter table contacts add column subscription_source text;
create or replace function import_merged(c contacts, s import_staging, allow_resubscribe boolean, at timestamptz)
returns setof contacts
language sql stable parallel safe
as $$
  select
    c.id,
    c.channel_id,
    c.social_id,
    case when s.display_name is null then c.display_name else nullif(s.display_name, '') end,
    case when s.avatar_url is null then c.avatar_url else nullif(s.avatar_url, '') end,
    case when s.time_zone is null then c.time_zone else nullif(s.time_zone, '') end,
    case when s.member_id is null then c.member_id else nullif(s.member_id, '') end,
    case when s.email is null then c.email else nullif(s.email, '') end,
    case when s.email is null then c.email_key else nullif(s.email_key, '') end,
    case when s.phone is null then c.phone else nullif(s.phone, '') end,
    case when s.phone is null or s.phone = c.phone then c.phone_raw else nullif(s.phone_raw, '') end,
    case when s.subscribed is null or (s.subscribed and not allow_resubscribe) then c.subscribed else s.subscribed end,
    case
      when s.subscribed is null or (s.subscribed and not allow_resubscribe) or s.subscribed = c.subscribed
        then c.subscribed_since
      else coalesce(s.subscribed_since, at)
    end,
    greatest(c.last_interaction_at, s.last_interaction_at),
    case when s.attributes is null then c.attributes else jsonb_strip_nulls(c.attributes || s.attributes) end,
    c.source,
    c.created_at,
    c.updated_at,
    c.blocked_at,
    case
      when s.subscribed is null or (s.subscribed and not allow_resubscribe) or s.subscribed = c.subscribed
        then c.subscription_source
      else 'import'
    end
$$;

-- Workers that deliver on a channel: each says every few seconds that it is there.
create table channel_workers (
  channel_id text collate "C" not null,
  worker     uuid not null,
  seen_at    timestamptz not null default sluice_now(),
  -- Recipients or chunks that one crash of this worker can leave uncertain at most, as it stands now.
  in_flight  integer not null default 0,
  primary key (channel_id, worker)
) with (fillfactor = 50);

-- Part of the rate that was granted last: less than usual where the database is far away. See docs/operating.md.
alter table rate_limits add column share double precision, add column share_at timestamptz;
-- The broadcast's own cap: the theoretical time of its next slot.
alter table rate_shares add column tat timestamptz not null default '-infinity';

drop function lease_slots(text, text, double precision, double precision, bigint, integer, boolean);

-- Grants slots of a budget: the generic cell rate algorithm with burst 0, one row a budget, all workers and broadcasts.
--   share    part of the rate that is granted: the rest is headroom for requests that start a little late
--   wanted   slots asked for; granted are at most most_ms of budget, or one
--   resolving  what was sent before goes out again, also while the broadcast is paused
--   lead_ms  nobody can claim and start sooner than this; a slot before it would be missed. Higher: budget is lost after a lull
-- Times are epoch milliseconds of sluice_now(). granted 0: ask again after wait_ms. first_slot NULL: no limit.
-- A broadcast that is ahead of the one served least waits while the budget is taken anyway, so that shares are equal; it
-- does not wait when slots would go unused. A broadcast with a cap of its own is granted no more than that.
create function lease_slots(
  channel text, budget text, default_rate double precision, share double precision, broadcast bigint, attempt integer,
  wanted integer, resolving boolean, lead_ms double precision, most_ms double precision,
  out control text, out granted integer, out first_slot double precision, out spacing_ms double precision,
  out now_ms double precision, out wait_ms double precision, out probe boolean, out faults integer, out held text
)
language plpgsql as $$
declare
  breaker channel_breakers;
  lim     rate_limits;
  account channels;
  rate    double precision;
  cap     double precision;
  current integer;
  at      timestamptz;
  begins  timestamptz;
  own_tat timestamptz;
  limited boolean;
  mine    double precision;
  least_served double precision;
  -- How far one broadcast may run ahead, seconds of budget. Lower: more refusals and round trips; higher: uneven for longer.
  ahead   constant double precision := 0.2;
  -- Budget taken this far ahead counts as taken anyway; lower, and slots are lost while somebody waits.
  taken   constant interval := '80 ms';
  lead    interval := make_interval(secs => lead_ms / 1000);
  -- Slots further away are not granted: the asker can do something better than hold them.
  horizon constant interval := '10 s';
  -- Between two looks at a channel that a person has disabled. Longer than anybody waits in a worker.
  disabled_ms constant double precision := 15000;
begin
  granted := 0; probe := false; wait_ms := 0; faults := 0;
  select b.control, b.rate_cap, b.attempt into control, cap, current from broadcasts b where b.id = broadcast;
  if current is distinct from lease_slots.attempt then
    control := 'superseded';
  end if;
  if control = 'superseded' or (control <> 'run' and not resolving) then
    now_ms := extract(epoch from sluice_now()) * 1000;
    return;
  end if;
  select * into account from channels c where c.id = channel;
  if not account.enabled then
    held := 'disabled';
    now_ms := extract(epoch from sluice_now()) * 1000;
    wait_ms := disabled_ms;
    return;
  end if;
  select * into breaker from channel_breakers b where b.channel_id = channel;
  if found then
    faults := breaker.faults;
    if breaker.open then
      held := breaker.code;
      update channel_breakers b
        set probe_at = sluice_now() + make_interval(secs => greatest(b.backoff_ms, 15000) / 1000.0)
        where b.channel_id = channel and b.open and b.probe_at <= sluice_now();
      if not found then
        now_ms := extract(epoch from sluice_now()) * 1000;
        -- While a probe is under way its answer may come any moment; what is known to be down is left alone.
        wait_ms := greatest(50, least(extract(epoch from breaker.probe_at) * 1000 - now_ms, 2 * breaker.backoff_ms + 500));
        return;
      end if;
      probe := true;
      wanted := 1;
    end if;
  end if;
  rate := coalesce((account.rates ->> budget)::double precision, (account.rates ->> '*')::double precision, default_rate);
  if rate = 0 and cap is null then
    granted := wanted;
    now_ms := extract(epoch from sluice_now()) * 1000;
    return;
  end if;
  loop
    select * into lim from rate_limits r where r.channel_id = channel and r.endpoint = budget for update;
    exit when found;
    insert into rate_limits (channel_id, endpoint) values (channel, budget) on conflict do nothing;
  end loop;
  at := sluice_now();
  select s.tat into own_tat from rate_shares s
    where s.channel_id = channel and s.endpoint = budget and s.broadcast_id = broadcast;
  own_tat := coalesce(own_tat, '-infinity');
  limited := rate > 0;
  if not limited then
    -- The cap alone: its slots are this broadcast's own.
    rate := cap;
    lim.tat := own_tat;
  else
    rate := share * rate * least(1, lim.penalty + extract(epoch from at - greatest(lim.penalty_at, '2000-01-01')) / 60);
  end if;
  -- Nothing is claimed ahead of the cap: it would be uncertain after a crash.
  if cap is not null and own_tat > at + lead then
    now_ms := extract(epoch from at) * 1000;
    wait_ms := greatest(5, extract(epoch from own_tat - at - lead) * 1000);
    return;
  end if;
  spacing_ms := 1000 / rate;
  begins := greatest(lim.tat, at + lead);
  if begins > at + horizon then
    now_ms := extract(epoch from at) * 1000;
    wait_ms := extract(epoch from begins - at) * 1000;
    return;
  end if;
  select min(s.granted) into least_served from rate_shares s
    where s.channel_id = channel and s.endpoint = budget and s.asked_at > at - interval '1 s' and s.broadcast_id <> broadcast;
  select case when s.asked_at > at - interval '1 s' then s.granted else greatest(s.granted, least_served) end into mine
    from rate_shares s where s.channel_id = channel and s.endpoint = budget and s.broadcast_id = broadcast;
  mine := coalesce(mine, least_served, 0);
  if mine - least_served > greatest(1, ahead * rate) and lim.tat > at + taken then
    now_ms := extract(epoch from at) * 1000;
    wait_ms := greatest(5, extract(epoch from lim.tat - at - taken) * 1000);
    insert into rate_shares as s (channel_id, endpoint, broadcast_id, granted, asked_at) values (channel, budget, broadcast, mine, at)
      on conflict (channel_id, endpoint, broadcast_id) do update set asked_at = at, granted = mine
      where s.asked_at < at - interval '300 ms';
    return;
  end if;
  granted := least(wanted, greatest(1, floor(least(rate, coalesce(cap, rate)) * most_ms / 1000)));
  update rate_limits r
    set tat = case when limited then begins + make_interval(secs => lease_slots.granted / rate) else r.tat end,
      granted = r.granted + lease_slots.granted,
      share = case when r.share_at > at - interval '10 s' then least(r.share, lease_slots.share) else lease_slots.share end,
      share_at = at
    where r.channel_id = channel and r.endpoint = budget;
  own_tat := case when cap is not null
    then (case when limited then greatest(own_tat, at) else begins end) + make_interval(secs => lease_slots.granted / cap)
    else '-infinity' end;
  insert into rate_shares (channel_id, endpoint, broadcast_id, granted, asked_at, tat)
    values (channel, budget, broadcast, mine + lease_slots.granted, at, own_tat)
    on conflict (channel_id, endpoint, broadcast_id) do update set asked_at = at, granted = excluded.granted, tat = excluded.tat;
  first_slot := extract(epoch from begins) * 1000;
  now_ms := extract(epoch from sluice_now()) * 1000;
end $$;
