-- All statements ask one function for the time. In production it is the server's clock, and the planner puts that in its place;
-- databases of tests replace it by one that can be ahead, so that a day can pass at once for everybody.
create function sluice_now() returns timestamptz
language sql volatile parallel safe
as 'select clock_timestamp()';
comment on function sluice_now() is 'the one clock of all statements';

-- A random key needs no clock.
alter table broadcasts alter column key set default substr(replace(gen_random_uuid()::text, '-', ''), 1, 8);

do $$
declare
  found record;
begin
  for found in
    select d.adrelid::regclass as relation, a.attname as attribute
    from pg_attrdef d
    join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
    join pg_class c on c.oid = d.adrelid
    where c.relnamespace = current_schema()::regnamespace and c.relname <> 'schema_migrations'
      and pg_get_expr(d.adbin, d.adrelid) in ('now()', 'clock_timestamp()', 'CURRENT_TIMESTAMP')
  loop
    execute format('alter table %s alter column %I set default sluice_now()', found.relation, found.attribute);
  end loop;
end $$;

-- As in 0003, by that clock.
create or replace function tag_log_enter() returns trigger language plpgsql as $$
declare
  fixed timestamptz;
begin
  perform pg_advisory_xact_lock_shared(7316002);
  select fixed_at into fixed from tag_log_watermark;
  if sluice_now() <= fixed then
    if fixed - sluice_now() > interval '2 s' then
      raise exception 'the clock of the database server went back by %: no tag event can be recorded until it has caught up', fixed - sluice_now()
        using errcode = 'object_not_in_prerequisite_state';
    end if;
    perform pg_sleep(extract(epoch from fixed - sluice_now()) + 0.001);
  end if;
  return null;
end $$;

create or replace function fix_tag_watermark() returns timestamptz language plpgsql as $$
declare
  mark timestamptz;
begin
  perform pg_advisory_xact_lock(7316002);
  -- A microsecond less than now: an event recorded within this very microsecond, after the lock is free, lies above it.
  update tag_log_watermark set fixed_at = greatest(fixed_at, sluice_now() - interval '1 microsecond')
  returning fixed_at into mark;
  return mark;
end $$;
