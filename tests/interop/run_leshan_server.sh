#!/bin/bash
# The whole way with Leshan on both of its ends: its client is bootstrapped by a
# running bootstrapd, registers at its server with what it was given, is told by
# that server to come again, and registers anew (1.1-int-1, 2, 5 and 7 of the
# ETS).
#
# What the LwM2M server has to know of a device, its pre-shared or raw public
# key, is taken from the device, which waits for that before it registers; or it
# is of a list that both servers have been given.
#
# usage: run_leshan_server.sh DIR	(TAP; DIR as pki_daemon.sh makes it)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
# shellcheck source=leshan.sh disable=SC1091
. "${0%/*}/leshan.sh"
# shellcheck source=leshan_server.sh disable=SC1091
. "${0%/*}/leshan_server.sh"
tap_begin "$@"
tap_needs SERVER_NAME CONFIG LEDGER
leshan_begin
dir=$1
server_begin "$dir"

# bootstraps ENDPOINT N: that many of its bootstraps come to stand in the ledger
# as ok, and no other.
bootstraps() {
	local found=''

	for _ in $(seq 100); do
		found=$(sqlite3 -readonly "$LEDGER" "SELECT outcome, count(*)
			FROM bootstraps WHERE endpoint = '$1'
			GROUP BY outcome")
		[ "$found" != "ok|$2" ] || return 0
		sleep 0.1
	done
	echo "$found"
	return 1
}

# push ENDPOINT CODE: by its server's trigger, until it has ended with that code.
push() {
	timeout 60 "$BOOTSTRAPCTL" -c "$CONFIG" push --via trigger --wait "$1"
	[ $? -eq "$2" ]
}

# pushed ENDPOINT WHAT: how and by whom the latest push of it went out, what that
# server answered, and what became of it: of its latest bootstrap, if any.
pushed() {
	local found

	found=$(sqlite3 -readonly "$LEDGER" "SELECT way, server,
		substr(status, 1, 1) || 'xx', outcome,
		CASE WHEN session IS NULL THEN 'nothing' WHEN session = (
			SELECT session FROM bootstraps AS b
			WHERE b.endpoint = pushes.endpoint
			ORDER BY b.seq DESC LIMIT 1) THEN 'latest'
		ELSE session END
		FROM pushes WHERE endpoint = '$1'
		ORDER BY seq DESC LIMIT 1")
	[ "$found" = "$2" ] || { echo "$found"; return 1; }
}

# --- keys (int-1), and the way back (int-5) -----------------------------------

endpoint=$ENDPOINT
device psk 3 --uri "$COAPS_URI" --endpoint "$endpoint" \
	--identity "$PSK_IDENTITY"
tap 'PSK: bootstrapped' awaits psk 1 '^BOOTSTRAP success'
tap 'PSK: not registered before' unregistered "$endpoint"
tap "PSK: Leshan's server is told the key" trusts "$endpoint" psk \
	"$(field psk identity)" "$(saved psk key hex)"
go_on psk
tap 'PSK: the device registers' awaits psk 1 '^REGISTRATION success'
tap 'PSK: with that key' registered "$endpoint" PskIdentity
tap 'PSK: and the Lifetime of the policy' \
	test "$(of_client "$endpoint" lifetime)" = 86400
before=$(of_client "$endpoint" registrationId)

tap '/1/x/9: 2.04' executes "$endpoint" "/1/$(server_instance psk)/9"
tap '/1/x/9: the device deregisters' \
	logged "DEREGISTERED endpoint=$endpoint id=$before expired=false"
tap '/1/x/9: the device comes again, and is bootstrapped' \
	awaits psk 2 '^BOOTSTRAP success'
tap '/1/x/9: both stand in the ledger' bootstraps "$endpoint" 2
go_on psk
tap '/1/x/9: and registers again' awaits psk 2 '^REGISTRATION success'
tap '/1/x/9: with the same key' registered "$endpoint" PskIdentity
tap '/1/x/9: it is a new registration' \
	differ "$before" "$(of_client "$endpoint" registrationId)"
before=$(of_client "$endpoint" registrationId)
tap 'push: bootstrapctl has the server send it here' \
	push "$endpoint" 0
tap 'push: the device is bootstrapped' awaits psk 3 '^BOOTSTRAP success'
tap 'push: the ledger says what that server answered, and what came of it' \
	pushed "$endpoint" 'trigger|dm|2xx|ok|latest'
tap 'push: all three stand in the ledger' bootstraps "$endpoint" 3
go_on psk
tap 'push: and registers again' awaits psk 3 '^REGISTRATION success'
tap 'push: it is a new registration' \
	differ "$before" "$(of_client "$endpoint" registrationId)"
device_end psk
tap 'the device is content' content psk
tap 'push: the device has gone without a word: failed' push "$endpoint" 1
tap 'push: Leshan'\''s server could not reach it' \
	pushed "$endpoint" 'trigger|dm|5xx|failed|nothing'

# --- a key that Leshan's server had before ------------------------------------

endpoint=vendor-gets-imported-1
certified=(--certificate "$dir/$endpoint.pem" --server "$dir/server.pem"
	--private-key "$dir/$endpoint.key")
IFS=, read -r _ key < <(tail -n 1 "$dir/operator.csv")
tap 'list: Leshan'\''s server has the operator'\''s key' \
	trusts "$endpoint" psk "$endpoint" "$key"
unset key
device imported 1 --uri "$COAPS_URI" --endpoint "$endpoint" "${certified[@]}"
go_on imported
tap 'list: the device registers' \
	awaits imported 1 '^REGISTRATION success'
tap 'list: with that key' registered "$endpoint" PskIdentity
device_end imported
tap 'list: the device is content' content imported

# --- certificates (int-2) and raw public keys ---------------------------------

endpoint=vendor-gets-certificate-1
certified=(--certificate "$dir/$endpoint.pem" --server "$dir/server.pem"
	--private-key "$dir/$endpoint.key")
device certificate 1 --uri "$COAPS_URI" --endpoint "$endpoint" \
	"${certified[@]}"
tap 'certificate: bootstrapped' awaits certificate 1 '^BOOTSTRAP success'
tap "certificate: Leshan's server is told to expect one" \
	trusts "$endpoint" x509
go_on certificate
tap 'certificate: the device registers' \
	awaits certificate 1 '^REGISTRATION success'
tap 'certificate: with it' registered "$endpoint" X509Identity
device_end certificate
tap 'certificate: the device is content' content certificate

endpoint=vendor-gets-rpk-1
certified=(--certificate "$dir/$endpoint.pem" --server "$dir/server.pem"
	--private-key "$dir/$endpoint.key")
device raw 1 --uri "$COAPS_URI" --endpoint "$endpoint" "${certified[@]}"
tap 'raw key: bootstrapped' awaits raw 1 '^BOOTSTRAP success'
tap "raw key: Leshan's server is told it" trusts "$endpoint" rpk \
	"$(saved raw identity der | od -An -v -tx1 | tr -d ' \n')"
go_on raw
tap 'raw key: the device registers' awaits raw 1 '^REGISTRATION success'
tap 'raw key: with it' registered "$endpoint" RpkIdentity
device_end raw
tap 'raw key: the device is content' content raw

# --- a device that Leshan's server does not know ------------------------------

endpoint=vendor-gets-psk-1
certified=(--certificate "$dir/$endpoint.pem" --server "$dir/server.pem"
	--private-key "$dir/$endpoint.key")
device unknown 1 --uri "$COAPS_URI" --endpoint "$endpoint" "${certified[@]}" \
	--patience 1500
tap 'unknown key: bootstrapped' awaits unknown 1 '^BOOTSTRAP success'
go_on unknown
tap 'unknown key: the device cannot register' \
	awaits unknown 1 '^REGISTRATION (timeout|failure)'
tap 'unknown key: it is not registered' unregistered "$endpoint"
kill "${device_pid[unknown]}"
device_end unknown
tap "push: Leshan's server does not know that one either: failed" \
	push "$endpoint" 1
tap 'push: and so says the ledger' \
	pushed "$endpoint" 'trigger|dm|4xx|failed|nothing'

# --- a server that is dead (int-7) --------------------------------------------

# Nobody is there where the factory sent it.
endpoint=vendor-gets-certificate-1
certified=(--certificate "$dir/$endpoint.pem" --server "$dir/server.pem"
	--private-key "$dir/$endpoint.key")
device dead 1 --uri "$COAPS_URI" --endpoint "$endpoint" "${certified[@]}" \
	--factory "coap://127.0.0.1:9" --patience 1500
tap 'dead server: the device does not get through to it' \
	awaits dead 1 '^REGISTRATION (timeout|failure) server=coap://127.0.0.1:9'
tap 'dead server: and turns to its Bootstrap-Server' \
	awaits dead 1 '^BOOTSTRAP success'
tap 'dead server: its account is gone' \
	test "$(grep -c '^RESULT security/.*bootstrap=false' "$WORK/dead")" = 1
go_on dead
tap 'dead server: the device registers where it was sent' \
	awaits dead 1 "^REGISTRATION success server=$dm"
device_end dead
tap 'dead server: the device is content' content dead

tap_end
