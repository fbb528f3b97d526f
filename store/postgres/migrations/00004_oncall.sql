-- Overrides of rotas, and the last answers of calendars.
-- +goose Up
SELECT set_config('lock_timeout', '2s', true);
CREATE TABLE IF NOT EXISTS supportline."oncall" (k bytea PRIMARY KEY, v bytea NOT NULL);
