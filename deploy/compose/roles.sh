#!/bin/sh
# roles.sh - two roles for a new database: meldpunt_owner changes the schema, meldpunt reads and writes rows.
# PostgreSQL's image runs it once, when it makes the database.

psql -v ON_ERROR_STOP=1 -X -q -U "${POSTGRES_USER:-postgres}" -d "$POSTGRES_DB" <<'SQL'
\set owner_password `cat /run/meldpunt/owner/owner-password`
\set service_password `cat /run/meldpunt/owner/service-password`
CREATE ROLE meldpunt_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE meldpunt LOGIN PASSWORD :'service_password';
-- Since version 15 the schema "public" belongs to whoever owns the database, and nobody else may add to it.
ALTER DATABASE meldpunt OWNER TO meldpunt_owner;
REVOKE ALL ON DATABASE meldpunt FROM PUBLIC;
GRANT CONNECT ON DATABASE meldpunt TO meldpunt;
ALTER DEFAULT PRIVILEGES FOR ROLE meldpunt_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO meldpunt;
ALTER DEFAULT PRIVILEGES FOR ROLE meldpunt_owner IN SCHEMA public
  GRANT USAGE ON SEQUENCES TO meldpunt;
SQL
