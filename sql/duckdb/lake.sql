-- Statements of the lake in DuckDB. {{=name}} is a quoted literal. Times are instants; where a business day begins is computed
-- outside, since DuckDB and Postgres take the second of two midnights.

-- name: begin_events
-- Events as COPY writes them; then with their tags by number, which must not be null: no event may be lost for want of one.
create or replace temp table loaded (
  contact_id bigint, tag varchar, occurred_at timestamptz, recorded_at timestamptz, retracted_at timestamptz
);
create or replace temp table incoming (
  contact_id bigint, tag_number integer not null, occurred_at timestamptz, recorded_at timestamptz, retracted_at timestamptz
);
create temp table if not exists tag_numbers (tag_number integer, tag varchar)

-- name: load_events
-- Of any number of units.
insert into loaded
select * from read_csv({{=csv}}, header = false, delim = ',', quote = '"', escape = '"', auto_detect = false,
  max_line_size = 1000000, columns = {
    'contact_id': 'BIGINT', 'tag': 'VARCHAR', 'occurred_at': 'TIMESTAMPTZ', 'recorded_at': 'TIMESTAMPTZ',
    'retracted_at': 'TIMESTAMPTZ'
  })

-- name: unnumbered_tags
select distinct tag from loaded where tag not in (select tag from tag_numbers)

-- name: load_tag_numbers
insert into tag_numbers
select * from read_csv({{=csv}}, header = false, delim = ',', quote = '"', escape = '"', auto_detect = false,
  max_line_size = 1000000, columns = {'tag_number': 'INTEGER', 'tag': 'VARCHAR'})

-- name: number_events
insert into incoming
select contact_id, tag_number, occurred_at, recorded_at, retracted_at from loaded left join tag_numbers using (tag);
drop table loaded

-- name: begin_erased
-- Whom nothing that is written may hold.
create or replace temp table erased (contact_id bigint)

-- name: load_erased
insert into erased select * from read_csv({{=csv}}, header = false, auto_detect = false, delim = ',', columns = {'contact_id': 'BIGINT'})

-- name: keep_events
-- What the present files hold, but for the spans that came anew, whose beginnings and ends are two lists, and for the erased.
insert into incoming
select contact_id, tag_number, occurred_at, recorded_at, retracted_at from read_parquet({{=files}}) e
where contact_id not in (select contact_id from erased) and not exists (
  select 1 from (
    select unnest({{=froms}}::varchar[])::timestamptz as span_from, unnest({{=tos}}::varchar[])::timestamptz as span_to
  ) s
  where e.occurred_at >= s.span_from and e.occurred_at < s.span_to
)

-- name: holding_erased
-- Which of the files hold somebody erased. They are sorted by contact: most blocks need not be looked into.
select distinct filename from read_parquet({{=files}}, filename = true) where contact_id in (select contact_id from erased)

-- name: events_without_erased
copy (
  select * from read_parquet({{=files}}) where contact_id not in (select contact_id from erased) order by contact_id, occurred_at
) to {{=path}} (format parquet, compression zstd)

-- name: contacts_without_erased
copy (
  select * from read_parquet({{=files}}) where contact_id not in (select contact_id from erased) order by contact_id
) to {{=path}} (format parquet, compression zstd)

-- name: count_unit
select count(*) as rows from incoming where occurred_at >= {{=from}}::timestamptz and occurred_at < {{=to}}::timestamptz

-- name: write_events
-- One bucket of a unit, sorted by contact.
copy (
  select contact_id, tag_number, occurred_at, recorded_at, retracted_at from incoming
  where occurred_at >= {{=from}}::timestamptz and occurred_at < {{=to}}::timestamptz and contact_id % {{=buckets}} = {{=bucket}}
  order by contact_id, occurred_at
) to {{=path}} (format parquet, compression zstd)

-- name: unknown_contacts
-- Contacts in event files that are not in the contact files.
select distinct contact_id::varchar as key from read_parquet({{=events}})
where contact_id not in (select contact_id from read_parquet({{=present}}))

-- name: all_contacts
select distinct contact_id::varchar as key from read_parquet({{=events}})

-- name: write_contacts
copy (
  select * from read_csv({{=csv}}, header = false, delim = ',', quote = '"', escape = '"', auto_detect = false, columns = {
    'contact_id': 'BIGINT', 'channel_id': 'VARCHAR', 'social_id': 'VARCHAR'
  })
  order by contact_id
) to {{=path}} (format parquet, compression zstd)

-- name: unknown_tags
-- Tags in event files that are not in the tag files, by number.
select distinct tag_number::varchar as key from read_parquet({{=events}})
where tag_number not in (select tag_number from read_parquet({{=present}}))

-- name: all_tags
select distinct tag_number::varchar as key from read_parquet({{=events}})

-- name: write_tags
copy (
  select * from read_csv({{=csv}}, header = false, delim = ',', quote = '"', escape = '"', auto_detect = false,
    max_line_size = 1000000, columns = {'tag_number': 'INTEGER', 'tag': 'VARCHAR'})
  order by tag_number
) to {{=path}} (format parquet, compression zstd)

-- name: numbers_of_tags
select tag_number from read_parquet({{=path}})

-- name: open_tags
create or replace temp view tag_names as select tag_number, tag from read_parquet({{=tags}})

-- name: no_tags
-- Of a lake whose people are all erased, files of events may be left that hold none.
create or replace temp view tag_names as select null::integer as tag_number, null::varchar as tag where false

-- name: unit_checksum
-- As log_checksum in sql/postgres/lake.sql, without those who were erased since; the macros are in sql/duckdb/checksum.sql.
select count(*) as rows, checksum_of(h) as checksum
from (
  select row_hash(concat_ws(chr(31), contact_id, tag, epoch_us(occurred_at), epoch_us(recorded_at),
    coalesce(epoch_us(retracted_at)::varchar, ''))) as h
  from read_parquet({{=files}}) left join tag_names using (tag_number)
  where contact_id not in (select contact_id from erased)
)
