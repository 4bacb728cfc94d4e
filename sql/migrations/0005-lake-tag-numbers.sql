-- Tags in the lake by number: its event files hold numbers, and files beside them the names.

-- A number is given once and never to another tag, since files are shared by versions. Tags that no file of the newest version has
-- go when the tag files are written anew: above all when somebody was erased.
create table lake_tags (
  number integer generated always as identity primary key,
  tag    text collate "C" not null unique check (tag <> '')
);

alter table lake_files drop constraint lake_files_kind_check;
alter table lake_files add constraint lake_files_kind_check check (kind in ('events', 'contacts', 'tags'));

-- Files so far hold the tags as text. They go after the grace time; the next refresh writes all of the lake.
update lake_files set removed_in = coalesce(removed_in, (select max(version) + 1 from lake_versions)),
  removed_at = coalesce(removed_at, clock_timestamp())
where added_in is not null;
update lake_files set base_version = -1 where added_in is null;
delete from lake_versions;

-- How a file is made: 1 tags as text, 2 by number. A worker of the version before, which knows of no formats, can write none.
alter table lake_files add column format integer not null default 1;
alter table lake_files alter column format drop default;
