-- What waits for a person, and the alarms by which people are told of it.
-- +goose Up
SELECT set_config('lock_timeout', '2s', true);
CREATE TABLE IF NOT EXISTS supportline."followups" (k bytea PRIMARY KEY, v bytea NOT NULL);
CREATE TABLE IF NOT EXISTS supportline."alarms" (k bytea PRIMARY KEY, v bytea NOT NULL);
