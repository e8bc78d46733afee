#!/bin/sh
# Starts a hive command as the container's first process, so that signals reach it and not a shell.
set -eu

if [ "$(id -u)" -eq 0 ]; then
  echo "ERROR this container runs as root." >&2
  echo "  next: leave --user away, or name another than 0" >&2
  exit 78
fi
if [ ! -w "$HIVE_HOME" ]; then
  echo "ERROR $HIVE_HOME cannot be written by uid $(id -u)." >&2
  echo "  next: mount a volume there that this user owns (chown 10001:10001)" >&2
  exit 78
fi
if [ -z "${HIVE_CONFIG:-}" ] && [ -e /etc/hive/hive.toml ]; then
  export HIVE_CONFIG=/etc/hive/hive.toml
fi
exec hive "$@"
