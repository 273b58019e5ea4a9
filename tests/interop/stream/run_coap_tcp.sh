#!/bin/bash
# CoAP over TCP with libcoap: its coap-client against a peer of ours, and a peer
# of ours against its coap-server. What crosses: small and large bodies both
# ways, in one message and in (BERT) blocks.
#
# usage: run_coap_tcp.sh STREAM_PEER	(TAP; exit 0 or 1)

# shellcheck source-path=SCRIPTDIR source=../tap.sh disable=SC1091
. "${0%/*}/../tap.sh"

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
	echo "usage: ${0##*/} STREAM_PEER" >&2
	exit 64
fi
peer=$1
client=coap-client-notls server=coap-server-notls
command -v $client >/dev/null ||
	tap_skip_all "no $client (package libcoap3-bin)"
WORK=$(mktemp -d) || tap_bail 'no temporary directory'
theirs=''
finish() {
	exec 9>&-
	[ -z "$theirs" ] || { kill "$theirs" && wait "$theirs"; } 2>/dev/null
	rm -rf "$WORK"
}
trap finish EXIT

# --- coap-client asks us; our server lives as long as descriptor 9 is open
mkfifo "$WORK/life"
"$peer" serve <"$WORK/life" >"$WORK/port" 2>"$WORK/log" &
exec 9>"$WORK/life"
for _ in $(seq 100); do
	[ ! -s "$WORK/port" ] || break
	sleep 0.1
done
read -r _ port <"$WORK/port" || tap_bail 'stream_peer did not start'
uri=coap+tcp://127.0.0.1:$port

# get METHOD PATH OPTION ...: the body of the answer in $WORK/got.
get() {
	local method=$1 path=$2
	shift 2

	rm -f "$WORK/got"
	timeout 20 $client -v 4 -B 10 -m "$method" -o "$WORK/got" "$@" \
		"$uri/$path" </dev/null 2>&1
}

# body BYTES: printable, no two kilobytes alike.
body() {
	awk -v n="$1" 'BEGIN { for (i = 0; length(s) < n; i++) s = s i " "
		printf "%s", substr(s, 1, n) }'
}

# shellcheck disable=SC2317,SC2329
hello() {
	get get hello && [ "$(cat "$WORK/got")" = hello ]
}

# shellcheck disable=SC2317,SC2329
big() {
	get get big && [ "$(stat -c %s "$WORK/got")" -eq 40000 ]
}

# shellcheck disable=SC2317,SC2329
echoed() {
	body "$1" >"$WORK/sent"
	get post echo -f "$WORK/sent" "${@:2}" &&
		cmp "$WORK/sent" "$WORK/got"
}

# In blocks, and asked for in a request of its own.
# shellcheck disable=SC2317,SC2329
kept() {
	body "$1" >"$WORK/sent"
	get post echo -f "$WORK/sent" "${@:2}" && get get echo &&
		cmp "$WORK/sent" "$WORK/got"
}

# shellcheck disable=SC2317,SC2329
ended_well() {
	! grep -vE '^(end: (closed|released), |block1 )' "$WORK/log"
}

tap 'coap-client: GET' hello
tap 'coap-client: a second connection' hello
tap 'coap-client: GET of 40000 bytes in blocks' big
tap 'coap-client: POST of 4 KiB, 4 KiB come back' echoed 4096
tap 'coap-client: POST of 15000 bytes in one message' echoed 15000
tap 'coap-client: no blocks so far' test "$(grep -c block1 "$WORK/log")" -eq 0
tap 'coap-client: POST of 30000 bytes in BERT blocks' kept 30000
tap 'those were BERT blocks' grep -q 'block1 0/1/7 ' "$WORK/log"
tap 'coap-client: POST of 4 KiB in blocks of 256' kept 4096 -b 256
tap 'coap-client: it takes 1152 bytes, which is enough' echoed 1000 -X 1152
tap 'no connection ended with a fault' ended_well

# --- we ask coap-server
if ! command -v $server >/dev/null; then
	tap_skip "$server" 'not installed (package libcoap3-bin)'
	tap_end
fi
port=$((20000 + RANDOM % 20000))
$server -A 127.0.0.1 -p $port -d 10 -e -v 3 >"$WORK/server" 2>&1 &
theirs=$!
for _ in $(seq 100); do
	! (: </dev/tcp/127.0.0.1/$port) 2>/dev/null || break
	sleep 0.1
done

# says PATTERN METHOD PATH [BYTES]
# shellcheck disable=SC2317,SC2329
says() {
	local said

	said=$(timeout 20 "$peer" ask $port "${@:2}" 2>"$WORK/end")
	# shellcheck disable=SC2254
	case $said in
	$1*) ;;
	*) echo "$said"; return 1 ;;
	esac
}

tap 'coap-server: GET /' says '2.05 Content' get /
tap 'coap-server: GET of what is not there' says '4.04' get /nothing
tap 'coap-server: PUT of 4 KiB' says '2.0' put /example_data 4096
tap 'coap-server: the 4 KiB come back' says '2.05 Content 4096 same' \
	get /example_data
tap 'coap-server: PUT of 40000 bytes in BERT blocks' \
	says '2.0' put /example_data 40000
tap 'coap-server: and they come back' says '2.05 Content 40000 same' \
	get /example_data
tap_end
