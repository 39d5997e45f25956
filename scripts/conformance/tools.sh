# Sourced by the scripts beside this: what they need beyond Rust, by pip into a folder of the cache.

cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/meldpunt-conformance

say() { printf '%s\n' "$*" >&2; }

# Prints a folder that holds the packages of a requirements file; a file that changed gets another folder.
packages() { # requirements-file...
  local sum target
  sum=$(cat "$@" | cksum | cut -d ' ' -f 1)
  target=$cache/packages-$sum
  if [ ! -d "$target" ]; then
    if ! python3 -m pip --version >/dev/null 2>&1; then
      [ "$(id -u)" -eq 0 ] || { say 'missing: pip for python3'; return 1; }
      { apt-get install -y -qq python3-pip || { apt-get update -qq && apt-get install -y -qq python3-pip; }; } >&2 </dev/null
    fi
    say "installing by pip: $*"
    mkdir -p "$cache"
    rm -rf -- "$target.new"
    python3 -m pip install -q --disable-pip-version-check --no-warn-conflicts --root-user-action ignore \
      --target "$target.new" -r "${@: -1}" >&2
    mv -- "$target.new" "$target"
  fi
  printf '%s' "$target"
}
