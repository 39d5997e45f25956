#!/bin/sh
# migrate.sh - makes what the service signs in to the database with and the key that seals its signing keys, if they are
# not there yet, and brings the schema up to date.
set -eu
umask 022
owner=/run/meldpunt/owner
service=/run/meldpunt/service

make() { # file value
  [ ! -s "$1" ] || return 0
  printf '%s\n' "$2" >"$1.new"
  mv "$1.new" "$1"
}

make $service/database-url "postgres://meldpunt:$(cat $owner/service-password)@postgres/meldpunt"
make $service/seal-key "$(head -c 32 /dev/urandom | base64 -w 0)"
: "${DATABASE_URL:=postgres://meldpunt_owner:$(cat $owner/owner-password)@postgres/meldpunt}"
export DATABASE_URL
meldpunt migrate
touch /tmp/migrated

# It stays, healthy: not every program that reads compose files can wait for one that ends.
trap 'exit 0' TERM INT
sleep infinity &
wait
