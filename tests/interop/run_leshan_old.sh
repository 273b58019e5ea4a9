#!/bin/bash
# A device of LwM2M 1.0, on the first generation of Leshan, against a running
# bootstrapd: it names no Content-Format, has no Discover in bootstrap, no
# resources of 1.1, and registers in the end at Leshan's server of today.
#
# usage: run_leshan_old.sh DIR	(TAP; DIR as pki_daemon.sh makes it)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
# shellcheck source=leshan.sh disable=SC1091
. "${0%/*}/leshan.sh"
# shellcheck source=leshan_server.sh disable=SC1091
. "${0%/*}/leshan_server.sh"
tap_begin "$@"
tap_needs CONFIG
leshan_begin
server_begin "$1"
leshan_begin leshan1

endpoint=$ENDPOINT
psk=(--uri "$COAPS_URI" --endpoint "$endpoint" --identity "$PSK_IDENTITY")
device first 1 "${psk[@]}"
tap 'bootstrapped' awaits first 1 '^BOOTSTRAP success'
tap 'in TLV, as it names no format' test "$(formats_of "$endpoint")" = TLV
tap 'with what it is to have' \
	grep -qE "^RESULT server/.* ssid=$(field first ssid) lifetime=86400" \
	"$WORK/first"
tap "Leshan's server is told the key" trusts "$endpoint" psk \
	"$(field first identity)" "$(saved first key hex)"
go_on first
tap 'the device registers' awaits first 1 "^REGISTRATION success server=$dm"
tap 'with that key' registered "$endpoint" PskIdentity
tap 'as a device of 1.0' test "$(of_client "$endpoint" lwM2mVersion)" = 1.0
device_end first
tap 'the device is content' content first

client json "${psk[@]}" --pct 11543
tap 'bootstrapped in the JSON of 1.0' content json
tap 'in that alone' \
	test "$(formats_of "$endpoint" | paste -sd,)" = 'OMA JSON,TLV'
tap 'with the same key' \
	test "$(field first key_sha256)" = "$(field json key_sha256)"

tap_end
