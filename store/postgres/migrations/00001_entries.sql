-- Migrations only create, and each statement may run twice: two processes may migrate at the same time. What has to be filled is filled by the program.
-- +goose Up
SELECT set_config('lock_timeout', '2s', true);
CREATE TABLE IF NOT EXISTS supportline."calls" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."steps" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."index" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."search" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."tokens" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."tries" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."signins" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."customers" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."audit" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."cases" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."notices" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."users" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."removals" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."sessions" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."dates" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."meta" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."guards" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."leases" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."rows" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."erasures" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline.sequences (bucket text PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE IF NOT EXISTS supportline.marks (id bytea PRIMARY KEY, at timestamptz NOT NULL, refused boolean NOT NULL);
CREATE TABLE IF NOT EXISTS supportline.stripes (n integer PRIMARY KEY);
INSERT INTO supportline.stripes (n) SELECT n FROM generate_series(0, 255) AS s(n) ON CONFLICT (n) DO NOTHING;
