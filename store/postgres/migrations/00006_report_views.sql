-- For people who read with SQL: two views of the calls, with the names of the exports. docs/sql.md has the columns, and the rights to give.
--
-- A call has a row of JSON under its place. What no row can know by itself is added here: over_long depends on the limit in force, which is an entry of
-- its own ("limits"), counted on the earlier calls about the same ticket, or call-backs of the same call, which have an entry each under what they are about ("matter"), and
-- specialist_name on the configuration's names, which are an entry too ("people"): who left it has the name of then. Nothing is read from the JSON when a row is written, so that no call
-- ever fails for its report. Columns are added at the end.
-- +goose Up
SELECT set_config('lock_timeout', '2s', true);
CREATE OR REPLACE VIEW supportline.report_rows AS
SELECT c.sid, c.line, c."from", c.from_masked, c.customer, c.account, c.intent, c.ticket, c.outcome,
  to_timestamp((nullif(get_byte(r.k, 3) * 4294967296 + get_byte(r.k, 4) * 16777216::bigint +
  get_byte(r.k, 5) * 65536 + get_byte(r.k, 6) * 256 + get_byte(r.k, 7), 0) - 62135596800)::double precision) AS started_at,
  c.answered_at, c.ended_at, c.talk_seconds, c.wait_seconds, c.total_seconds, c.specialist, c.specialist_masked,
  NOT c.test AND NOT c.waived AND coalesce(c.talk_seconds, 0) > (SELECT (convert_from(l.v, 'UTF8')::jsonb ->> 'call_limit_seconds')::bigint
    FROM supportline."rows" AS l WHERE l.k = '\x6c696d697473'::bytea) AS over_long,
  c.waived, c.training,
  c.in_usage AND (c.matter IS NULL OR NOT EXISTS (SELECT 1 FROM supportline."rows" AS e
    WHERE e.k >= decode(c.matter, 'hex') AND e.k < decode(c.matter, 'hex') || r.k)) AS counted,
  c.month, c.on_file, c.in_usage, c.test,
  coalesce((SELECT convert_from(n.v, 'UTF8')::jsonb FROM supportline."rows" AS n WHERE n.k = '\x70656f706c65'::bytea) -> 'names' ->> coalesce(c.person,
    (SELECT convert_from(a.v, 'UTF8')::jsonb FROM supportline."rows" AS a WHERE a.k = '\x70656f706c65'::bytea) -> 'addresses' ->> c.specialist),
    c.person_name, c.person) AS specialist_name,
  c.callback_of
FROM supportline."rows" AS r CROSS JOIN LATERAL jsonb_to_record(convert_from(r.v, 'UTF8')::jsonb) AS c (sid text, line text, "from" text, from_masked text,
  customer text, account text, intent text, ticket text, outcome text, answered_at timestamptz, ended_at timestamptz, talk_seconds bigint,
  wait_seconds bigint, total_seconds bigint, specialist text, specialist_masked text, waived boolean, training boolean, month text, on_file text,
  in_usage boolean, test boolean, matter text, person text, person_name text, callback_of text)
WHERE r.k < '\x01'::bytea;
CREATE OR REPLACE VIEW supportline.report_calls AS
SELECT sid, line, "from", customer, account, intent, ticket, outcome, started_at, answered_at, ended_at, talk_seconds, wait_seconds, total_seconds,
  specialist, over_long, waived, training, counted, month, on_file, in_usage, test, specialist_name, callback_of
FROM supportline.report_rows;
CREATE OR REPLACE VIEW supportline.report_calls_masked AS
SELECT sid, line, from_masked AS "from", customer, account, intent, ticket, outcome, started_at, answered_at, ended_at, talk_seconds, wait_seconds,
  total_seconds, specialist_masked AS specialist, over_long, waived, training, counted, month, on_file, in_usage, test, specialist_name, callback_of
FROM supportline.report_rows;
