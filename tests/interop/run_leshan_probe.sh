#!/bin/bash
# `provisioning-tool probe` against Leshan's client library: what it finds out
# is what the shipped profile says of it. Over NoSec, and with a pre-shared key.
# The client is started again whenever it has ended, as by a person beside it.
#
# usage: run_leshan_probe.sh PROVISIONING_TOOL PROFILES
#	(TAP; skipped where the client cannot be built)

# shellcheck disable=SC2317,SC2329,SC2119 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
# shellcheck source=leshan.sh disable=SC1091
. "${0%/*}/leshan.sh"

if [ $# -ne 2 ] || [ ! -x "$1" ] || [ ! -d "$2" ]; then
	echo "usage: ${0##*/} PROVISIONING_TOOL PROFILES" >&2
	exit 64
fi
tool=$1 profiles=$2
WORK=$(mktemp -d) || tap_bail 'no temporary directory'
beside=''
finish() {
	touch "$WORK/over"
	[ -z "$beside" ] || wait "$beside"
	rm -rf "$WORK"
}
trap finish EXIT
leshan_begin
command -v timeout >/dev/null || tap_skip_all 'no timeout (package coreutils)'

# probe LOG SCHEME ARGUMENT ...: its profile in $WORK/LOG.yaml, $status.
probe() {
	local log=$1 scheme=$2 uri=''
	shift 2

	rm -f "$WORK/over"
	timeout 250 "$tool" probe "$scheme://127.0.0.1:0" --patience 8s \
		--wait 60s --name "$log" -o "$WORK/$log.yaml" "$@" \
		>"$WORK/$log.found" 2>"$WORK/$log" &
	local tool_pid=$!
	for _ in $(seq 100); do
		uri=$(sed -n 's/.* it is to come to //p' "$WORK/$log")
		[ -z "$uri" ] || break
		sleep 0.1
	done
	[ -n "$uri" ] || tap_bail 'probe does not listen'
	{
		while [ ! -e "$WORK/over" ]; do
			LESHAN_PSK_HEX=$key timeout 60 java -cp "$jars/*" \
				BootClient --uri "$uri" --endpoint bench-1 \
				--timeout 30 </dev/null
			sleep 0.2
		done
	} >"$WORK/$log.device" 2>&1 &
	beside=$!
	wait "$tool_pid"
	status=$?
	touch "$WORK/over"
	wait "$beside"
	beside=''
}

# value FILE KEY: of the first line that has it, lists sorted.
value() {
	sed -n "s/^$2: *//p" "$1" | head -n 1 | tr -d '[],' | tr ' ' '\n' |
		sort | paste -sd ' '
}

# as_shipped LOG KEY: of leshan.yaml, and what that leaves open of default.yaml.
as_shipped() {
	local found wanted

	found=$(value "$WORK/$1.yaml" "$2")
	wanted=$(value "$profiles/leshan.yaml" "$2")
	[ -n "$wanted" ] || wanted=$(value "$profiles/default.yaml" "$2")
	[ "$found" = "$wanted" ] ||
		{ echo "$2: '$found' and not '$wanted'"; return 1; }
}

# covers LOG KEY: all that leshan.yaml lists was found, and maybe more.
covers() {
	local one

	for one in $(value "$profiles/leshan.yaml" "$2"); do
		grep -qE "^$2: .*\b$one\b" "$WORK/$1.yaml" ||
			{ echo "$2: no $one"; return 1; }
	done
}

told() {
	grep -qE -- "$2" "$WORK/$1.found" || { cat "$WORK/$1.found"; return 1; }
}

complete() {
	[ "$status" -eq 0 ] || { tail -n 20 "$WORK/$1"; return 1; }
}

all() {
	local name

	tap "$1: to the end" complete "$1"
	for name in version level discover read empty_keys unknown_resources \
		zero_retries max_message block_size account_instance; do
		tap "$1: $name" as_shipped "$1" "$name"
	done
	for name in formats levels; do
		tap "$1: $name" covers "$1" "$name"
	done
	tap "$1: the profile passes policy check" \
		"$tool" policy check "$WORK/$1.yaml"
	tap "$1: pct before ep" told "$1" 'pct=112 before ep'
	tap "$1: 4.06 without keys, and as a separate response" \
		told "$1" 'POST /bs .*4\.06 .*as a separate response'
}

key=000102030405060708090a0b0c0d0e0f
probe nosec coap
all nosec

printf '%s\n' "$key" >"$WORK/key"
probe psk coaps --psk-identity bench-1 --key-hex-file "$WORK/key"
all psk
tap 'psk: how it came is told' told psk 'DTLS 1\.2, .*PSK'

tap_end
