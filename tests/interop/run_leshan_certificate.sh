#!/bin/bash
# Leshan's client library with certificates and raw public keys against a
# running bootstrapd: how it comes, what it is given, and what it must be
# refused. At Finish Leshan takes apart what it was given.
#
# usage: run_leshan_certificate.sh DIR	(TAP; DIR as pki_daemon.sh makes it)

# shellcheck disable=SC2317,SC2329 # tap calls the functions by name
# shellcheck source-path=SCRIPTDIR source=tap.sh disable=SC1091
. "${0%/*}/tap.sh"
# shellcheck source=leshan.sh disable=SC1091
. "${0%/*}/leshan.sh"
tap_begin "$@"
tap_needs SERVER_NAME
leshan_begin
dir=$1

# The server's own certificate, and its anchor where usage 2 says so.
with_certificate() {
	local log=$1 endpoint=$2
	shift 2

	client "$log" --uri "$COAPS_URI" --endpoint "$endpoint" \
		--certificate "$dir/$endpoint.pem" \
		--private-key "$dir/$endpoint.key" \
		--server "$dir/server.pem" --save "$WORK" "$@"
}

with_raw_key() {
	local log=$1 endpoint=$2
	shift 2

	client "$log" --uri "$COAPS_URI" --endpoint "$endpoint" \
		--public-key "$dir/$endpoint.spki" \
		--private-key "$dir/$endpoint.key" \
		--server "$dir/server.spki" --save "$WORK" "$@"
}

sha256() {
	sha256sum | cut -c1-64
}

# bootstrapped LOG PATTERN: the device is content, and holds one account beside
# the Bootstrap-Server's that it came with, and that is so, with its Server
# instance.
uri='coaps://dm\.lwm2m\.example(:5684)?'
psk_account="^$uri psk [^ ]+ - - 103\$"
certificate_account="^$uri certificate - yes 2 101\$"
raw_account="^$uri rpk - yes -?[0-9]* 102\$"
bootstrapped() {
	local account ssid

	[ "$status" -eq 0 ] || { show "$1"; return; }
	[ "$(grep -c '^RESULT security/.* bootstrap=true$' "$WORK/$1")" -eq 1 ] ||
		{ echo 'not one Bootstrap-Server account'; return 1; }
	[ "$(grep -c '^RESULT security/.* bootstrap=false$' "$WORK/$1")" -eq 1 ] ||
		{ echo 'not one account for an LwM2M server'; return 1; }
	ssid=$(field "$1" ssid)
	account="$(field "$1" uri) $(field "$1" mode)"
	account+=" $(or_dash "$1" identity) $(or_dash "$1" pair)"
	account+=" $(or_dash "$1" usage) $ssid"
	[[ $account =~ $2 ]] || { echo "$account"; return 1; }
	grep -q "^RESULT server/.* ssid=$ssid lifetime=[1-9]" "$WORK/$1" ||
		{ grep '^RESULT server/' "$WORK/$1"; return 1; }
}

or_dash() {
	local value

	value=$(field "$@")
	echo "${value:--}"
}

# What it was given last, besides its Bootstrap-Server account.
given() {
	local instance

	instance=$(sed -n \
		's/^RESULT security\/\([0-9]*\) .*bootstrap=false$/\1/p' \
		"$WORK/$1")
	echo "$WORK/identity-$instance.der"
}

# certified LOG ENDPOINT: by our CA, for that endpoint, as openssl sees it.
certified() {
	local pem=$WORK/given.pem

	openssl x509 -inform DER -in "$(given "$1")" -out "$pem" || return 1
	openssl verify -purpose sslclient -CAfile "$dir/root.pem" \
		-untrusted "$dir/device-ca.pem" "$pem" || return 1
	[ "$(openssl x509 -in "$pem" -noout -subject -nameopt multiline |
		sed -n 's/ *commonName *= //p')" = "$2" ] ||
		{ openssl x509 -in "$pem" -noout -subject; return 1; }
	[ "$(wc -c <"$(given "$1")")" -lt 420 ] ||
		{ wc -c "$(given "$1")"; return 1; }
}

expects() {
	[ "$(field "$1" server_sha256)" = "$2" ] || { field "$1" server_sha256; return 1; }
}

