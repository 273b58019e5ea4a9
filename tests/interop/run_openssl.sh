#!/bin/bash
# OpenSSL's s_client against a running bootstrapd: the PSK suites of LwM2M over
# DTLS 1.2, a Bootstrap-Request in plain bytes through the session, and what a
# stranger can learn from a failed handshake.
#
# usage: run_openssl.sh DIR	(TAP; exit 0, 1, or 77 without openssl)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
# shellcheck source=openssl.sh disable=SC1091
. "${0%/*}/openssl.sh"
tap_begin "$@"

command -v openssl >/dev/null || tap_skip_all 'no openssl (package openssl)'
openssl ciphers -psk 'PSK-AES128-CCM8:@SECLEVEL=0' >/dev/null 2>&1 ||
	tap_skip_all 'this openssl has no PSK-AES128-CCM8'

# who IDENTITY KEY: s_client takes the key from its arguments alone, where every
# user of the machine can see it: development keys only.
who() {
	credential=(-psk_identity "$1" -psk "$2")
}

protocol=-dtls1_2
who "$PSK_IDENTITY" "$PSK_KEY_HEX"
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

suite=PSK-AES128-CCM8
exchange post "$(bootstrap_request 1234 "$ENDPOINT")"
tap 'POST /bs in the session: 2.04, then a command' answered post 1234
again=$(bootstrap_request 1235 "$ENDPOINT")
exchange again "$again" "$again"
tap 'a retransmitted request gets the same answer' acknowledged_twice again 1235

# s_client asks for a ticket, and writes down what it could offer again. Under
# TLS 1.3 a ticket comes behind the handshake, and any key counts as reused.
nothing_to_resume() {
	grep -qE '^(New|Reused), TLSv1' "$WORK/$1" ||
		{ cat "$WORK/$1"; return 1; }
	[ ! -e "$WORK/session" ]
}
s_client -cipher PSK-AES128-GCM-SHA256 -sess_out "$WORK/session" \
	</dev/null >"$WORK/resume" 2>&1
tap 'a session leaves nothing that could be resumed' nothing_to_resume resume
for version in tls1_2 tls1_3; do
	[ -n "$COAPS_TCP_URI" ] || continue
	sleep 1 | timeout 12 openssl s_client -$version "${credential[@]}" \
		-connect "${COAPS_TCP_URI#coaps+tcp://}" \
		-cipher PSK-AES128-GCM-SHA256 -sess_out "$WORK/session" \
		>"$WORK/$version" 2>&1
	tap "nor one over TCP, $version" nothing_to_resume $version
done

who "$PSK_IDENTITY" "$(printf '%s' "$PSK_KEY_HEX" | tr 0123456789abcdefABCDEF \
	123456789abcdef0BCDEFA)"
handshake wrong -cipher 'PSK-AES128-CCM8:@SECLEVEL=0'
tap 'wrong key: no session' no_session wrong
who interop-nobody "$PSK_KEY_HEX"
handshake unknown -cipher 'PSK-AES128-CCM8:@SECLEVEL=0'
tap 'unknown identity: no session' no_session unknown
tap 'the two look the same on the wire' alike wrong unknown

who "$PSK_IDENTITY" "$PSK_KEY_HEX"
handshake after -cipher 'PSK-AES128-CCM8:@SECLEVEL=0'
tap 'the right key afterwards' agreed_on after PSK-AES128-CCM8
tap_end
