#!/usr/bin/env bash
# Installs the programs that `go run ./runtime/bench` compares volley with, as
# far as this machine can get them:
#
#   Debian's packages     wrk, nginx-light (the server), python3-gevent and
#                         python3-requests (what grequests needs), and
#                         python3-grequests where Debian has it
#   the Go module proxy   k6, vegeta, hey, built with the Go that builds volley
#
# grequests itself is on PyPI only: where that can be reached,
# `pip install grequests` for the python3 that comes first in $PATH.
#
# The Go programs go to $VOLLEY_BENCH_BIN (default ~/.cache/volley-bench/bin),
# where the bench looks after $PATH. nginx is installed, not started: the bench
# runs its own, with its own configuration, on loopback. Whatever could not be
# had is listed at the end; the bench then says "not installed" for it.
set -uo pipefail

bin=${VOLLEY_BENCH_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/volley-bench/bin}
k6=v1.8.1 vegeta=v12.13.0 hey=v0.1.5
missing=()

# without_services runs a command while services may not be started by packages.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [[ -e $policy ]]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
  "$@" || status=$?
  rm -f "$policy"
  return $status
}

if command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]; then
  apt-get update -q >/dev/null || echo 'apt-get update: refused; going on with the lists at hand' >&2
  for package in wrk nginx-light python3-gevent python3-requests python3-grequests; do
    without_services apt-get install -qy --no-install-recommends "$package" >/dev/null || missing+=("$package (Debian)")
  done
else
  missing+=("wrk nginx-light python3-gevent python3-requests (Debian's packages: apt-get and root)")
fi

mkdir -p "$bin"
for program in "go.k6.io/k6@$k6" "github.com/tsenart/vegeta/v12@$vegeta" "github.com/rakyll/hey@$hey"; do
  GOBIN=$bin GOFLAGS='' go install -trimpath "$program" || missing+=("$program (Go module proxy)")
done

echo "programs built here: $bin"
ls "$bin"
if ((${#missing[@]})); then
  printf 'not installed: %s\n' "${missing[@]}"
fi
