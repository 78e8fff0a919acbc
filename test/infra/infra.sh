#!/usr/bin/env bash
# Real servers for the tests and for trying Headrace on its network adapters, on free loopback ports.
#
#   npm run infra -- up [kafka postgres redis influx s3]   start (default: all); writes test/infra/.state/env
#   npm run infra -- down                                  stop all and delete their data
#   npm run infra -- status                                what runs, where
#   npm run infra -- kill NAME | start NAME | stop NAME    one server, with its data kept (crash tests)
#
# Versions are in lib.sh; the first start builds or downloads into ~/.cache/headrace (HEADRACE_INFRA_CACHE).
. "$(dirname "$0")/lib.sh"
ALL="kafka postgres redis influx s3"

set_env() { # set_env NAME VALUE: replaces the line
  mkdir -p "$STATE"
  touch "$STATE/env"
  grep -v "^$1=" "$STATE/env" >"$STATE/env.tmp" || true
  echo "$1=$2" >>"$STATE/env.tmp"
  mv "$STATE/env.tmp" "$STATE/env"
}

port_of() { # the port of a server, chosen at its first start and kept
  mkdir -p "$DATA/$1"
  [ -s "$DATA/$1/port" ] || free_port >"$DATA/$1/port"
  cat "$DATA/$1/port"
}

start_kafka() {
  bash "$INFRA_HOME/build.sh" kafka
  need java "apt-get install openjdk-17-jre-headless"
  local port controller dir=$DATA/kafka
  port=$(port_of kafka)
  mkdir -p "$dir"
  [ -s "$dir/controller-port" ] || free_port >"$dir/controller-port"
  controller=$(cat "$dir/controller-port")
  cat >"$dir/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$dir/data
auto.create.topics.enable=false
num.partitions=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=8388608
broker.session.timeout.ms=3000
PROPERTIES
  local java=(java -Xmx384m -Xms32m -XX:+UseSerialGC -Xss512k -XX:MaxDirectMemorySize=64m -XX:+ExitOnOutOfMemoryError
    -Djava.awt.headless=true -Dorg.slf4j.simpleLogger.defaultLogLevel=warn
    -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info -cp "$CACHE/kafka-$KAFKA_VERSION/*")
  if [ ! -f "$dir/data/meta.properties" ]; then
    "${java[@]}" kafka.tools.StorageTool format --ignore-formatted -t MkU3OEVBNTcwNTJENDM2Qk -c "$dir/server.properties" \
      >"$dir/format.log" 2>&1 || { cat "$dir/format.log" >&2; die "formatting Kafka's storage failed"; }
  fi
  : >"$dir/log"
  start kafka "${java[@]}" kafka.Kafka "$dir/server.properties"
  await kafka 300 grep -qF 'Kafka Server started' "$dir/log"
  set_env HEADRACE_TEST_KAFKA_BROKERS "127.0.0.1:$port"
}

