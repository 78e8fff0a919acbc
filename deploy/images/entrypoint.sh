#!/bin/sh
# headrace SERVICE: runs one of the services of this image.
set -eu
service=${1:-all-in-one}
main=/app/services/$service/dist/main.js
if [ ! -f "$main" ]; then
  echo "headrace: unknown service '$service'; known: $(ls /app/services | tr '\n' ' ')" >&2
  exit 64
fi
# In a container every service listens on 8080 (HTTP) and 9080 (gRPC).
prefix=$(printf %s "$service" | tr 'a-z-' 'A-Z_')
case $service in canary-controller) prefix=CANARY ;; esac
if [ "$service" != all-in-one ]; then
  export "${prefix}_HTTP_PORT=8080" "${prefix}_GRPC_PORT=9080"
fi
exec node --enable-source-maps "$main"
