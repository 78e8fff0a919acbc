#!/usr/bin/env bash
# Fetches or builds what the servers need, once, into a cache keyed by version: build.sh kafka|influx|s3 ...
# Needs: Maven and Java 17+ (kafka); Go, cargo and gcc (influx: some five minutes of two cores); Go (s3).
. "$(dirname "$0")/lib.sh"

build_kafka() {
  local jars=$CACHE/kafka-$KAFKA_VERSION try
  [ -f "$jars/.complete" ] && return
  need mvn "apt-get install maven"
  say "resolving the jars of Kafka $KAFKA_VERSION"
  rm -rf "$jars.tmp"
  mkdir -p "$jars.tmp"
  for try in 1 2 3; do
    mvn -B -q -f "$INFRA_HOME/kafka-pom.xml" -Dkafka.version="$KAFKA_VERSION" \
      org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
      -DincludeScope=runtime -DoutputDirectory="$jars.tmp" && break
    [ "$try" = 3 ] && die "Maven could not resolve the jars of Kafka $KAFKA_VERSION"
    sleep 3
  done
  touch "$jars.tmp/.complete"
  rm -rf "$jars"
  mv "$jars.tmp" "$jars"
}

# InfluxDB from its Go module, without the web UI. libflux denies warnings and newer rustc has newer lints: RUSTFLAGS
# does not reach build dependencies when cargo gets --target, a RUSTC_WRAPPER does.
build_influx() {
  local out=$CACHE/influxd-$INFLUXD_VERSION work
  [ -x "$out/influxd" ] && return
  need go "apt-get install golang"
  need cargo "apt-get install cargo"
  say "building InfluxDB $INFLUXD_VERSION, some minutes"
  work=$(mktemp -d)
  cp "$INFRA_HOME"/influxd-module/* "$work"
  printf '#!/bin/sh\nexec "$@" --cap-lints warn\n' >"$work/rustc-wrap"
  chmod +x "$work/rustc-wrap"
  mkdir -p "$out"
  (
    cd "$work"
    GOBIN=$work/bin go install github.com/influxdata/pkg-config@v0.2.14
    export PATH=$work/bin:$PATH PKG_CONFIG=$work/bin/pkg-config RUSTC_WRAPPER=$work/rustc-wrap
    # Flux carries a rust-toolchain.toml that asks for an old compiler; the installed one builds it.
    command -v rustup >/dev/null && export RUSTUP_TOOLCHAIN=stable
    go build -mod=readonly -tags sqlite_foreign_keys,sqlite_json -ldflags "-s -w -X main.version=$INFLUXD_VERSION" \
      -o "$out/influxd.tmp" github.com/influxdata/influxdb/v2/cmd/influxd
  )
  mv "$out/influxd.tmp" "$out/influxd"
  rm -rf "$work"
}

build_s3() {
  local out=$CACHE/versitygw-$VERSITYGW_VERSION
  [ -x "$out/versitygw" ] && return
  need go "apt-get install golang"
  say "building versitygw $VERSITYGW_VERSION"
  mkdir -p "$out"
  GOBIN=$out go install "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION"
}

for what in "$@"; do
  case $what in
    kafka | influx | s3) (mkdir -p "$CACHE"; exec 9>"$CACHE/.$what.lock"; flock 9; "build_$what") ;;
    *) die "unknown build '$what'; known: kafka influx s3" ;;
  esac
done
