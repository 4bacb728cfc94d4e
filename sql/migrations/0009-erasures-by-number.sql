-- Erasures by number: a version of the lake and a published answer say up to which erasure they are without the erased; and one
-- business time zone a database. Stop all workers before it.

-- The number of an erasure is its id. It is given while the eraser holds the log's lock, shared, so whoever takes the lock alone
-- (fix_erasures) knows that all up to the highest are committed and that later ones are higher.
-- Whom: kept until neither the lake nor a published answer can hold the person, then emptied. NULL also for erasures before this.
alter table tag_erasures add column contact_id bigint;

create function fix_erasures() returns bigint language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7316002);
  return (select coalesce(max(id), 0) from tag_erasures);
end $$;

-- The highest erasure whose person is in no file of it.
alter table lake_versions add column erased_through bigint not null default 0;
alter table lake_files add column erased_through bigint not null default 0;
-- 0: answers from before this are looked through once more.
alter table tag_frequencies add column erased_through bigint not null default 0;

-- The zone that the days of this database lie in is a setting from now on; where there is a lake, it is the lake's.
insert into settings (name, value)
select 'business_time_zone', time_zone from lake_versions order by version desc limit 1
on conflict do nothing;

-- Marks had no number. Where some are left, nobody knows any more whose events are to go: the next refresh writes all of the lake.
update lake_files set removed_in = coalesce(removed_in, (select max(version) + 1 from lake_versions)),
  removed_at = coalesce(removed_at, sluice_now())
where added_in is not null and exists (select from lake_dirty_hours);
delete from lake_versions where exists (select from lake_dirty_hours);
update lake_versions set erased_through = (select coalesce(max(id), 0) from tag_erasures);
update lake_files set base_version = -1 where added_in is null;
drop table lake_dirty_hours;
