# shellcheck shell=bash
# The Debian packages, by purpose. Sourced by scripts/setup.
# SPDX-License-Identifier: GPL-3.0-or-later

# Compiling: the programs, and wolfSSL (the autotools).
packages_build=(
	build-essential meson ninja-build pkgconf
	autoconf automake libtool
	libcurl4-openssl-dev libp11-dev libp11-kit-dev libpng-dev
	libqrencode-dev libseccomp-dev libsqlite3-dev libssl-dev
	libyaml-dev nettle-dev
)
# A token in software, and the ledger's command line.
packages_demo=(softhsm2 sqlite3)
# The suites; each skips by itself where it does not find what it needs.
packages_test=(
	libcmocka-dev clang clang-format libclang-rt-dev git
	libcoap3-bin openssh-client openssl python3 python3-cbor2 python3-jsonschema
	python3-venv python3-yaml srecord
	mandoc shellcheck
	# Labels, read back.
	librsvg2-bin zbar-tools
	# Tokens of other makes: NSS, a TPM in software, opencryptoki.
	libnss3 libnss3-tools
	swtpm tpm2-tools tpm2-abrmd libtss2-tcti-tabrmd0 dbus-daemon
	libtpm2-pkcs11-1 libtpm2-pkcs11-tools
	opencryptoki
)
# Leshan: compiled against its published libraries, so the JDK; its server is
# steered over HTTP.
packages_leshan=(default-jdk-headless maven curl)

# Those of the arguments that are not installed, one a line.
packages_missing()
{
	local have

	[ $# -gt 0 ] || return 0
	have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" \
	    2>/dev/null | sed -n 's/ installed$//p' || :)
	printf '%s\n' "$@" | grep -vxF -e "$have" || :
}

# Why packages cannot be installed here; nothing where they can.
packages_obstacle()
{
	local id version

	id=$(os_release ID)
	version=$(os_release VERSION_ID)
	case $id:$version in
	debian:1[2-9] | debian:) ;;
	*)
		echo "this is ${id:-an unknown system} $version," \
		    "not Debian 12 or 13"
		return
		;;
	esac
	if [ "$(id -u)" -eq 0 ]; then
		return
	fi
	if ! command -v sudo >/dev/null; then
		echo "this is not root, and there is no sudo"
	# Asked for here: what apt says goes to a file.
	elif ! sudo -v >&2; then
		echo "sudo does not let this user"
	fi
}

packages_apt()
{
	local -a as_root=()

	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q \
	    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 "$@" \
	    >>"$packages_log" 2>&1 </dev/null
}

# packages_install MUST_COUNT PACKAGES...: the first MUST_COUNT have to come,
# of the others those that do not are named on stdout.
packages_install()
{
	local must=$1 name
	shift

	packages_apt update || say "apt-get update had errors, going on"
	set -- install -y --no-install-recommends "$@"
	if packages_apt "$@"; then
		return
	fi
	if [ "$must" -gt 0 ] && ! packages_apt "${@:1:3+must}"; then
		tail -n 30 "$packages_log" >&2
		die "packages cannot be installed (log: $packages_log)" \
		    "see whether the network is there and apt-get update works" \
		    "or have root do: apt-get ${*:1:3+must}"
	fi
	for name in "${@:4+must}"; do
		packages_apt "${@:1:3}" "$name" || printf '%s\n' "$name"
	done
}

# packages_provide CACHE PURPOSE LESHAN
packages_provide()
{
	local -a must=("${packages_build[@]}") may=() todo extra
	local absent=$1/absent-packages obstacle

	[ "$2" = build ] || must+=("${packages_demo[@]}")
	case $2 in test | interop) may+=("${packages_test[@]}") ;; esac
	[ "$3" = no ] || may+=("${packages_leshan[@]}")
	read -rd '' -a todo <<<"$(packages_missing "${must[@]}")" || :
	read -rd '' -a extra <<<"$(packages_missing "${may[@]}")" || :

	# What Debian did not have is asked for again after a day.
	if [ -n "$(find "$absent" -mtime -1 2>/dev/null)" ]; then
		say "not to be had: $(paste -sd ' ' "$absent")"
		read -rd '' -a extra <<<"$(printf '%s\n' "${extra[@]}" |
		    grep -vxF -f "$absent")" || :
	fi
	if [ ${#todo[@]} -eq 0 ] && [ ${#extra[@]} -eq 0 ]; then
		return
	fi

	obstacle=$(packages_obstacle)
	if [ -n "$obstacle" ] && [ ${#todo[@]} -eq 0 ]; then
		say "tests will skip for want of: ${extra[*]} ($obstacle)"
		return
	elif [ -n "$obstacle" ]; then
		die "packages are missing, and $obstacle" \
		    "as root: apt-get install --no-install-recommends ${todo[*]} ${extra[*]}" \
		    "or install their counterparts and pass --no-packages"
	fi
	say "installing ${todo[*]} ${extra[*]}"
	mkdir -p "$1"
	packages_log=$(mktemp "${TMPDIR:-/tmp}/bootstrapd-packages.XXXXXX")
	packages_install ${#todo[@]} "${todo[@]}" "${extra[@]}" >"$absent"
	rm -f "$packages_log"
	if [ -s "$absent" ]; then
		say "tests will skip for want of: $(paste -sd ' ' "$absent")"
	else
		rm -f "$absent"
	fi
}
