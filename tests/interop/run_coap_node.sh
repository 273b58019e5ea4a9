#!/bin/bash
# A device on coap-node, which speaks LwM2M 1.0 over NoSec, against a running
# bootstrapd. It closes its socket behind the answer to its request and opens it
# anew, so that the first command gets lost; it has no Discover in bootstrap, and
# dies of a Delete of an object, and of an account whose URI names no port.
#
# usage: run_coap_node.sh DIR	(TAP; skipped where it cannot be fetched)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
tap_begin "$@"
tap_needs COAP_URI CONFIG LEDGER

app=$("${0%/*}/coap_node/build" 2>"$WORK/build" | tail -n 1) || {
	[ $? -eq 77 ] && tap_skip_all "$(tail -n 1 "$WORK/build")"
	tap_bail "$(tail -n 1 "$WORK/build")"
}

# A policy for its kind, as an administrator would write one.
cat >"$1/policies.d/coap-node.yaml" <<'END'
policy: coap-node
order: 10
match: {identity: lab-bench, endpoint: "coap-node-*"}
device: {discover: false}
servers:
  - name: lab
    short_server_id: 77
    uri: coaps://127.0.0.1:9
    lifetime: 2d
    security: {mode: psk, key: {derive: fleet-2026}}
END
chmod 644 "$1/policies.d/coap-node.yaml"
tap 'a policy for its kind is loaded' "$BOOTSTRAPCTL" -c "$CONFIG" reload

# device LOG ENDPOINT: one run of it.
device() {
	local address=${COAP_URI#coap://}

	timeout 60 node "$app/device.js" "${address%:*}" "${address##*:}" "$2" \
		>"$WORK/$1" 2>&1 </dev/null
	status=$?
}

bootstrapped() {
	local account='^ACCOUNT .* uri=coaps://127\.0\.0\.1:9 mode=0 '
	account+="identity=$2 key_sha256=[0-9a-f]{64} ssid=77\$"

	if [ "$status" -ne 0 ] || ! grep -qE "$account" "$WORK/$1" ||
		[ "$(grep -c '^ACCOUNT' "$WORK/$1")" -ne 1 ] ||
		! grep -q '^SERVER .* ssid=77 lifetime=172800 binding=U$' \
			"$WORK/$1"; then
		cat "$WORK/$1"
		return 1
	fi
}

key() {
	sed -n 's/^ACCOUNT .* key_sha256=\([^ ]*\) .*/\1/p' "$WORK/$1"
}

# recorded ENDPOINT OUTCOME: of its latest bootstrap, once that has ended.
recorded() {
	local found=''

	for _ in $(seq 100); do
		found=$(sqlite3 -readonly "$LEDGER" "SELECT outcome
			FROM bootstraps WHERE endpoint = '$1'
			ORDER BY seq DESC LIMIT 1")
		[ "$found" != "$2" ] || return 0
		sleep 0.1
	done
	echo "$found"
	return 1
}

device first coap-node-1
tap 'bootstrapped' bootstrapped first coap-node-1
tap 'in TLV, as it named no format' \
	test "$(formats_of coap-node-1)" = TLV
tap 'and the ledger has it as ok' recorded coap-node-1 ok
device again coap-node-1
tap 'bootstrapped once more' bootstrapped again coap-node-1
tap 'with the same key' test "$(key first)" = "$(key again)"
device other coap-node-2
tap 'another device: bootstrapped' bootstrapped other coap-node-2
tap 'with a key of its own' test "$(key first)" != "$(key other)"
tap_end
