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

# Some devices of the bench are given packs.
cat >"$1/policies.d/packs.yaml" <<'END'
policy: packs
order: 10
match: {identity: lab-bench, endpoint: "interop-pack-*"}
device: {pack: true}
servers:
  - name: lab
    short_server_id: 123
    uri: coaps://127.0.0.1:5684
    security: {mode: psk, key: {derive: fleet-2026}}
END
chmod 644 "$1/policies.d/packs.yaml"
"$BOOTSTRAPCTL" -c "$CONFIG" reload >"$WORK/reload" 2>&1 || {
	sed 's/^/# /' "$WORK/reload"
	tap_bail 'the policy of packs is not loaded'
}
"$python" -B "$here/aio_client.py" "$COAP_URI" \
	${COAP_TCP_URI:+"$COAP_TCP_URI"}
