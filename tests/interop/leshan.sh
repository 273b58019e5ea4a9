# shellcheck shell=bash
# What the scripts share that let Leshan's client come to a daemon. Sourced
# after tap.sh, never run.

# leshan_begin: build the device, or end as skipped with the reason. That of the
# first generation in its place: leshan_begin leshan1.
leshan_begin() {
	jars=$("${0%/*}/${1:-leshan}/build" 2>"$WORK/build" | tail -n 1) || {
		[ $? -eq 77 ] && tap_skip_all "$(tail -n 1 "$WORK/build")"
		tap_bail "$(tail -n 1 "$WORK/build")"
	}
}

# client LOG ARGUMENT ...: one run of the device, its lines in $WORK/LOG.
client() {
	local log=$WORK/$1
	shift

	LESHAN_PSK_HEX=${key:-$PSK_KEY_HEX} java -cp "$jars/*" BootClient \
		--timeout 30 "$@" >"$log" 2>&1 </dev/null
	status=$?
}

show() {
	grep -v '^RESULT' "$WORK/$1"
	return 1
}

# field LOG NAME: of the account for the LwM2M server.
field() {
	sed -n "s/^RESULT security.* $2=\([^ ]*\) .*bootstrap=false\$/\1/p" \
		"$WORK/$1"
}

wrote_in() {
	local formats
	formats=$(sed -n 's/^REQUEST WRITE .* format=\([0-9]*\) .*/\1/p' \
		"$WORK/$1" | sort -u)
	[ "$formats" = "$2" ] || { echo "formats: $formats"; return 1; }
}

offered_cipher() {
	grep -qx "BOOTSTRAP accepted code=2.04 cipher=$2" "$WORK/$1" || show "$1"
}

refused_with() {
	if [ "$status" -ne 1 ] ||
		! grep -q "^BOOTSTRAP refused code=$2 " "$WORK/$1"; then
		show "$1"
	fi
}

# No session, hence no CoAP: neither accepted nor refused, only failed.
no_session() {
	if [ "$status" -eq 0 ] ||
		! grep -qE '^BOOTSTRAP (failure code=-|timeout)' "$WORK/$1" ||
		grep -qE '^BOOTSTRAP (accepted|refused)' "$WORK/$1"; then
		show "$1"
	fi
}

same_ending() {
	diff <(sed -n 's/ ms=.*//; /^BOOTSTRAP [ft]/p' "$WORK/$1") \
		<(sed -n 's/ ms=.*//; /^BOOTSTRAP [ft]/p' "$WORK/$2")
}

differ() {
	if [ -z "$1" ] || [ -z "$2" ] || [ "$1" = "$2" ]; then
		echo "'$1' and '$2'"
		return 1
	fi
}
