-- The full-text index of SQLite is read from the newest entry on: PostgreSQL alone needs parts.
SELECT 1;
