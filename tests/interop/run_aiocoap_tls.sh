#!/bin/bash
# A device on aiocoap with a certificate, by TLS of Python's own, against a
# running bootstrapd.
#
# usage: run_aiocoap_tls.sh DIR	(TAP; exit 0, 1, or 77 where it cannot be had)

# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
tap_begin "$@"
tap_needs COAPS_TCP_URI CERT_ENDPOINT SERVER_NAME

here=${0%/*}/aiocoap
python=$("$here/build" 2>"$WORK/build" | tail -n 1) || {
	[ $? -eq 77 ] && tap_skip_all "$(tail -n 1 "$WORK/build")"
	tap_bail "$(tail -n 1 "$WORK/build")"
}
"$python" -B "$here/aio_tls.py" \
	"coaps+tcp://$SERVER_NAME:${COAPS_TCP_URI##*:}" "$CERT_ENDPOINT" \
	"$CERT_FILE" "$KEY_FILE" "$CA_FILE"
