#!/usr/bin/env bash
# Where Leshan's device cannot be built the suite is skipped and says why; where
# its sources are at fault it is not.
#
# usage: test_no_maven.sh BUILD-DIR	(TAP)
# SPDX-License-Identifier: GPL-3.0-or-later

set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
mkdir "$top/bin"
export XDG_CACHE_HOME=$top/cache PATH=$top/bin:$PATH
failed=0

# A Maven that does as it is told; Java is the machine's.
maven() {
	printf '#!/bin/sh\n%s\n' "$1" >"$top/bin/mvn"
	chmod +x "$top/bin/mvn"
}

# result NAME: after a test that leaves what is wrong in $bad
count=0
result() {
	count=$((count + 1))
	[ -z "$bad" ] || {
		failed=1
		sed 's/^/# /' "$top/out" "$top/err"
	}
	echo "${bad:+not }ok $count - $1${bad:+: $bad}"
}

built() {
	"$here/leshan/build" >"$top/out" 2>"$top/err"
	code=$?
	bad=''
	[ "$code" -eq "$1" ] || bad="exit $code, and not $1"
	tail -n 1 "$top/err" | grep -q "$2" || bad="the reason is not: $2"
}

if ! command -v javac >/dev/null; then
	echo '1..0 # SKIP no Java compiler (package default-jdk-headless)'
	exit 0
fi
echo 1..5

maven 'exit 1'
"$here/against_daemon.sh" "$build" run_leshan.sh >"$top/out" 2>"$top/err"
code=$?
bad=''
[ "$code" -eq 0 ] || bad="exit $code"
grep -qx '1\.\.0 # SKIP leshan: Maven is there and does not run' "$top/out" ||
	bad='no plan that skips all, with the reason'
[ "$(wc -l <"$top/out")" -eq 1 ] || bad='more than the plan'
result 'a Maven that fails: the suite is skipped'

built 77 'does not run'
result 'and the build says that it is not to be had'

DEMO_BUILT=$build "$here/../../bootstrapd/demo" --client leshan \
	>"$top/out" 2>"$top/err"
code=$?
bad=''
[ "$code" -ne 0 ] || bad='exit 0'
[ "$(cat "$top/out" "$top/err")" = 'leshan: Maven is there and does not run' ] ||
	bad='more than the reason, or less'
result 'and so does the demo, that alone'

maven '[ "$1" = --version ] || { echo "Could not transfer artifact"; exit 1; }'
built 77 'cannot fetch'
result 'nothing to fetch from: the same'

maven '[ "$1" = --version ] || { echo "[ERROR] BootClient.java:1"; exit 1; }'
built 1 'the build failed'
result 'sources that do not compile: a failure'

exit "$failed"
