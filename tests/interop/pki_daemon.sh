#!/usr/bin/env bash
# Start a daemon that takes certificates and raw public keys, run one of the
# scripts here against it, and end the daemon: pki_daemon.sh BUILD-DIR SCRIPT
#
# Two worlds meet at it: a vendor's devices, with certificates that openssl has
# made, and what our ceremony and image builder make in the token. What a
# device gets says its endpoint: *-gets-psk-*, *-gets-certificate-*,
# *-gets-rpk-*. The script is given a folder with connect.env and
#
#	root.pem server.pem	our anchor; what the daemon shows
#	server.spki		the key of that, which it shows raw
#	operator.spki dm-ca.pem	what devices are to expect of LwM2M servers, and
#	operator.pem .key	with what these can show it
#	vendor.pem		the vendor's anchor, and below NAME.pem, NAME.key:
#	vendor-gets-*-1		let in: by the anchor itself
#	vendor-gets-psk-2	and by an intermediate, vendor-issuing.pem
#	expired misused stranger	not let in; the last by another anchor
#	raw-gets-*-1.spki	raw keys that the table lists
#	raw-nobody.spki		and one that it does not
#	operator.csv		keys that the operator has for its devices, and
#				has handed to us: of *-gets-imported-*
#	ours.pem ours.key	let in: signed by our CA in the token
#
# SPDX-License-Identifier: GPL-3.0-or-later

set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
build=$1 script=$2
bootstrapd=$build/bootstrapd/bootstrapd
tool=$build/provisioning-tool/provisioning-tool

skip()
{
	echo "1..0 # SKIP $*"
	exit 0
}
command -v openssl >/dev/null || skip 'no openssl (package openssl)'
command -v softhsm2-util >/dev/null || skip 'no SoftHSM2 (package softhsm2)'
module=
for m in /usr/lib/softhsm/libsofthsm2.so \
	"/usr/lib/$(gcc -dumpmachine)/softhsm/libsofthsm2.so"; do
	[ ! -e "$m" ] || module=$m
done
[ -n "$module" ] || skip 'no SoftHSM2 module (package softhsm2)'

dir=$(mktemp -d)
daemon=''
# shellcheck disable=SC2329 # called by the trap
finish()
{
	trap - EXIT
	[ -z "$daemon" ] ||
		{ kill -TERM "$daemon" 2>/dev/null && wait "$daemon"; } || :
	rm -rf "$dir"
}
trap finish EXIT
bail()
{
	sed 's/^/# /' "$dir/said" 2>/dev/null || :
	echo "Bail out! $*"
	exit 1
}
# quietly WHAT COMMAND ...: what it says is shown where it fails.
quietly()
{
	local what=$1
	shift
	"$@" >"$dir/said" 2>&1 || bail "$what"
}

# --- a token, and what our ceremony makes in it -------------------------------

keeper_uid=61701 worker_uid=61702 # started as root it becomes these
chmod 711 "$dir"
mkdir -m 700 "$dir/tokens" "$dir/state"
mkdir "$dir/policies.d"
export SOFTHSM2_CONF=$dir/softhsm2.conf
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
	"$dir/tokens" >"$SOFTHSM2_CONF"
(umask 077; od -An -N8 -tx8 /dev/urandom | tr -d ' ' >"$dir/pin")
PIN=$(cat "$dir/pin")
export PIN
quietly 'no token' softhsm2-util --init-token --free --label bootstrap \
	--so-pin "$PIN" --pin "$PIN"

cat >"$dir/ceremony.yaml" <<END
ceremony: interop
on_missing: generate
token:
  module: $module
  token: "pkcs11:token=bootstrap"
  pin: {env: PIN}
ledger: state/ledger.db
transcript: transcript.txt
steps:
  - master: bootstrap-2026
  - master: fleet-2026
  - master: seal-2026
  - root:
      key: root
      subject: {O: Example Meters, CN: Interop Root}
      validity: 10y
      out: root.pem
  - issuing:
      key: device-ca
      issuer: root
      subject: {O: Example Meters, CN: Interop Device CA}
      validity: 5y
      out: device-ca.pem
  - server:
      key: bootstrap-server
      issuer: root
      subject: {O: Example Meters, CN: Interop Bootstrap Server}
      dns: [localhost, boot.lwm2m.example]
      ip: [127.0.0.1]
      validity: 1y
      out: server.pem
