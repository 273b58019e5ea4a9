# shellcheck shell=bash
# What the scripts share that run Leshan's LwM2M server beside a daemon, and
# devices that register there. Sourced after tap.sh and leshan.sh, never run.

# shellcheck disable=SC2154,SC2034 # set by those; for those that source this

server_pid=''
declare -A device_pid=() device_input=()

leshan_server_end() {
	local pid

	for pid in "${device_pid[@]}"; do
		kill "$pid" 2>/dev/null
	done
	[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null
	wait
	rm -rf "$WORK"
}

# server_begin DIR: start it, with what DIR has for it; $dm is where devices find
# it, $rest where its administrators do. From then on the policies name it, and
# not one that nobody runs.
server_begin() {
	command -v curl >/dev/null || tap_skip_all 'no curl (package curl)'
	trap leshan_server_end EXIT
	mkfifo "$WORK/life"
	java -cp "$jars/*" DmServer --certificate "$1/operator.pem" \
		--private-key "$1/operator.key" --trust "$1/device-ca.pem" \
		<"$WORK/life" >"$WORK/server" 2>&1 &
	server_pid=$!
	exec {life}>"$WORK/life"
	awaits_in "$server_pid" "$WORK/server" 1 '^READY ' || {
		sed 's/^/# /' "$WORK/server"
		tap_bail "Leshan's server did not start"
	}
	dm=$(sed -n 's/^READY .* coaps=\([^ ]*\) .*/\1/p' "$WORK/server")
	rest=$(sed -n 's/^READY .* http=\(.*\)/\1/p' "$WORK/server")/api
	sed -i "s|coaps://dm\.lwm2m\.example|$dm|
		s|https://dm\.lwm2m\.example/api|$rest|" \
		"$1/policies.d/interop.yaml"
	"$BOOTSTRAPCTL" -c "$CONFIG" reload >"$WORK/reload" 2>&1 || {
		sed 's/^/# /' "$WORK/reload"
		tap_bail "the policies that name Leshan's server are not loaded"
	}
}

# awaits_in PID FILE N PATTERN: N lines that match, of a process that may yet
# write them.
awaits_in() {
	local alive

	for _ in $(seq 600); do
		alive=yes
		kill -0 "$1" 2>/dev/null || alive=no
		[ "$(grep -cE "$4" "$2")" -lt "$3" ] || return 0
		[ "$alive" = yes ] || return 1
		sleep 0.1
	done
	return 1
}

# device LOG N ARGUMENT ...: starts one that is to register N times, and waits
# before each for go_on.
device() {
	local log=$1 times=$2
	shift 2

	mkdir "$WORK/$log.d"
	mkfifo "$WORK/$log.d/input"
	LESHAN_PSK_HEX=$PSK_KEY_HEX java -cp "$jars/*" BootClient \
		--timeout 90 --register "$times" --hold --save "$WORK/$log.d" \
		"$@" <"$WORK/$log.d/input" >"$WORK/$log" 2>&1 &
	device_pid[$log]=$!
	exec {input}>"$WORK/$log.d/input"
	device_input[$log]=$input
}

go_on() {
	echo >&"${device_input[$1]}"
}

awaits() {
	awaits_in "${device_pid[$1]}" "$WORK/$1" "$2" "$3" || show "$1"
}

# device_end LOG: wait for it, $status as of client. Not within a tap, whose
# commands are a shell of their own.
device_end() {
	local input=${device_input[$1]}

	exec {input}>&-
	wait "${device_pid[$1]}"
	status=$?
	unset "device_pid[$1]"
}

content() {
	[ "$status" -eq 0 ] || show "$1"
}

# saved LOG NAME EXTENSION: what it keeps of its account for the LwM2M server.
saved() {
	local instance

	instance=$(sed -n \
		's/^RESULT security\/\([0-9]*\) .*bootstrap=false$/\1/p' \
		"$WORK/$1" | tail -n 1)
	cat "$WORK/$1.d/$2-$instance.$3"
}

server_instance() {
	sed -n 's/^RESULT server\/\([0-9]*\) .*/\1/p' "$WORK/$1" | tail -n 1
}

# ask ARGUMENT ...: of curl; the status is in the last line.
ask() {
	curl -sS --noproxy '*' --max-time 30 -w '\n%{http_code}\n' "$@" 2>&1
}

# trusts ENDPOINT psk IDENTITY KEY | rpk KEY | x509: as an administrator would
# tell it. A key is no argument of a program, as those can be seen.
trusts() {
	local details=null said

	case $2 in
	psk) details="{\"identity\": \"$3\", \"key\": \"$4\"}" ;;
	rpk) details="{\"key\": \"$3\"}" ;;
	esac
	said=$(printf '{"endpoint": "%s", "tls": {"mode": "%s", "details": %s}}' \
		"$1" "$2" "$details" |
		ask -X PUT --data-binary @- "$rest/security/clients/")
	[ "$(tail -n 1 <<<"$said")" = 200 ] || { echo "$said"; return 1; }
}

unregistered() {
	[ "$(ask "$rest/clients/$1" | tail -n 1)" = 400 ]
}

# of_client ENDPOINT NAME: what the server knows of it.
of_client() {
	ask "$rest/clients/$1" |
		sed -nE "s/.*\"$2\":\"?([^\",}]*).*/\1/p"
}

# registered ENDPOINT KIND: and it was let in by what it proved.
registered() {
	local id

	id=$(of_client "$1" registrationId)
	if [ -z "$id" ] || ! grep -q \
		"^REGISTERED endpoint=$1 id=$id by=$2 " "$WORK/server"; then
		ask "$rest/clients/$1"
		cat "$WORK/server"
		return 1
	fi
}

logged() {
	awaits_in "$server_pid" "$WORK/server" 1 "^$1\$" ||
		{ cat "$WORK/server"; return 1; }
}

# executes ENDPOINT PATH: the server does, and the device answers 2.04.
executes() {
	local said

	said=$(ask -X POST "$rest/clients/$1$2")
	if [ "$(tail -n 1 <<<"$said")" != 200 ] ||
		! grep -q '"status":"CHANGED(204)".*"success":true' <<<"$said"
	then
		echo "$said"
		return 1
	fi
}
