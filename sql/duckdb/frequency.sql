-- Tag frequency in DuckDB. {{=name}} is a quoted literal; {{name}} in capitals stands for text that pipelines/frequency puts
-- together from fixed text, numbers and instants alone. The macros are in sql/duckdb/checksum.sql.

-- name: no_events
-- For a lake without files.
create or replace temp view lake_events as
select 0::bigint as contact_id, 0::integer as tag_number, null::timestamptz as occurred_at where false

-- name: settled_events
-- Files in which everything was recorded, and retracted, by the known-at.
select contact_id, tag_number, occurred_at from read_parquet({{=files}}) where retracted_at is null {{PART}}

-- name: later_events
select contact_id, tag_number, occurred_at from read_parquet({{=files}})
where recorded_at <= {{=knownAt}}::timestamptz and (retracted_at is null or retracted_at > {{=knownAt}}::timestamptz) {{PART}}

-- name: people
-- The contacts of one part, of one channel or all.
create or replace temp table people as
select contact_id, channel_id, social_id from read_parquet({{=contacts}})
where contact_id % {{=parts}} = {{=part}} and ({{=channel}} = '' or channel_id = {{=channel}})

-- name: no_people
create or replace temp table people as
select 0::bigint as contact_id, ''::varchar as channel_id, ''::varchar as social_id where false

-- name: tags
create or replace temp view tags as select tag_number, tag from read_parquet({{=tags}})

-- name: no_tags
create or replace temp view tags as select 0::integer as tag_number, ''::varchar as tag where false

-- name: count_pass
-- Every window in one pass. In the order of contacts equal addresses lie together, which makes result files smaller by two fifths.
{{INTO}}
select contact_id, tag_number, {{COUNTS}}
from lake_events
where occurred_at >= {{=from}}::timestamptz and occurred_at < {{=to}}::timestamptz {{CHANNEL}}
group by contact_id, tag_number
order by contact_id

-- name: tag_names
create or replace temp table tag_names as
select tag_number, tag from tags where tag_number in (select distinct tag_number from counted)

-- name: count_tags
select count(*) as tags from tag_names

-- name: tags_by_number
create or replace temp type tag_name as enum (select tag from tag_names);
alter table tag_names alter tag type tag_name

-- name: channels_by_number
create or replace temp type channel_name as enum (select distinct channel_id from people);
alter table people alter channel_id type channel_name

-- name: write_window
-- The lowest level of zstd: the next ones take twice its time for files a fifth smaller. Columns of more than a thousand values, which
-- are addresses and times, get no dictionary: it costs a quarter of the time and, addresses lying together, saves nothing.
copy (
  select p.channel_id, k.contact_id, p.social_id, n.tag, k.t{{TIMES}} as times, k.f{{FIRST}} as first_at, k.l{{LAST}} as last_at
  from counted k left join people p using (contact_id) left join tag_names n using (tag_number)
  where k.t{{TIMES}} > 0
) to {{=path}} (format parquet, compression zstd, compression_level 1, dictionary_size_limit 1000)

-- name: sum_window
select count(*) as rows, coalesce(sum(times), 0)::varchar as times,
  epoch_us(max(last_at)) as newest, count(*) filter (where social_id is null or channel_id is null or tag is null) as nulls,
  checksum_of(row_hash(concat_ws(chr(31), channel_id, social_id, tag, times, epoch_us(first_at), epoch_us(last_at)))) as checksum
from read_parquet({{=path}})

-- name: write_csv
copy (
  -- A tag that a spreadsheet would run gets an apostrophe before it, as pipelines/values/csv-cell.ts has it.
  select channel_id, contact_id, social_id,
    case when regexp_matches(tag, '^''*[=+\-@\t\r]') and not regexp_matches(tag, '^[+-][\d\s.,()-]*$') then '''' || tag else tag end as tag,
    times,
    strftime(make_timestamp(epoch_us(first_at)), '%Y-%m-%dT%H:%M:%S.%fZ') as first_at,
    strftime(make_timestamp(epoch_us(last_at)), '%Y-%m-%dT%H:%M:%S.%fZ') as last_at
  from read_parquet({{=files}}) order by channel_id, social_id, tag
) to {{=path}} (format csv, header true)

-- name: write_json
copy (
  select channel_id, contact_id::varchar as contact_id, social_id, tag, times,
    strftime(make_timestamp(epoch_us(first_at)), '%Y-%m-%dT%H:%M:%S.%fZ') as first_at,
    strftime(make_timestamp(epoch_us(last_at)), '%Y-%m-%dT%H:%M:%S.%fZ') as last_at
  from read_parquet({{=files}}) order by channel_id, social_id, tag
) to {{=path}} (format json, array true)

-- name: write_parquet
copy (select * from read_parquet({{=files}}) order by channel_id, social_id, tag) to {{=path}} (format parquet, compression zstd)

-- name: most_frequent
select channel_id as "channelId", contact_id as "contactId", social_id as "socialId", tag, times,
  epoch_us(first_at) as "firstAt", epoch_us(last_at) as "lastAt"
from read_parquet({{=files}}) order by times desc, channel_id, social_id, tag limit {{=most}}

-- name: rows_in_order
select channel_id as "channelId", contact_id as "contactId", social_id as "socialId", tag, times,
  epoch_us(first_at) as "firstAt", epoch_us(last_at) as "lastAt"
from read_parquet({{=files}}) order by channel_id, social_id, tag

-- name: window_totals
select count(*) as rows, coalesce(sum(times), 0)::varchar as times, count(distinct contact_id) as people, count(distinct tag) as tags
from read_parquet({{=files}})

-- name: top_tags
select tag, count(*) as people, sum(times)::varchar as times from read_parquet({{=files}})
group by tag order by sum(times) desc, tag limit {{=most}}

-- name: times_by_tag
-- Of one span and some tags, from the lake.
select tag, count(*) as times from lake_events join tags using (tag_number)
where occurred_at >= {{=from}}::timestamptz and occurred_at < {{=to}}::timestamptz and list_contains({{=tags}}::varchar[], tag) {{CHANNEL}}
group by tag

-- name: times_by_day
select strftime(timezone({{=zone}}, occurred_at), '%Y-%m-%d') as day, count(*) as times from lake_events
where occurred_at >= {{=from}}::timestamptz and occurred_at < {{=to}}::timestamptz {{CHANNEL}}
group by day order by day

-- name: pairs_by_times
-- Pairs of contact and tag by their number of times, in buckets that double.
select floor(log2(times))::integer as power, count(*) as pairs from read_parquet({{=files}}) group by power order by power

-- name: still_there
create or replace temp table people as select contact_id from read_parquet({{=contacts}})

-- name: nobody_there
create or replace temp table people as select 0::bigint as contact_id where false

-- name: holds_erased
select exists (select 1 from read_parquet({{=files}}) where contact_id in (select contact_id from erased)) as found

-- name: write_kept
copy (
  select * from read_parquet({{=files}}) where contact_id not in (select contact_id from erased) {{PEOPLE}}
) to {{=path}} (format parquet, compression zstd)
