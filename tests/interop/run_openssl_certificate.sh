#!/bin/bash
# OpenSSL's s_client with certificates against a running bootstrapd: the suites
# of LwM2M over DTLS 1.2 with both sides authenticated, a Bootstrap-Request, and
# who is not let in.
#
# usage: run_openssl_certificate.sh DIR	(TAP; DIR as pki_daemon.sh makes it)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
# shellcheck source=openssl.sh disable=SC1091
. "${0%/*}/openssl.sh"
tap_begin "$@"
tap_needs CERT_ENDPOINT CERT_FILE KEY_FILE CA_FILE SERVER_NAME
dir=$1

openssl ciphers 'ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0' >/dev/null 2>&1 ||
	tap_skip_all 'this openssl has no ECDHE-ECDSA-AES128-CCM8'

# The daemon has to show a certificate for that name under our root.
expect_server=(-CAfile "$CA_FILE" -verify_return_error
	-verify_hostname "$SERVER_NAME" -servername "$SERVER_NAME")

# show CERTIFICATE KEY [CHAIN]: in PEM; the chain is sent behind it.
show() {
	credential=(-cert "$1" -key "$2" "${expect_server[@]}")
	[ $# -eq 2 ] || credential+=(-cert_chain "$3")
}

device() {
	show "$dir/$1.pem" "$dir/$1.key"
}

in_session() {
	established "$1" || { cat "$WORK/$1"; return 1; }
}

# told LOG ALERT: and nothing but that.
told() {
	no_session "$1" || return 1
	grep -q "alert number $2\$" "$WORK/$1" || { cat "$WORK/$1"; return 1; }
}

# An answer of 4.00 with our token, and nothing after it.
refused() {
	[[ $(<"$WORK/$1") =~ ^(6480$2|6000$2[45]480....)a1b2c3d4 ]] ||
		{ cut -c1-48 "$WORK/$1"; return 1; }
}

# No 2.04: whether the handshake fails or the request is refused depends on what
# the worker has seen before.
not_answered() {
	[[ ! $(<"$WORK/$1") =~ 44....a1b2c3d4 ]] ||
		{ cut -c1-48 "$WORK/$1"; return 1; }
}

# reason WHAT: it stands in the daemon's log of what it has refused.
reason() {
	grep -q "$1" "$dir/log" || { tail -n 20 "$dir/log"; return 1; }
}

protocol=-dtls1_2
show "$CERT_FILE" "$KEY_FILE"
for suite in ECDHE-ECDSA-AES128-CCM8 ECDHE-ECDSA-AES128-GCM-SHA256 \
	ECDHE-ECDSA-AES128-SHA256; do
	handshake $suite -cipher "$suite:@SECLEVEL=0"
	tap "$suite, both with certificates" agreed_on $suite $suite
done
handshake usual
tap 'what openssl offers by itself' in_session usual
handshake small -mtu 300 -cipher 'ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0'
tap 'certificates in many small datagrams' in_session small
handshake sha1 -cipher 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0'
tap 'ECDHE-ECDSA-AES128-SHA is not offered' no_session sha1

suite=ECDHE-ECDSA-AES128-CCM8
exchange post "$(bootstrap_request 1234 "$CERT_ENDPOINT")"
tap 'POST /bs in the session: 2.04, then a command' answered post 1234
exchange spoof "$(bootstrap_request 1235 vendor-gets-psk-2)"
tap 'the ep of another device: 4.00' refused spoof 1235

device vendor-gets-psk-2
handshake unchained
tap 'a certificate without its intermediate: bad_certificate' told unchained 42
show "$dir/vendor-gets-psk-2.pem" "$dir/vendor-gets-psk-2.key" \
	"$dir/vendor-issuing.pem"
handshake chain
tap 'and with it' in_session chain
exchange post2 "$(bootstrap_request 1236 vendor-gets-psk-2)"
tap 'and its bootstrap' answered post2 1236
device vendor-gets-psk-2
exchange again "$(bootstrap_request 1237 vendor-gets-psk-2)"
tap 'it is needed each time' not_answered again

tap 'a certificate of our own CA: openssl verifies it' \
	openssl verify -purpose sslclient -CAfile "$dir/root.pem" \
	-untrusted "$dir/device-ca.pem" "$dir/ours.pem"
device ours
exchange ours "$(bootstrap_request 1238 urn:dev:ops:0057F2-gets-certificate-1)"
tap 'and the device bootstraps with it' answered ours 1238

device stranger
handshake stranger
tap 'a certificate of a CA that nobody knows: bad_certificate' told stranger 42
tap 'and the log says so' reason certificate-untrusted
device expired
handshake expired
tap 'an expired certificate: bad_certificate' told expired 42
tap 'and the log says so' reason certificate-expired
device misused
handshake misused
tap 'a certificate for servers: bad_certificate' told misused 42
credential=("${expect_server[@]}")
handshake none
tap 'no certificate: handshake_failure' told none 40
show "$CERT_FILE" "$dir/vendor-gets-psk-2.key"
tap 'the key of another certificate: openssl itself refuses' \
	test "$(s_client 2>&1 </dev/null | grep -c 'key values mismatch')" -gt 0

credential=(-cert "$CERT_FILE" -key "$KEY_FILE" -CAfile "$dir/vendor.pem"
	-verify_return_error)
handshake distrust
tap 'who does not trust the daemon ends it' no_session distrust

# Pre-shared keys on the same port, also for who has both.
credential=(-psk_identity "$PSK_IDENTITY" -psk "$PSK_KEY_HEX")
handshake psk -cipher 'PSK-AES128-CCM8:@SECLEVEL=0'
tap 'a PSK on the same port' agreed_on psk PSK-AES128-CCM8
show "$CERT_FILE" "$KEY_FILE"
credential+=(-psk_identity "$PSK_IDENTITY" -psk "$PSK_KEY_HEX")
handshake both -cipher \
	'ECDHE-ECDSA-AES128-CCM8:PSK-AES128-CCM8:@SECLEVEL=0'
tap 'a PSK where both are offered' agreed_on both PSK-AES128-CCM8

show "$CERT_FILE" "$KEY_FILE"
handshake after
tap 'after all this: a certificate' in_session after
tap_end
