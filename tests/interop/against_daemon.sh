#!/usr/bin/env bash
# Start a daemon as `bootstrapd/demo --serve` does, run one of the scripts here
# against it, and end the daemon: against_daemon.sh BUILD-DIR SCRIPT
# SPDX-License-Identifier: GPL-3.0-or-later

set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1 script=$2
dir=$(mktemp -d)
demo=''
# shellcheck disable=SC2329 # called by the trap
finish()
{
	trap - EXIT
	[ -z "$demo" ] || { kill -TERM "$demo" 2>/dev/null && wait "$demo"; }
	rm -rf "$dir"
}
trap finish EXIT

DEMO_BUILT=$build "$here/../../bootstrapd/demo" --serve "$dir/demo" \
	>"$dir/out" 2>&1 &
demo=$!
for _ in $(seq 600); do
	[ ! -e "$dir/demo/connect.env" ] || break
	if ! kill -0 "$demo" 2>/dev/null; then
		sed 's/^/# /' "$dir/out"
		echo 'Bail out! the daemon did not start'
		exit 1
	fi
	sleep 0.1
done
export BOOTSTRAPCTL=$build/bootstrapd/bootstrapctl
"$here/$script" "$dir/demo"
code=$?
[ "$code" -eq 0 ] || [ "$code" -eq 77 ] ||
	tail -n 60 "$dir/demo/log" | sed 's/^/# /'
exit "$code"