with_certificate first vendor-gets-psk-1
tap 'certificate: bootstrapped' bootstrapped first "$psk_account"
tap 'certificate: over CCM-8' offered_cipher first \
	TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8
with_certificate anchor vendor-gets-psk-1 --usage 2 \
	--server "$dir/root.pem" --sni "$SERVER_NAME"
tap 'certificate, the server by its anchor (usage 2): bootstrapped' \
	bootstrapped anchor "$psk_account"
tap 'the same endpoint gets the same derived key' \
	test "$(field first key_sha256)" = "$(field anchor key_sha256)"
with_certificate noep vendor-gets-psk-1 --omit-ep
tap 'certificate without ep: the credential names the device' \
	bootstrapped noep "$psk_account"

for suite in TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 \
	TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256; do
	with_certificate "$suite" vendor-gets-psk-1 --cipher "$suite"
	tap "$suite: bootstrapped" bootstrapped "$suite" "$psk_account"
	tap "$suite: and nothing else was used" offered_cipher "$suite" "$suite"
done

for format in 112 11542; do
	with_certificate "cert-$format" vendor-gets-certificate-1 \
		--pct "$format"
	tap "certificate: given a certificate, in $format" \
		bootstrapped "cert-$format" "$certificate_account"
	tap 'and it was written so' wrote_in "cert-$format" "$format"
	tap 'by our CA, for that endpoint, below 420 bytes' \
		certified "cert-$format" vendor-gets-certificate-1
	tap 'and the anchor of the LwM2M server' expects "cert-$format" \
		"$(openssl x509 -in "$dir/dm-ca.pem" -outform DER | sha256)"
done
tap 'and its name' test "$(field cert-112 sni)" = dm.lwm2m.example
tap 'the key is new each time' differ "$(field cert-112 key_sha256)" \
	"$(field cert-11542 key_sha256)"
tap 'and so is the certificate' differ "$(field cert-112 identity_sha256)" \
	"$(field cert-11542 identity_sha256)"

with_certificate raw vendor-gets-rpk-1
tap 'certificate: given a raw key' bootstrapped raw "$raw_account"
tap 'and that of the LwM2M server' expects raw \
	"$(sha256 <"$dir/operator.spki")"

with_raw_key rpk raw-gets-psk-1
tap 'raw key: bootstrapped' bootstrapped rpk "$psk_account"
with_raw_key rpk-noep raw-gets-psk-1 --omit-ep
tap 'raw key without ep: the table names the device' \
	bootstrapped rpk-noep "$psk_account"
with_raw_key rpk-cert raw-gets-certificate-1
tap 'raw key: given a certificate' \
	bootstrapped rpk-cert "$certificate_account"
tap 'by our CA, for that endpoint' certified rpk-cert raw-gets-certificate-1
with_raw_key rpk-rpk raw-gets-rpk-1
tap 'raw key: given a raw key' bootstrapped rpk-rpk "$raw_account"
tap 'which is another' differ "$(field rpk-rpk identity_sha256)" \
	"$(sha256 <"$dir/raw-gets-rpk-1.spki")"

client psk --uri "$COAPS_URI" --endpoint "$ENDPOINT" --identity "$PSK_IDENTITY"
tap 'a PSK on the same port' bootstrapped psk "$psk_account"

with_certificate spoof vendor-gets-psk-1 --endpoint vendor-gets-psk-2
tap 'the ep of another device: 4.00' refused_with spoof 4.00
with_raw_key rpk-spoof raw-gets-psk-1 --endpoint raw-gets-rpk-1
tap 'likewise with a raw key' refused_with rpk-spoof 4.00
for name in stranger expired; do
	with_certificate $name $name --timeout 15
	tap "certificate $name: no session" no_session $name
done
with_raw_key nobody raw-nobody --timeout 15
tap 'a raw key that no table lists: no session' no_session nobody
with_certificate other vendor-gets-psk-1 --timeout 15 \
	--server "$dir/vendor.pem"
tap 'Leshan expects another server: no session' no_session other
with_raw_key rpk-other raw-gets-psk-1 --timeout 15 \
	--server "$dir/operator.spki"
tap 'likewise with a raw key' no_session rpk-other

with_certificate after vendor-gets-psk-1
tap 'certificate: bootstrapped once more' bootstrapped after "$psk_account"
tap_end
