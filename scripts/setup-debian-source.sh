# shellcheck shell=bash
# Fetch wolfSSL's Debian source package. Sourced by setup-wolfssl.sh.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Through apt, from the mirror this machine has Debian from, held to the
# archive's signature, with sources and lists of its own: neither needs this
# root nor does it touch the machine's apt.

# The mirrors of Debian itself, one a line.
debian_mirrors()
{
	local codename

	codename=$(os_release VERSION_CODENAME)
	# shellcheck disable=SC2016 # apt's variables, not the shell's
	apt-get indextargets --no-release-info \
	    --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' \
	    'Created-By: Packages' 2>/dev/null |
	    awk -v name="$codename" '$2 == "main" &&
	    ($1 == name || $1 ~ /^(oldstable|stable|testing|unstable|sid)$/) &&
	    !seen[$3]++ { print $3 }'
}

# debian_apt_init DIR MIRROR SUITE: of the machine's configuration take only
# how to reach the network.
debian_apt_init()
{
	local dir=$1 mirror=$2 suite=$3 keyring

	for keyring in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[ ! -r "$keyring" ] || break
	done
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" \
	    "$dir/etc/none.d" "$dir/src"
	printf 'deb-src [signed-by=%s] %s %s main\n' \
	    "$keyring" "$mirror" "$suite" >"$dir/etc/sources.list"
	{
		apt-config dump | grep '^Acquire::' || :
		cat <<-END
		APT::Architecture "$(dpkg --print-architecture)";
		APT::Update::Error-Mode "any";
		Acquire::Retries "2";
		Dir::State "$dir/state";
		Dir::State::status "/var/lib/dpkg/status";
		Dir::Cache "$dir/cache";
		Dir::Etc::main "$dir/etc/none";
		Dir::Etc::parts "$dir/etc/none.d";
		Dir::Etc::sourcelist "$dir/etc/sources.list";
		Dir::Etc::sourceparts "$dir/etc/none.d";
		Dir::Etc::preferences "$dir/etc/none";
		Dir::Etc::preferencesparts "$dir/etc/none.d";
		END
	} >"$dir/apt.conf"
	# As root apt downloads as an unprivileged user.
	if [ "$(id -u)" -eq 0 ] && id _apt >/dev/null 2>&1; then
		chown _apt "$dir/src"
	fi
}

# Mirrors fall behind, and apt refuses an index of sid that is older than a
# week. It is signed all the same; what a mirror could do with an old one is
# to keep us at an old version, so there is a floor for that: the one that
# this project was tested with.
debian_floor=5.9.2

# debian_update DIR: sets debian_stale.
debian_update()
{
	local -a update=(env APT_CONFIG="$1/apt.conf" apt-get -q update)

	debian_stale=no
	run "$1" "${update[@]}" && return
	# shellcheck disable=SC2154 # see run
	if ! grep -q ' is expired ' "$run_output"; then
		say "wolfSSL: $(grep -m 1 '^[EW]:' "$run_output")"
		return 1
	fi
	say "wolfSSL: that index is out of date (a mirror that lags, or a wrong" \
	    "clock), going on with it"
	debian_stale=yes
	run "$1" "${update[@]}" -o Acquire::Check-Valid-Until=false
}

# debian_source DIR SUITE: the newest wolfSSL of that suite into DIR/src. Sets
# debian_dsc (empty where the mirror lacks a file of the package), debian_orig
# and debian_version. The hashes are compared here too, because apt gives up
# on the whole package where a mirror has a part of it.
debian_source()
{
	local dir=$1 suite=$2 mirror file sum indexed='' lacking=''

	debian_dsc='' debian_orig='' debian_version=''
	for mirror in $(debian_mirrors); do
		rm -rf "$dir"
		debian_apt_init "$dir" "$mirror" "$suite"
		say "wolfSSL: reading the index of Debian $suite"
		debian_update "$dir" || continue
		indexed=yes
		break
	done
	if [ -z "$indexed" ]; then
		say "wolfSSL: no mirror gives a valid index of Debian $suite"
		return 1
	fi
	run "$dir" env APT_CONFIG="$dir/apt.conf" \
	    apt-get -q source --print-uris wolfssl || return 1
	awk '$4 ~ /^SHA256:/ { sub(/^SHA256:/, "", $4); print $2, $4 }' \
	    "$run_output" >"$dir/files"
	debian_version=$(sed -n 's/^wolfssl_\(.*\)\.dsc .*/\1/p' "$dir/files")
	[ -n "$debian_version" ] || return 1
	if [ "$debian_stale" = yes ] &&
	    dpkg --compare-versions "$debian_version" lt "$debian_floor"; then
		say "wolfSSL: $debian_version is too old to be believed the newest"
		return 1
	fi

	say "wolfSSL: downloading $debian_version"
	run "$dir/src" env APT_CONFIG="$dir/apt.conf" \
	    apt-get -q source --download-only wolfssl || :
	while read -r file sum; do
		if ! printf '%s  %s\n' "$sum" "$dir/src/$file" |
		    sha256sum --check --status 2>/dev/null; then
			lacking+=" $file"
			continue
		fi
		case $file in
		*.dsc) debian_dsc=$dir/src/$file ;;
		*.orig.tar.?z | *.orig.tar.bz2) debian_orig=$dir/src/$file ;;
		esac
	done <"$dir/files"
	if [ -n "$lacking" ]; then
		say "wolfSSL: not on the mirror:$lacking"
		debian_dsc=''
	fi
	[ -n "$debian_dsc$debian_orig" ]
}
