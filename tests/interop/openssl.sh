# shellcheck shell=bash
# What the scripts share that let `openssl s_client` come to a daemon. Sourced
# after tap.sh, never run. They set:
#
#	protocol	-dtls1_2
#	credential	the arguments of s_client for what is shown, an array
#	suite		for exchange
#
# CCM-8 needs security level 0.

# shellcheck disable=SC2154 # they are set by the scripts

# s_client ARGUMENT ...: as $protocol and $credential say.
s_client() {
	timeout 12 openssl s_client "$protocol" -timeout \
		-connect "${COAPS_URI#coaps://}" "${credential[@]}" "$@"
}

# What passes is listed in $WORK/LOG, without the contents of a record.
handshake() {
	s_client "${@:2}" -msg </dev/null 2>&1 |
		grep -aE '^(<<<|>>>|    Cipher)|alert' >"$WORK/$1"
}

# The daemon's ChangeCipherSpec: it has verified our Finished. Some versions of
# OpenSSL have no names for the records of DTLS 1.2.
established() {
	grep -qE '^<<< .*(ChangeCipherSpec|content_type=20\))' "$WORK/$1"
}

agreed_on() {
	if ! established "$1" || ! grep -qx "    Cipher    : $2" "$WORK/$1"; then
		cat "$WORK/$1"
		return 1
	fi
}

# It answered something, but there is no session.
no_session() {
	if established "$1" || ! grep -q '^<<<' "$WORK/$1"; then
		cat "$WORK/$1"
		return 1
	fi
}

# Each kind of message that the daemon sent, once: repetitions are a matter of
# timers.
heard() {
	grep -aE '^<<<|alert' "$WORK/$1" | sed 's/^[0-9A-F]*:error/error/' |
		sort -u
}

alike() {
	diff <(heard "$1") <(heard "$2")
}

# bootstrap_request MID EP: a CON POST /bs?ep=EP&pct=112 with token a1b2c3d4,
# in hex (RFC 7252 section 3).
bootstrap_request() {
	local query=ep=$2 first
	local -i n=${#query}

	if [ $n -lt 13 ]; then
		printf -v first '4%x' $n
	else
		printf -v first '4d%02x' $((n - 13))
	fi
	printf '4402%s%s%s%s%s%s' "$1" a1b2c3d4 b26273 "$first" \
		"$(printf %s "$query" | od -An -v -tx1 | tr -d ' \n')" \
		"07$(printf pct=112 | od -An -v -tx1 | tr -d ' \n')"
}

# exchange LOG DATAGRAM ...: with $suite; sends each datagram (hex) and notes, in
# hex, the records that come back. The pauses make one record of each.
exchange() {
	local log=$1 datagram
	shift

	{
		sleep 1
		for datagram; do
			printf %b "$(sed 's/../\\x&/g' <(printf %s "$datagram"))"
			sleep 1
		done
	} | s_client -cipher "$suite:@SECLEVEL=0" -quiet -no_ign_eof \
		2>/dev/null | od -An -v -tx1 | tr -d ' \n' >"$WORK/$log"
}

# A 2.04 with our token, piggybacked (message ID and all) or separate; then a
# CON request of the daemon's own.
answered() {
	[[ $(<"$WORK/$1") =~ ^(6444$2|6000$2[45]444....)a1b2c3d4(4[0-8]0[1-4]) ]] ||
		{ cut -c1-48 "$WORK/$1"; return 1; }
}

# Two acknowledgements of the message ID, with one text.
acknowledged_twice() {
	[[ $(grep -oE "6(444$2a1b2c3d4|000$2)" "$WORK/$1" | uniq -c) =~ \
		^\ *2\ [0-9a-f]+$ ]] || { cut -c1-48 "$WORK/$1"; return 1; }
}