END
quietly 'the ceremony' "$tool" pki ceremony "$dir/ceremony.yaml"

# --- the vendor, and the operator of the LwM2M servers: openssl alone ---------

cat >"$dir/openssl.cnf" <<'END'
[ca]
default_ca = here
[here]
new_certs_dir = $ENV::made
database = $ENV::made/index
rand_serial = yes
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[device]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
[operator]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:dm.lwm2m.example
END
export made=$dir/made
mkdir "$made"
touch "$made/index"

# new_key NAME: NAME.key (PKCS #8, PEM) and NAME.spki (DER).
new_key()
{
	quietly "the key of $1" openssl genpkey -algorithm EC \
		-pkeyopt ec_paramgen_curve:P-256 -out "$dir/$1.key"
	quietly "the key of $1" openssl pkey -in "$dir/$1.key" -pubout \
		-outform DER -out "$dir/$1.spki"
}

# sign NAME PROFILE CA [UNTIL]: NAME.pem with that common name.
sign()
{
	local -a by=(-keyfile "$dir/$3.key" -cert "$dir/$3.pem")

	[ "$1" != "$3" ] || by=(-keyfile "$dir/$3.key" -selfsign)
	new_key "$1"
	quietly "the request of $1" openssl req -new -subj "/CN=$1" \
		-config "$dir/openssl.cnf" -key "$dir/$1.key" -out "$made/csr"
	quietly "the certificate of $1" openssl ca -batch -notext \
		-config "$dir/openssl.cnf" "${by[@]}" -extensions "$2" \
		-startdate 20200101000000Z -enddate "${4:-20600101000000Z}" \
		-in "$made/csr" -out "$dir/$1.pem"
}

sign vendor authority vendor
sign vendor-issuing authority vendor
sign other authority other
sign dm-ca authority dm-ca
sign operator operator dm-ca
for what in psk certificate rpk; do
	sign "vendor-gets-$what-1" device vendor
	new_key "raw-gets-$what-1"
done
sign vendor-gets-psk-2 device vendor-issuing
sign vendor-gets-imported-1 device vendor
sign expired device vendor 20210101000000Z
sign misused server vendor
sign stranger device other
new_key raw-nobody

# --- who may come, and what they get ------------------------------------------

for file in root.pem device-ca.pem vendor.pem dm-ca.pem operator.spki; do
	cp "$dir/$file" "$dir/policies.d/"
done
{
	echo sha256,endpoint
	for what in psk certificate rpk; do
		printf '%s,raw-gets-%s-1\n' "$(sha256sum \
			"$dir/raw-gets-$what-1.spki" | cut -c1-64)" "$what"
	done
} >"$dir/policies.d/raw-keys.csv"
(
	umask 077
	printf 'endpoint,key hex\nvendor-gets-imported-1,%s\n' \
		"$(openssl rand -hex 16)" >"$dir/operator.csv"
)
cat >"$dir/policies.d/interop.yaml" <<'END'
identity: keys
endpoint: "keys-*"
psk: {derive: bootstrap-2026}
---
identity: vendor
certificate: {trust: vendor.pem, endpoint: cn}
---
identity: ours
endpoint: "urn:dev:ops:0057F2-*"
certificate: {trust: device-ca.pem, endpoint: san-uri}
---
identity: raw
rpk: {table: raw-keys.csv}
---
authority: device-ca
certificate: device-ca.pem
---
policy: certificates
match: {identity: [keys, vendor, ours, raw], endpoint: "*-gets-certificate-*"}
clean: [/0, /1]
servers:
  - name: dm
    short_server_id: 101
    uri: coaps://dm.lwm2m.example
    security:
      mode: certificate
      issue: {ca: device-ca, validity: 2y}
      server_certificate:
        {file: dm-ca.pem, usage: trust-anchor, sni: dm.lwm2m.example}
---
policy: raw-keys
match: {identity: [keys, vendor, ours, raw], endpoint: "*-gets-rpk-*"}
clean: [/0, /1]
servers:
  - name: dm
    short_server_id: 102
    uri: coaps://dm.lwm2m.example
    security: {mode: rpk, server_key: {file: operator.spki}}
