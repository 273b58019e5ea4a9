#!/bin/bash
# A device on aiocoap and cbor2 against a running bootstrapd, over NoSec, UDP and
# TCP: an independent CoAP stack and independent readers of what is written.
#
# usage: run_aiocoap.sh DIR	(TAP; exit 0, 1, or 77 where it cannot be had)

# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
tap_begin "$@"
tap_needs COAP_URI CONFIG

here=${0%/*}/aiocoap
python=$("$here/build" 2>"$WORK/build" | tail -n 1) || {
	[ $? -eq 77 ] && tap_skip_all "$(tail -n 1 "$WORK/build")"
	tap_bail "$(tail -n 1 "$WORK/build")"
}

# Some devices of the bench are given packs, or written to at another level.
policy() {
	cat <<-END
	---
	policy: $1
	order: 10
	match: {identity: lab-bench, endpoint: "$2"}
	device: {$3}
	servers:
	  - name: lab
	    short_server_id: 123
	    uri: coaps://127.0.0.1:5684
	    security: {mode: psk, key: {derive: fleet-2026}}
	END
}
{
	policy packs 'interop-pack-*' 'pack: true'
	policy objects interop-level-1 'level: object'
	policy resources interop-level-3 'level: resource'
	policy text interop-text 'level: resource, formats: [text]'
	policy opaque interop-opaque 'level: resource, formats: [opaque, text]'
	policy cbor interop-cbor 'level: resource, formats: [cbor]'
} >"$1/policies.d/interop.yaml"
chmod 644 "$1/policies.d/interop.yaml"
"$BOOTSTRAPCTL" -c "$CONFIG" reload >"$WORK/reload" 2>&1 || {
	sed 's/^/# /' "$WORK/reload"
	tap_bail 'their policies are not loaded'
}
"$python" -B "$here/aio_client.py" "$COAP_URI" \
	${COAP_TCP_URI:+"$COAP_TCP_URI"}