# Debian keeps the server's programs out of PATH.
postgres_bin() {
  local dir
  for dir in /usr/lib/postgresql/*/bin; do [ -x "$dir/postgres" ] && { echo "$dir"; return; }; done
  dirname "$(command -v postgres)" 2>/dev/null || die "PostgreSQL is not installed: apt-get install postgresql"
}

start_postgres() {
  local bin dir=$DATA/postgres port as=()
  bin=$(postgres_bin)
  port=$(port_of postgres)
  if [ "$(id -u)" = 0 ]; then
    as=(setpriv --reuid=postgres --regid=postgres --init-groups) # unlike runuser it leaves no parent behind
    chmod 755 "$DATA"
    chown postgres "$dir"
  fi
  [ -d "$dir/data" ] || "${as[@]}" "$bin/initdb" -D "$dir/data" -U headrace -A trust --no-sync >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; die "initdb failed"; }
  touch "$dir/log"
  start postgres "${as[@]}" "$bin/postgres" -D "$dir/data" -h 127.0.0.1 -p "$port" -k "$dir" -c max_connections=300
  await postgres 180 "$bin/pg_isready" -h 127.0.0.1 -p "$port" -U headrace -d postgres
  "$bin/psql" -h 127.0.0.1 -p "$port" -U headrace -d postgres -tc "select 1 from pg_database where datname='headrace'" |
    grep -q 1 || "$bin/createdb" -h 127.0.0.1 -p "$port" -U headrace headrace
  set_env HEADRACE_TEST_DATABASE_URL "postgres://headrace@127.0.0.1:$port/headrace"
}

start_redis() {
  need redis-server "apt-get install redis-server"
  local port
  port=$(port_of redis)
  start redis redis-server --bind 127.0.0.1 --port "$port" --dir "$DATA/redis" --appendonly yes --save ''
  await redis 120 redis-cli -p "$port" ping
  set_env HEADRACE_TEST_CACHE_URL "redis://127.0.0.1:$port"
}

start_influx() {
  bash "$INFRA_HOME/build.sh" influx
  local port dir=$DATA/influx
  port=$(port_of influx)
  start influx "$CACHE/influxd-$INFLUXD_VERSION/influxd" --bolt-path "$dir/influxd.bolt" --engine-path "$dir/engine" \
    --sqlite-path "$dir/influxd.sqlite" --http-bind-address "127.0.0.1:$port" --reporting-disabled --log-level warn
  await influx 180 curl -sf "http://127.0.0.1:$port/health"
  curl -sf -X POST "http://127.0.0.1:$port/api/v2/setup" -H 'Content-Type: application/json' -d \
    '{"username":"headrace","password":"headrace-test","org":"headrace","bucket":"metrics","token":"headrace-test-token"}' \
    >/dev/null || true # set up already
  set_env HEADRACE_TEST_INFLUX_URL "http://127.0.0.1:$port"
  set_env HEADRACE_TEST_INFLUX_TOKEN headrace-test-token
  set_env HEADRACE_TEST_INFLUX_ORG headrace
  set_env HEADRACE_TEST_INFLUX_BUCKET metrics
}

start_s3() {
  bash "$INFRA_HOME/build.sh" s3
  local port dir=$DATA/s3
  port=$(port_of s3)
  mkdir -p "$dir/buckets/headrace-test"
  # Metadata in extended attributes of the file itself: a sidecar directory is replaced a moment after the content.
  ROOT_ACCESS_KEY=headrace ROOT_SECRET_KEY=headrace-secret start s3 \
    "$CACHE/versitygw-$VERSITYGW_VERSION/versitygw" --port "127.0.0.1:$port" posix "$dir/buckets"
  await s3 120 curl -s -o /dev/null "http://127.0.0.1:$port/"
  set_env HEADRACE_TEST_S3_ENDPOINT "http://127.0.0.1:$port"
  set_env HEADRACE_TEST_S3_BUCKET headrace-test
  set_env HEADRACE_TEST_S3_ACCESS_KEY headrace
  set_env HEADRACE_TEST_S3_SECRET_KEY headrace-secret
}

known() { case " $ALL " in *" $1 "*) ;; *) die "unknown server '$1'; known: $ALL" ;; esac; }

case ${1:-} in
  up)
    shift
    for name in ${*:-$ALL}; do
      known "$name"
      if running "$name"; then say "$name runs already"; else "start_$name"; say "$name is ready on port $(port_of "$name")"; fi
    done
    say "variables in ${STATE#"$PWD"/}/env"
    ;;
  down)
    for name in $ALL; do stop "$name" & done
    wait
    rm -rf "$DATA" "$STATE"
    say "stopped, data deleted"
    ;;
  status)
    for name in $ALL; do
      if running "$name"; then echo "$name: running on 127.0.0.1:$(port_of "$name"), log $DATA/$name/log"; else echo "$name: not running"; fi
    done
    ;;
  start) known "${2:-}"; running "$2" || "start_$2" ;;
  stop) known "${2:-}"; stop "$2" ;;
  kill)
    known "${2:-}"
    running "$2" && kill -KILL "$(cat "$DATA/$2/pid")"
    # Until it is gone: `start` right afterwards must not take it for running.
    while running "$2"; do sleep 0.1; done
    ;;
  *) sed -n '2,/^\./{/^\./d;s/^# \{0,1\}//;p}' "$0"; exit 2 ;;
esac
