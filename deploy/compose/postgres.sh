#!/bin/sh
# postgres.sh - makes the passwords of docker-compose.yml at random, those that are not there yet, and starts PostgreSQL.
#
# Every user of a container that mounts the volume can read them, as the containers have different user ids; nobody else.
set -eu
umask 022
for name in postgres owner service; do
  file=/run/meldpunt/owner/$name-password
  [ ! -s "$file" ] || continue
  # Under another name first: half of one must not be taken for a password.
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$file.new"
  mv "$file.new" "$file"
done
exec docker-entrypoint.sh "$@"
