#!/usr/bin/env bash
# Builds libgomp-headrace-x64.so beside this script, the same bytes every time: GCC 12 on Debian 12 made the one that is
# committed. It runs with glibc 2.34 or newer.
set -euo pipefail
cd "$(dirname "$0")"
digest=$(sha256sum libgomp.c | cut -d' ' -f1)
gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -pthread -DSOURCE_DIGEST="\"$digest\"" \
  -Wl,-soname,libgomp.so.1 -Wl,--version-script=libgomp.map -Wl,-z,nodelete -Wl,-z,relro,-z,now -Wl,--build-id=none -s \
  -o libgomp-headrace-x64.so libgomp.c
