# shellcheck shell=bash
# What the interop scripts share: the address of a running daemon, TAP output,
# a private work directory. Sourced, never run:
#
#	. "${0%/*}/tap.sh"
#	tap_begin "$@"		# reads DIR/connect.env, or ends with usage
#	tap_needs NAME ...	# ends where it does not say these
#	tap WHAT COMMAND ...	# one test: does the command succeed?
#	tap_end			# the plan; exit 0 or 1
#	formats_of ENDPOINT	# in which the daemon wrote to it, a line each

set -uo pipefail
umask 077

tap_count=0
tap_failed=0

# End the whole script as skipped, for what is not to be had on this machine.
# The plan says so; to a reader of TAP any other exit than 0 is a failure.
tap_skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

tap_bail() {
	echo "Bail out! $*"
	exit 1
}

# tap_needs NAME ...: what connect.env must say; more than what tap_begin asks
# for by itself.
tap_needs() {
	local name

	for name; do
		[ -n "${!name}" ] || tap_bail "connect.env has no $name"
	done
}

# The assignments of DIR/connect.env. They are read and not sourced, so that a
# value can hold whatever it likes.
tap_begin() {
	local name value

	if [ $# -ne 1 ] || [ ! -r "$1/connect.env" ]; then
		echo "usage: ${0##*/} DIR" >&2
		echo '  DIR holds the connect.env of a running bootstrapd' >&2
		exit 64
	fi
	# shellcheck disable=SC2034 # for the scripts that source this
	COAP_URI='' COAPS_URI='' COAP_TCP_URI='' COAPS_TCP_URI=''
	# shellcheck disable=SC2034
	ENDPOINT='''' PSK_IDENTITY='' PSK_KEY_HEX=''
	# shellcheck disable=SC2034
	CERT_ENDPOINT='' CERT_FILE='' KEY_FILE='' CA_FILE='' SERVER_NAME=''
	# shellcheck disable=SC2034
	CONFIG='' LEDGER='' BOOTSTRAPCTL=${BOOTSTRAPCTL:-bootstrapctl}
	while IFS='=' read -r name value; do
		case $value in
		\'*\' | \"*\") value=${value:1:${#value}-2} ;;
		esac
		case $name in
		COAP_URI | COAPS_URI | COAP_TCP_URI | COAPS_TCP_URI)
			printf -v "$name" %s "${value%/}"
			;;
		ENDPOINT | PSK_IDENTITY | PSK_KEY_HEX | CERT_ENDPOINT | \
		CERT_FILE | KEY_FILE | CA_FILE | SERVER_NAME | CONFIG | LEDGER)
			printf -v "$name" %s "$value"
			;;
		esac
	done <"$1/connect.env"
	tap_needs COAPS_URI ENDPOINT PSK_IDENTITY PSK_KEY_HEX

	DAEMON_LOG=$1/log
	WORK=$(mktemp -d) || tap_bail 'no temporary directory'
	trap 'rm -rf "$WORK"' EXIT
}

# tap WHAT COMMAND ...: what the command prints is shown where it fails.
tap() {
	local what=$1 said
	shift

	tap_count=$((tap_count + 1))
	if said=$("$@" 2>&1); then
		echo "ok $tap_count - $what"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $what"
		[ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/# /'
	fi
}

tap_skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

tap_end() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit
}

formats_of() {
	sed -nE "s/.* command .* endpoint=\"?$1\"? op=Write .* format=(\"([^\"]*)\"|([^ ]*)) .*/\\2\\3/p" \
		"$DAEMON_LOG" | sort -u
}
