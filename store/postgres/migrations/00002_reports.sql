-- For people who read with SQL: the index of the calls' rows by their starts. A row's key is the call's place, which begins with the seconds since the
-- year 1 (8 bytes), far from filling the first. The views over the rows are in 00006_report_views.sql: a view that has got a column cannot be made
-- without it again.
-- +goose Up
SELECT set_config('lock_timeout', '2s', true);
CREATE INDEX IF NOT EXISTS rows_started_at ON supportline."rows" ((to_timestamp((nullif(get_byte(k, 3) * 4294967296 + get_byte(k, 4) * 16777216::bigint +
  get_byte(k, 5) * 65536 + get_byte(k, 6) * 256 + get_byte(k, 7), 0) - 62135596800)::double precision))) WHERE k < '\x01'::bytea;
