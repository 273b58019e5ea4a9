#!/bin/bash
# libcoap's coap-client against a running bootstrapd: the answers of its CoAP
# routes, over NoSec and with a PSK, over UDP and DTLS and over TCP and TLS.
# coap-client is no device: it refuses whatever the daemon sends next, which must
# do no harm.
#
# usage: run_coap_client.sh DIR	(TAP; exit 0, 1, or 77 without libcoap3-bin)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
tap_begin "$@"
tap_needs COAP_URI

plain=coap-client-notls
command -v $plain >/dev/null ||
	tap_skip_all "no $plain (package libcoap3-bin)"

# coap-client takes the key as the bytes of an argument. Other users of the
# machine can see those: development keys only.
printf -v psk %b "$(sed 's/../\\x&/g' <(printf %s "$PSK_KEY_HEX"))"

# request LOG PROGRAM ARGUMENT ...: the packets that went by, in $WORK/LOG.
# They are never shown whole: a Write carries a key. What TCP begins with (CSM)
# is left out. Of what has no type, later versions say so.
request() {
	local log=$WORK/$1
	shift

	timeout 30 "$@" </dev/null 2>&1 | tr -d '\000' |
		sed 's/^v:Reliable c:/v:1 t:CON c:/' |
		grep -aoE '^v:1 t:[^[]*\[[^]]*\]|(ERR|WARN) .*' |
		grep -v ' c:CSM ' >"$log"
}

# The first answer to the first request: piggybacked or separate, but with the
# same token.
code() {
	local token
	token=$(sed -n '1s/.*\({[0-9a-f]*}\).*/\1/p' "$WORK/$1")
	[ -n "$token" ] && grep -F " $token " "$WORK/$1" |
		sed -n 's/^v:1 t:[A-Z]* c:\([2-5]\.[0-9]*\) .*/\1/p' | head -n 1
}

answers() {
	[ "$(code "$1")" = "$2" ] || { cat "$WORK/$1"; return 1; }
}

no_session() {
	[ -z "$(code "$1")" ] || { cat "$WORK/$1"; return 1; }
}

