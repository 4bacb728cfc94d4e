-- The checksum of design.md §5 in DuckDB; in Postgres it is checksum_of(sum(row_hash(…))) of migration 0003.

-- name: row_hash
-- The first 64 bits of MD5 of a canonical text, but with the bytes the other way round: that is how DuckDB reads them.
create or replace temp macro row_hash(canonical) as md5_number_upper(canonical)

-- name: checksum_of
-- An aggregate over row hashes: their sum modulo 2^64, with the bytes put right by summing each by its place.
create or replace temp macro checksum_of(h) as coalesce((
  sum(h & 255)::hugeint * 72057594037927936 + sum((h >> 8) & 255)::hugeint * 281474976710656
  + sum((h >> 16) & 255)::hugeint * 1099511627776 + sum((h >> 24) & 255)::hugeint * 4294967296
  + sum((h >> 32) & 255)::hugeint * 16777216 + sum((h >> 40) & 255)::hugeint * 65536
  + sum((h >> 48) & 255)::hugeint * 256 + sum(h >> 56)::hugeint
) % 18446744073709551616, 0)::varchar
