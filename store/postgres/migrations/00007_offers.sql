-- The pages of the company that callers and account holders were offered.
-- +goose Up
SELECT set_config('lock_timeout', '2s', true);
CREATE TABLE IF NOT EXISTS supportline."offers" (k bytea PRIMARY KEY, v bytea NOT NULL);
