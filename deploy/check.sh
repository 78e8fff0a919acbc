#!/usr/bin/env bash
# Validates what is in this folder by the schemas of those who will read it: Kubernetes, Compose, Prometheus.
# Needs Go and Python 3; the tools are built once into the cache of test/infra.
. "$(dirname "$0")/../test/infra/lib.sh"
cd "$INFRA_HOME/../.."
tools=$CACHE/deploy-tools
KUSTOMIZE=v5.7.1 COMPOSE=v2.16.2 KUBERNETES=1.35.0

go_tool() { # go_tool NAME MODULE VERSION
  [ -x "$tools/$1-$3" ] && return
  local work
  work=$(mktemp -d)
  GOBIN=$work go install "$2@$3"
  mkdir -p "$tools"
  mv "$work"/* "$tools/$1-$3"
}
need go "apt-get install golang"
go_tool kustomize sigs.k8s.io/kustomize/kustomize/v5 $KUSTOMIZE
go_tool compose github.com/compose-spec/compose-go/v2/cmd $COMPOSE
if [ ! -x "$tools/venv-$KUBERNETES/bin/kubernetes-validate" ]; then
  python3 -m venv "$tools/venv-$KUBERNETES"
  "$tools/venv-$KUBERNETES/bin/pip" install -q "kubernetes-validate==$KUBERNETES"
fi

rendered=$(mktemp)
"$tools/kustomize-$KUSTOMIZE" build deploy/kubernetes/base >"$rendered"
"$tools/venv-$KUBERNETES/bin/kubernetes-validate" --quiet --strict -k "$KUBERNETES" "$rendered"
"$tools/compose-$COMPOSE" deploy/compose/compose.yaml >/dev/null
promtool check config deploy/prometheus/prometheus.yaml
node -e 'JSON.parse(require("fs").readFileSync("deploy/grafana/dashboards/ml-operations.json", "utf8"))'
sh -n deploy/images/entrypoint.sh
echo "deploy: valid"
