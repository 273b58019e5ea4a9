#!/bin/bash
# Leshan's client boots from factory images: from what image inspect reads out
# of them and nothing else, against a running bootstrapd. With keys and with
# certificates, from an image in Intel HEX and from one of ESP-IDF's NVS.
#
# usage: run_leshan_image.sh DIR	(TAP; DIR as pki_daemon.sh makes it)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
# shellcheck source=leshan.sh disable=SC1091
. "${0%/*}/leshan.sh"
tap_begin "$@"
tap_needs COAPS_URI CONFIG SERVER_NAME
leshan_begin
dir=$1
tool=${BOOTSTRAPCTL%/bootstrapd/*}/provisioning-tool/provisioning-tool
command -v openssl >/dev/null || tap_skip_all 'no openssl (package openssl)'

# A factory line with certificates.
cp "$dir/root.pem" "$dir/policies.d/line-root.pem"
cat >"$dir/policies.d/line.yaml" <<'EOF'
identity: line
endpoint: "line-*"
certificate:
  trust: device-ca.pem
  endpoint: cn
  issue: {ca: device-ca}
  server_certificate:
    {file: line-root.pem, usage: trust-anchor, sni: boot.lwm2m.example}
---
policy: line
match: {identity: line}
clean: [/0, /1]
servers:
  - name: dm
    short_server_id: 103
    uri: coaps://dm.lwm2m.example
    security: {mode: psk, key: {derive: fleet-2026}}
EOF
chmod 644 "$dir/policies.d/line.yaml" "$dir/policies.d/line-root.pem"
tap 'a line with certificates is loaded' \
	"$BOOTSTRAPCTL" -c "$CONFIG" reload

module=$(sed -n 's/^ *module: //p' "$CONFIG")
with_token=(--module "$module" --token 'pkcs11:token=bootstrap' --pin-env PIN
	--policies "$dir/policies.d")

# image NAME IDENTITY ENDPOINT FORMAT OPTION ...: built, found good, read back.
image() {
	local name=$1 identity=$2 endpoint=$3 format=$4
	shift 4

	mkdir "$WORK/$name.d" &&
		"$tool" image build "${with_token[@]}" --identity "$identity" \
			--endpoint "$endpoint" --uri "$COAPS_URI" \
			--format "$format" "$@" -o "$WORK/$name.image" 2>&1 &&
		"$tool" image verify --strict "${with_token[@]}" \
			--identity "$identity" --uri "$COAPS_URI" \
			"$WORK/$name.image" 2>&1 &&
		"${0%/*}/read_image.py" "$tool" "$WORK/$name.image" \
			"$WORK/$name.d" 2>&1
}

value() {
	cat "$WORK/$1.d/$2"
}

from_psk_image() {
	key=$(value "$1" 5.hex) client "$1" --uri "$(value "$1" 0)" \
		--endpoint "$2" --identity "$(value "$1" 3)"
	bootstrapped "$1"
}

from_certificate_image() {
	local at=$WORK/$1.d

	openssl x509 -inform DER -in "$at/3" -out "$at/own.pem" || return 1
	openssl x509 -inform DER -in "$at/4" -out "$at/server.pem" || return 1
	sed 's/../\\x&/g' "$at/5.hex" >"$at/escaped" || return 1
	printf '%b' "$(cat "$at/escaped")" | openssl pkey -inform DER \
		-out "$at/own.key" || return 1
	client "$1" --uri "$(value "$1" 0)" --endpoint "$2" \
		--certificate "$at/own.pem" --private-key "$at/own.key" \
		--server "$at/server.pem" --usage "$(value "$1" 15)" \
		--sni "$(value "$1" 14)"
	bootstrapped "$1"
}

bootstrapped() {
	[ "$status" -eq 0 ] || { show "$1"; return; }
	[ "$(grep -c '^RESULT security/.* bootstrap=false$' "$WORK/$1")" -eq 1 ] ||
		{ echo 'not one account for an LwM2M server'; return 1; }
}

hex=(ihex --address 0x000FC000 --partition 8KiB)
nvs=(esp-nvs --partition 16KiB)
tap 'a key in Intel HEX' image psk-hex keys keys-gets-psk-21 "${hex[@]}"
tap 'Leshan boots from it' from_psk_image psk-hex keys-gets-psk-21
tap 'a key in NVS' image psk-nvs keys keys-gets-psk-22 "${nvs[@]}"
tap 'Leshan boots from it' from_psk_image psk-nvs keys-gets-psk-22
tap 'a certificate in Intel HEX' image x-hex line line-gets-psk-1 "${hex[@]}"
tap 'Leshan boots from it' from_certificate_image x-hex line-gets-psk-1
tap 'a certificate in NVS' image x-nvs line line-gets-psk-2 "${nvs[@]}"
tap 'Leshan boots from it' from_certificate_image x-nvs line-gets-psk-2
tap_end
