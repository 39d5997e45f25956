#!/bin/sh
# secrets.sh - makes the secrets of docker-compose.yml at random, those that are not there yet.
#
# Two volumes: "owner" for the database server and the migrations, "service" for the nodes. A file can be read by every
# user of a container that mounts its volume, as they have different user ids; nobody else sees it.
set -eu

random() { # bytes
  od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'
}

make() { # file value
  [ -s "$1" ] && return
  # Under another name first: a half-written secret must not be taken for one.
  printf '%s\n' "$2" >"$1.new"
  mv "$1.new" "$1"
  echo "made $1"
}

umask 022
owner=/run/meldpunt/owner
service=/run/meldpunt/service
make $owner/postgres-password "$(random 24)"
make $owner/owner-password "$(random 24)"
make $owner/service-password "$(random 24)"
make $owner/database-url "postgres://meldpunt_owner:$(cat $owner/owner-password)@postgres/meldpunt"
make $service/database-url "postgres://meldpunt:$(cat $owner/service-password)@postgres/meldpunt"
make $service/seal-key "$(head -c 32 /dev/urandom | base64 -w 0)"
