#!/bin/bash
# The SARIF of `policy check`, by the validator of those who made the format: its
# schema, and the rules that go beyond it. Warnings about what is only useful
# (a home page, a URL of the schema) are let pass.
#
# usage: run_sarif.sh TOOL EXAMPLES	(TAP; skipped where it cannot be fetched)
set -uo pipefail

tool=$1 examples=$2
here=$(cd "${0%/*}" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bootstrapd
dir=$cache/sarif/$(sha256sum <"$here/sarif/package.json" | cut -c1-16)
sarif=$dir/node_modules/.bin/sarif-multitool
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

command -v npm >/dev/null || skip 'no npm (package npm)'
if [ ! -x "$sarif" ]; then
	mkdir -p "$dir"
	cp "$here/sarif/package.json" "$dir"
	(cd "$dir" && timeout 240 npm install --no-audit --no-fund \
		--ignore-scripts --no-package-lock --fetch-retries=1 \
		--fetch-timeout=20000) >"$work/log" 2>&1 ||
		skip 'npm cannot fetch sarif-multitool'
	# all that its install script does
	chmod +x "$dir"/node_modules/@microsoft/sarif-multitool-*/Sarif.Multitool
fi
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
timeout 60 "$sarif" help >"$work/log" 2>&1
grep -q validate "$work/log" || skip 'sarif-multitool does not run here'

# Every kind of finding: without a place, without a line, silenced, an error.
mkdir "$work/set"
cat >"$work/set/bad file.yaml" <<'END'
identity: factory
psk: {derive: "00112233445566778899aabbccddeeff"}
colour: "\"blue\" ü"
END
cat >"$work/set/lab.yaml" <<'END'
identity: lab
# check: ignore policy-nosec because it is a bench
nosec: {network: 127.0.0.0/8}
END

failed=0 count=0
for paths in "$work/set $work/not-there" "$examples"; do
	count=$((count + 1))
	# shellcheck disable=SC2086 # of our own words
	"$tool" policy check --format sarif $paths >"$work/$count.sarif"
	timeout 120 "$sarif" validate \
		"$work/$count.sarif" >"$work/said" 2>&1
	if [ $? -ne 0 ] || grep -E ': error |rror: ' "$work/said" ||
		! grep -q 'Analysis completed successfully' "$work/said"; then
		sed 's/^/# /' "$work/said"
		echo "not ok $count - $paths"
		failed=1
	else
		echo "ok $count - $(grep -c ruleIndex "$work/$count.sarif") findings"
	fi
done
echo "1..$count"
exit $failed
