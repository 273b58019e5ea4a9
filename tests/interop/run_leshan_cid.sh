#!/bin/bash
# Leshan's client library over DTLS with a Connection ID (RFC 9146), through a
# NAT that gives it another source port in mid-session.
#
# usage: run_leshan_cid.sh DIR	(TAP; skipped where it cannot be built)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
# shellcheck source=leshan.sh disable=SC1091
. "${0%/*}/leshan.sh"
tap_begin "$@"
leshan_begin
command -v python3 >/dev/null || tap_skip_all 'no python3'
case $("${BOOTSTRAPCTL%ctl}d" --version) in
*', CID'*) ;;
*) tap_skip_all 'no Connection IDs in this wolfSSL' ;;
esac

device=(--endpoint "$ENDPOINT" --identity "$PSK_IDENTITY")

moves() {
	grep -c ' moved from=' "$DAEMON_LOG"
}

# through LOG {each|N} ARGUMENT ...: one run of the device behind a NAT that
# forgets it before each datagram with a Connection ID, or before the N-th.
through() {
	local log=$1 when=$2 nat
	shift 2

	before=$(moves)
	coproc NAT { exec "${0%/*}/../support/nat/nat.py" \
		"${COAPS_URI#coaps://}" "$when"; }
	read -r nat <&"${NAT[0]}" || tap_bail 'no NAT'
	client "$log" --uri "coaps://$nat" "${device[@]}" "$@"
	eval "exec ${NAT[1]}>&-"
	read -r _ rebound <&"${NAT[0]}"
	wait "$NAT_PID" 2>/dev/null
}

bootstrapped() {
	[ "$status" -eq 0 ] || { show "$1"; return; }
	[ "$(grep -c '^RESULT security/.* bootstrap=false$' "$WORK/$1")" -eq 1 ] ||
		{ grep '^RESULT' "$WORK/$1"; return 1; }
}

# cids LOG THEIRS OURS: the lengths that Leshan has seen, "-" for none.
cids() {
	grep -qx "CID theirs=$2 ours=$3" "$WORK/$1" ||
		{ grep '^CID' "$WORK/$1"; return 1; }
}

# The daemon has followed it each time, and it was at least so often.
followed() {
	local seen

	seen=$(($(moves) - before))
	[ "$rebound" -ge "$1" ] && [ "$seen" -eq "$rebound" ] ||
		{ echo "rebound $rebound times, followed $seen times"; return 1; }
}

client still --uri "$COAPS_URI" "${device[@]}"
tap 'as Leshan comes: bootstrapped' bootstrapped still
tap 'with a Connection ID of ours of 8 bytes, and one of its own of 6' \
	cids still 8 6

for length in 0 1 10; do
	client "own-$length" --uri "$COAPS_URI" "${device[@]}" --cid "$length"
	tap "its own has $length bytes: bootstrapped" bootstrapped "own-$length"
	tap 'and ours has 8' cids "own-$length" 8 "$length"
done

through each each
tap 'another port before each datagram: bootstrapped' bootstrapped each
tap 'and the daemon has followed' followed 5
through zero each --cid 0
tap 'likewise without one of its own' bootstrapped zero
tap 'and the daemon has followed it too' followed 5

for n in 1 2 3 4; do
	through "at-$n" "$n"
	tap "another port before datagram $n: bootstrapped" \
		bootstrapped "at-$n"
	tap 'and the daemon has followed once' followed 1
done

suite=TLS_PSK_WITH_AES_128_GCM_SHA256
through gcm each --cipher $suite
tap "$suite, another port each time: bootstrapped" bootstrapped gcm
tap 'and nothing else was used' offered_cipher gcm $suite
tap 'and the daemon has followed' followed 5

# Leshan has no encrypt_then_mac, and wolfSSL no Connection ID without.
suite=TLS_PSK_WITH_AES_128_CBC_SHA256
client cbc --uri "$COAPS_URI" "${device[@]}" --cipher $suite
tap "$suite: bootstrapped" bootstrapped cbc
tap 'without a Connection ID' cids cbc - -

key=$(printf '%s' "$PSK_KEY_HEX" | tr 0123456789abcdefABCDEF \
	123456789abcdef0BCDEFA)
client wrong --uri "$COAPS_URI" "${device[@]}" --timeout 15
unset key
tap 'a wrong key: no session' no_session wrong

tap_end