# After the 2.04, not before it, the daemon sends a request of its own.
then_commands() {
	local order
	order=$(awk '/ c:POST .*Uri-Query:/ { next }	# ours
		/ c:2\.04 / { print "answer" }
		/ t:CON c:(GET|PUT|POST|DELETE) / { print "command" }' \
		"$WORK/$1" | uniq | head -n 2 | paste -sd' ')
	[ "$order" = 'answer command' ] || { cat "$WORK/$1"; return 1; }
}

# What was refused is not finished: no POST /bs of the daemon's.
never_finished() {
	! grep ' t:CON c:POST ' "$WORK/$1" | grep -v 'Uri-Query:'
}

routes() {
	local how=$1 uri=$2
	local -a client=("${@:3}" -v 7 -B 5)
	local post=("${client[@]}" -m post)

	# Twice, a second apart: between the two the commands arrive, and the
	# second is a new request of the same device.
	request twice "${post[@]}" -G 2 "$uri/bs?ep=$ep&pct=112"
	tap "$how: POST /bs: 2.04" answers twice 2.04
	tap "$how: the first command follows the 2.04" then_commands twice
	tap "$how: no Bootstrap-Finish to one that refused" never_finished twice
	tap "$how: a second request is answered too" \
		test "$(grep -c ' c:2.04 ' "$WORK/twice")" -eq 2

	request order "${post[@]}" "$uri/bs?pct=112&ep=$ep&x=y"
	tap "$how: any order, unknown query: 2.04" answers order 2.04
	request old "${post[@]}" "$uri/bs?ep=$ep"
	tap "$how: no pct: 2.04" answers old 2.04
	request tlv "${post[@]}" "$uri/bs?ep=$ep&pct=11542"
	tap "$how: pct=11542: 2.04" answers tlv 2.04

	request unknown "${post[@]}" "$uri/bs?ep=$ep&pct=99999"
	tap "$how: pct=99999: 4.15" answers unknown 4.15
	request garbage "${post[@]}" "$uri/bs?ep=$ep&pct=abc"
	tap "$how: pct=abc: 4.00" answers garbage 4.00
	request empty "${post[@]}" "$uri/bs?ep=$ep&pct="
	tap "$how: empty pct: 4.00" answers empty 4.00
	request double "${post[@]}" "$uri/bs?ep=$ep&ep=$ep"
	tap "$how: ep twice: 4.00" answers double 4.00

	request pack "${client[@]}" -m get -A 112 "$uri/bspack?ep=$ep"
	tap "$how: GET /bspack, which its policy has not: 4.05" \
		answers pack 4.05
	request get "${client[@]}" -m get "$uri/bs?ep=$ep"
	tap "$how: GET /bs: 4.05" answers get 4.05
	request put "${client[@]}" -m put -e x "$uri/bs?ep=$ep"
	tap "$how: PUT /bs: 4.05" answers put 4.05
	request path "${post[@]}" "$uri/rd?ep=$ep"
	tap "$how: POST /rd: 4.04" answers path 4.04
	request root "${client[@]}" -m get "$uri/"
	tap "$how: GET /: 4.04" answers root 4.04
}

# with no credential to tell who it is
unnamed() {
	local how=$1 uri=$2

	request noep $plain -v 7 -B 5 -m post "$uri/bs?pct=112"
	tap "$how: no ep: 4.00" answers noep 4.00
	request emptyep $plain -v 7 -B 5 -m post "$uri/bs?ep="
	tap "$how: empty ep: 4.00" answers emptyep 4.00
	request critical $plain -v 7 -B 5 -m post -O 65001,x "$uri/bs?ep=$ep"
	tap "$how: unknown critical option: 4.02" answers critical 4.02
}

# with one
named() {
	local how=$1 uri=$2 program=$3
	local wrong=("$program" -v 7 -B 5 -m post)
	local secure=("${wrong[@]}" -u "$PSK_IDENTITY" -k "$psk")

	request noep "${secure[@]}" "$uri/bs?pct=112"
	tap "$how: no ep, the credential names the device: 2.04" \
		answers noep 2.04
	request spoof "${secure[@]}" "$uri/bs?ep=interop-coap-client"
	tap "$how: the ep of another device: 4.00" answers spoof 4.00
	request wrong "${wrong[@]}" -u "$PSK_IDENTITY" -k not-the-key \
		"$uri/bs?ep=$ep"
	tap "$how: wrong key: no session" no_session wrong
	request nobody "${wrong[@]}" -u interop-nobody -k "$psk" \
		"$uri/bs?ep=$ep"
	tap "$how: unknown identity: no session" no_session nobody
}

ep=interop-coap-client
routes NoSec "$COAP_URI" $plain
unnamed NoSec "$COAP_URI"
if [ -n "$COAP_TCP_URI" ]; then
	routes 'NoSec, TCP' "$COAP_TCP_URI" $plain
	unnamed 'NoSec, TCP' "$COAP_TCP_URI"
fi

ep=$ENDPOINT
for client in coap-client-openssl coap-client-gnutls; do
	if ! command -v $client >/dev/null; then
		tap_skip $client 'not installed (package libcoap3-bin)'
		continue
	elif [ "${#psk}" -eq 0 ] || [[ $PSK_KEY_HEX =~ ^(..)*00 ]]; then
		tap_skip $client 'cannot be given a key with a zero byte'
		continue
	fi
	for uri in "$COAPS_URI" ${COAPS_TCP_URI:+"$COAPS_TCP_URI"}; do
		how="$client, ${uri%%:*}"
		routes "$how" "$uri" "$client" -u "$PSK_IDENTITY" -k "$psk"
		named "$how" "$uri" "$client"
	done
done

request alive $plain -v 7 -B 5 -m post "$COAP_URI/bs?ep=interop-coap-client"
tap 'after all this: POST /bs: 2.04' answers alive 2.04
tap_end
