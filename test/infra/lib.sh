# Shared by the scripts in this folder: where things are kept, and how a server is started, awaited and stopped.
set -euo pipefail

INFRA_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${HEADRACE_INFRA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/headrace}
# PostgreSQL refuses to run as root and cannot enter every home directory, so running data lies under TMPDIR.
DATA=${HEADRACE_INFRA_DATA:-${TMPDIR:-/tmp}/headrace-infra-$(printf %s "$INFRA_HOME" | cksum | cut -d' ' -f1)}
STATE=$INFRA_HOME/.state

KAFKA_VERSION=4.4.0
INFLUXD_VERSION=2.7.12
VERSITYGW_VERSION=v1.8.0

say() { echo "infra: $*" >&2; }
die() { echo "infra: $*" >&2; exit 1; }
need() { command -v "$1" >/dev/null || die "$1 is not installed: $2"; }

# Below what the system hands out by itself: a server that is down for a while finds its port free again, and a client that
# knocks there meanwhile is never given that very port as its own end, which would answer the knocking.
free_port() {
  node -e 'const open = () => {
    const port = 10000 + Math.floor(Math.random() * 20000);
    const server = require("net").createServer().once("error", open);
    server.listen(port, "127.0.0.1", () => server.close(() => console.log(port)));
  };
  open()'
}

# start NAME COMMAND...: in the background, in its own session, pid and log under $DATA/NAME
start() {
  local name=$1
  shift
  mkdir -p "$DATA/$name"
  setsid bash -c 'echo $$ >"$0"; exec "$@"' "$DATA/$name/pid" "$@" </dev/null >>"$DATA/$name/log" 2>&1 &
  local i
  for i in $(seq 50); do [ -s "$DATA/$name/pid" ] && break; sleep 0.1; done
}

running() { # a process that has ended and that nobody has asked about yet (Z) does not run
  [ -s "$DATA/$1/pid" ] || return 1
  case "$(ps -o stat= -p "$(cat "$DATA/$1/pid")" 2>/dev/null)" in '' | Z*) return 1 ;; esac
}

# await NAME SECONDS COMMAND...: until the command succeeds; fails with the end of the log when the server died
await() {
  local name=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    running "$name" || { tail -n 25 "$DATA/$name/log" >&2; die "$name died while starting"; }
    [ $SECONDS -lt $deadline ] || { tail -n 25 "$DATA/$name/log" >&2; die "$name is not ready after $2 s"; }
    sleep 0.1
  done
}

stop() {
  local name=$1 i
  running "$name" || { rm -f "$DATA/$name/pid"; return 0; }
  kill "$(cat "$DATA/$name/pid")" 2>/dev/null || true
  for i in $(seq 150); do
    running "$name" || { rm -f "$DATA/$name/pid"; return 0; }
    sleep 0.1
  done
  kill -KILL "$(cat "$DATA/$name/pid")" 2>/dev/null || true
  rm -f "$DATA/$name/pid"
}
