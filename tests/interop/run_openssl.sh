#!/bin/bash
# OpenSSL's s_client against a running bootstrapd: the PSK suites of LwM2M over
# DTLS 1.2, a Bootstrap-Request in plain bytes through the session, and what a
# stranger can learn from a failed handshake.
#
# usage: run_openssl.sh DIR	(TAP; exit 0, 1, or 77 without openssl)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
tap_begin "$@"

command -v openssl >/dev/null || tap_skip_all 'no openssl (package openssl)'
openssl ciphers -psk 'PSK-AES128-CCM8:@SECLEVEL=0' >/dev/null 2>&1 ||
	tap_skip_all 'this openssl has no PSK-AES128-CCM8'

# s_client ARGUMENT ...: as $protocol, $identity and $key say. It takes
# the key from its arguments alone, where every user of the machine can see it:
# development keys only. CCM-8 needs security level 0.
s_client() {
	timeout 12 openssl s_client "$protocol" -timeout \
		-connect "${COAPS_URI#coaps://}" -psk_identity "$identity" \
		-psk "$key" "$@"
}

# What passes is listed in $WORK/LOG, without the contents of a record.
handshake() {
	s_client "${@:2}" -msg </dev/null 2>&1 |
		grep -aE '^(<<<|>>>|    Cipher)|alert' >"$WORK/$1"
}

# The daemon's ChangeCipherSpec: it has verified our Finished. Some versions of
# OpenSSL have no names for the records of DTLS 1.2.
established() {
	grep -qE '^<<< .*(ChangeCipherSpec|content_type=20\))' "$WORK/$1"
}

agreed_on() {
	if ! established "$1" || ! grep -qx "    Cipher    : $2" "$WORK/$1"; then
		cat "$WORK/$1"
		return 1
	fi
}

# It answered something, but there is no session.
no_session() {
	if established "$1" || ! grep -q '^<<<' "$WORK/$1"; then
		cat "$WORK/$1"
		return 1
	fi
}

# Each kind of message that the daemon sent, once: repetitions are a matter of
# timers.
heard() {
	grep -aE '^<<<|alert' "$WORK/$1" | sed 's/^[0-9A-F]*:error/error/' |
		sort -u
}

alike() {
	diff <(heard "$1") <(heard "$2")
}

# bootstrap_request MID EP: a CON POST /bs?ep=EP&pct=112 with token a1b2c3d4,
# in hex (RFC 7252 section 3).
bootstrap_request() {
	local query=ep=$2 first
	local -i n=${#query}

	if [ $n -lt 13 ]; then
		printf -v first '4%x' $n
	else
		printf -v first '4d%02x' $((n - 13))
	fi
	printf '4402%s%s%s%s%s%s' "$1" a1b2c3d4 b26273 "$first" \
		"$(printf %s "$query" | od -An -v -tx1 | tr -d ' \n')" \
		"07$(printf pct=112 | od -An -v -tx1 | tr -d ' \n')"
}

# Sends each datagram (hex) and notes, in hex, the records that come back. The
# pauses make one record of each line.
exchange() {
	local log=$1 datagram
	shift

	{
		sleep 1
		for datagram; do
			printf %b "$(sed 's/../\\x&/g' <(printf %s "$datagram"))"
			sleep 1
		done
	} | s_client -cipher 'PSK-AES128-CCM8:@SECLEVEL=0' -quiet -no_ign_eof \
		2>/dev/null | od -An -v -tx1 | tr -d ' \n' >"$WORK/$log"
}

# A 2.04 with our token, piggybacked (message ID and all) or separate; then a
# CON request of the daemon's own.
answered() {
	[[ $(<"$WORK/$1") =~ ^(6444$2|6000$2[45]444....)a1b2c3d4(4[0-8]0[1-4]) ]] ||
		{ cut -c1-48 "$WORK/$1"; return 1; }
}

# Two acknowledgements of the message ID, with one text.
acknowledged_twice() {
	[[ $(grep -oE "6(444$2a1b2c3d4|000$2)" "$WORK/$1" | uniq -c) =~ \
		^\ *2\ [0-9a-f]+$ ]] || { cut -c1-48 "$WORK/$1"; return 1; }
}

protocol=-dtls1_2
identity=$PSK_IDENTITY
key=$PSK_KEY_HEX
for suite in PSK-AES128-CCM8 PSK-AES128-CBC-SHA256 PSK-AES128-GCM-SHA256; do
	handshake $suite -cipher "$suite:@SECLEVEL=0"
	tap "$suite" agreed_on $suite $suite
done

handshake sha1 -cipher 'PSK-AES128-CBC-SHA:@SECLEVEL=0'
tap 'PSK-AES128-CBC-SHA is not offered' no_session sha1
protocol=-dtls1
handshake old -cipher 'PSK:@SECLEVEL=0'
protocol=-dtls1_2
tap 'DTLS 1.0 is refused' no_session old

exchange post "$(bootstrap_request 1234 "$ENDPOINT")"
tap 'POST /bs in the session: 2.04, then a command' answered post 1234
again=$(bootstrap_request 1235 "$ENDPOINT")
exchange again "$again" "$again"
tap 'a retransmitted request gets the same answer' acknowledged_twice again 1235

key=$(printf '%s' "$PSK_KEY_HEX" | tr 0123456789abcdefABCDEF \
	123456789abcdef0BCDEFA)
handshake wrong -cipher 'PSK-AES128-CCM8:@SECLEVEL=0'
tap 'wrong key: no session' no_session wrong
key=$PSK_KEY_HEX
identity=interop-nobody
handshake unknown -cipher 'PSK-AES128-CCM8:@SECLEVEL=0'
tap 'unknown identity: no session' no_session unknown
tap 'the two look the same on the wire' alike wrong unknown

identity=$PSK_IDENTITY
handshake after -cipher 'PSK-AES128-CCM8:@SECLEVEL=0'
tap 'the right key afterwards' agreed_on after PSK-AES128-CCM8
tap_end