---
policy: keys
match: {identity: [keys, vendor, ours, raw], endpoint: "*-gets-psk-*"}
clean: [/0, /1]
servers:
  - name: dm
    short_server_id: 103
    uri: coaps://dm.lwm2m.example
    security: {mode: psk, key: {derive: fleet-2026}}
    trigger: {url: "https://dm.lwm2m.example/api/clients/{endpoint}/1/0/9"}
---
policy: imported
match: {identity: [keys, vendor, ours, raw], endpoint: "*-gets-imported-*"}
clean: [/0, /1]
servers:
  - name: dm
    short_server_id: 104
    uri: coaps://dm.lwm2m.example
    security: {mode: psk, key: {imported: operator}}
END

# --- the daemon ---------------------------------------------------------------

{
	cat <<-END
	listen:
	  - coaps://127.0.0.1:0
	workers: 2
	hsm:
	  module: $module
	  token: "pkcs11:token=bootstrap"
	  pin: {file: pin}
	server:
	  certificate: server.pem
	  key: "pkcs11:object=bootstrap-server"
	policies: policies.d
	ledger: state/ledger.db
	control: state/control.sock
	END
	[ "$(id -u)" -ne 0 ] ||
		echo "user: {worker: $worker_uid, keeper: $keeper_uid}"
} >"$dir/bootstrapd.yaml"
with_token=(--module "$module" --token 'pkcs11:token=bootstrap' --pin-env PIN
	--ledger "$dir/state/ledger.db")
quietly "the operator's keys" "$tool" psk import "${with_token[@]}" \
	--collection operator --seal seal-2026 "$dir/operator.csv"
own()
{
	[ "$(id -u)" -ne 0 ] || chown -R "$keeper_uid:$keeper_uid" \
		"$dir/tokens" "$dir/state" "$dir/pin"
}
own
"$bootstrapd" -v -c "$dir/bootstrapd.yaml" >"$dir/log" 2>&1 &
daemon=$!
for _ in $(seq 600); do
	! grep -q ' ready ' "$dir/log" || break
	kill -0 "$daemon" 2>/dev/null ||
		{ cp "$dir/log" "$dir/said"; bail 'the daemon did not start'; }
	sleep 0.1
done
uri=coaps://$(sed -n 's/.*listening scheme=coaps address=\([^ ]*\).*/\1/p' \
	"$dir/log" | head -n 1)

# --- credentials of our own, and where everything is --------------------------

with_token+=(--policies "$dir/policies.d")
quietly 'the image of a PSK' "$tool" image build "${with_token[@]}" \
	--identity keys --endpoint keys-gets-psk-1 --uri "$uri" \
	--format json -o "$dir/psk.json"
quietly 'a certificate of our own' "$tool" pki issue "${with_token[@]}" \
	--authority device-ca --endpoint urn:dev:ops:0057F2-gets-certificate-1 \
	--key-out "$dir/ours.key" -o "$dir/ours.pem"
own
openssl x509 -in "$dir/server.pem" -pubkey -noout |
	openssl pkey -pubin -outform DER -out "$dir/server.spki"

key=$(sed -n 's|.*"path":"/0/1/5",.*"value":"\([0-9a-f]*\)".*|\1|p' \
	"$dir/psk.json")
cat >"$dir/connect.env" <<END
COAPS_URI=$uri
CONFIG=$dir/bootstrapd.yaml
LEDGER=$dir/state/ledger.db
ENDPOINT=keys-gets-psk-1
PSK_IDENTITY=keys-gets-psk-1
PSK_KEY_HEX=$key
CERT_ENDPOINT=vendor-gets-psk-1
CERT_FILE=$dir/vendor-gets-psk-1.pem
KEY_FILE=$dir/vendor-gets-psk-1.key
CA_FILE=$dir/root.pem
SERVER_NAME=boot.lwm2m.example
END

export BOOTSTRAPCTL=$build/bootstrapd/bootstrapctl
code=0
"$here/$script" "$dir" || code=$?
[ "$code" -eq 0 ] || [ "$code" -eq 77 ] ||
	tail -n 60 "$dir/log" | sed 's/^/# /'
exit "$code"
