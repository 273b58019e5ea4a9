#!/bin/bash
# Leshan's client library against a running bootstrapd: bootstraps over NoSec
# and PSK in the formats it knows, and what it must be refused.
#
# usage: run_leshan.sh DIR	(TAP; skipped where it cannot be built)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
# shellcheck source=leshan.sh disable=SC1091
. "${0%/*}/leshan.sh"
tap_begin "$@"
tap_needs COAP_URI CONFIG
leshan_begin

# Some devices of the bench are written to by object.
cat >"$1/policies.d/interop.yaml" <<'END'
policy: objects
order: 10
match: {identity: lab-bench, endpoint: "interop-objects-*"}
device: {level: object}
clean: [/0, /1]
servers:
  - name: lab
    short_server_id: 123
    uri: coaps://127.0.0.1:5684
    security: {mode: psk, key: {derive: fleet-2026}}
END
chmod 644 "$1/policies.d/interop.yaml"
tap 'a policy of Writes by object is loaded' \
	"$BOOTSTRAPCTL" -c "$CONFIG" reload

psk_account=' uri=coaps://[^ ]+ mode=psk identity=[^ -][^ ]* '
psk_account+='key_sha256=[0-9a-f]{64} ssid=([0-9]+) '

# The device is content, and holds one PSK account for an LwM2M server beside
# the Bootstrap-Server's that it came with.
bootstrapped() {
	local bs server account

	[ "$status" -eq 0 ] || { show "$1"; return; }
	bs=$(grep -c '^RESULT security/.* bootstrap=true$' "$WORK/$1")
	account=$(grep '^RESULT security/.* bootstrap=false$' "$WORK/$1")
	server=$(grep '^RESULT server/' "$WORK/$1")
	[ "$bs" -eq 1 ] || { echo "$bs Bootstrap-Server accounts"; return 1; }
	[ "$(wc -l <<<"$account")" -eq 1 ] || { echo "$account"; return 1; }
	[[ "$account " =~ $psk_account ]] || { echo "$account"; return 1; }
	[[ $server == *" ssid=${BASH_REMATCH[1]} lifetime="[1-9]* ]] ||
		{ echo "$server"; return 1; }
}

# The device says 4.15 to the format that it has named; the daemon goes on with
# the same Write, and keeps in mind what it has learned.
fell_back() {
	local writes
	writes=$(sed -nE 's/^REQUEST WRITE .* format=([0-9]*) .* -> (....).*/\1 \2/p' \
		"$WORK/$1" | paste -sd,)
	[[ $writes =~ ^$2\ 4\.15(,11542\ 2\.04)+$ ]] ||
		{ echo "$writes"; return 1; }
}

wrote_objects() {
	wrote_in "$1" "$2" && ! grep '^REQUEST WRITE /[0-9]*/' "$WORK/$1"
}

client nosec --uri "$COAP_URI" --endpoint interop-leshan-1
tap 'NoSec: bootstrapped' bootstrapped nosec
tap 'NoSec: written in the format of pct, 112' wrote_in nosec 112

client again --uri "$COAP_URI" --endpoint interop-leshan-1 --pct 11542
tap 'NoSec, pct=11542: bootstrapped' bootstrapped again
tap 'NoSec, pct=11542: written in TLV' wrote_in again 11542
tap 'the same endpoint gets the same derived key' \
	test "$(field nosec key_sha256)" = "$(field again key_sha256)"

client off --uri "$COAP_URI" --endpoint interop-leshan-2 --pct off
tap 'NoSec, no pct: bootstrapped' bootstrapped off
tap 'NoSec, no pct: written in TLV' wrote_in off 11542
tap 'another endpoint gets another key' \
	differ "$(field nosec key_sha256)" "$(field off key_sha256)"

# Leshan takes these as well, and has no name for the others.
for format in 110 11543; do
	client "pct-$format" --uri "$COAP_URI" --endpoint interop-leshan-1 \
		--pct "$format"
	tap "NoSec, pct=$format: bootstrapped" bootstrapped "pct-$format"
	tap "NoSec, pct=$format: written in that" \
		wrote_in "pct-$format" "$format"
	tap "NoSec, pct=$format: the same key" \
		test "$(field nosec key_sha256)" = \
		"$(field "pct-$format" key_sha256)"
done
for format in 11544 1542 1543; do
	client "pct-$format" --uri "$COAP_URI" --endpoint interop-leshan-1 \
		--pct "$format"
	tap "NoSec, pct=$format: bootstrapped" bootstrapped "pct-$format"
	tap "NoSec, pct=$format: refused once, then all in TLV" \
		fell_back "pct-$format" "$format"
done
for format in 112 110 11542 11543; do
	client "objects-$format" --uri "$COAP_URI" \
		--endpoint interop-objects-1 --pct "$format"
	tap "NoSec, by object, pct=$format: bootstrapped" \
		bootstrapped "objects-$format"
	tap "NoSec, by object, pct=$format: written so" \
		wrote_objects "objects-$format" "$format"
done

client noname --uri "$COAP_URI" --endpoint interop-leshan-3 --omit-ep
tap 'NoSec without ep: 4.00' refused_with noname 4.00

secure=(--uri "$COAPS_URI" --endpoint "$ENDPOINT" --identity "$PSK_IDENTITY")
client psk "${secure[@]}"
tap 'PSK: bootstrapped' bootstrapped psk
tap 'the key for the LwM2M server is not the bootstrap key' \
	differ "$(field psk key_sha256)" \
	"$(sed -n 's/^RESULT .*key_sha256=\([^ ]*\) .*=true$/\1/p' "$WORK/psk")"

for suite in TLS_PSK_WITH_AES_128_CCM_8 TLS_PSK_WITH_AES_128_GCM_SHA256 \
	TLS_PSK_WITH_AES_128_CBC_SHA256; do
	client "$suite" "${secure[@]}" --cipher "$suite"
	tap "$suite: bootstrapped" bootstrapped "$suite"
	tap "$suite: and nothing else was used" offered_cipher "$suite" "$suite"
done

client noep "${secure[@]}" --omit-ep
tap 'PSK without ep: the credential names the device' bootstrapped noep

client spoof --uri "$COAPS_URI" --endpoint interop-leshan-9 \
	--identity "$PSK_IDENTITY"
tap 'PSK with the ep of another device: 4.00' refused_with spoof 4.00

key=$(printf '%s' "$PSK_KEY_HEX" | tr 0123456789abcdefABCDEF \
	123456789abcdef0BCDEFA)
client wrong "${secure[@]}" --timeout 15
tap 'wrong key: no session' no_session wrong
client unknown --uri "$COAPS_URI" --endpoint "$ENDPOINT" \
	--identity interop-nobody --timeout 15
tap 'unknown identity: no session' no_session unknown
tap 'a wrong key and an unknown identity end alike' same_ending wrong unknown
unset key

client after "${secure[@]}"
tap 'PSK: bootstrapped once more' bootstrapped after
tap 'and with the same key' \
	test "$(field psk key_sha256)" = "$(field after key_sha256)"

tap_end
