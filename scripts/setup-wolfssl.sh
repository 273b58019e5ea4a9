# shellcheck shell=bash
# Find or build a wolfSSL that has what LwM2M needs. Sourced by scripts/setup.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Debian's binary packages are built without WOLFSSL_STATIC_PSK, that is
# without the cipher suites every LwM2M client speaks. In this order: one on
# the system that passes wolfssl-probe.c; one built earlier; Debian's newest
# source package with its patches; its upstream tarball where a mirror lacks
# the patches; the source package of Debian 13.

wolfssl_scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=setup-debian-source.sh disable=SC1091
. "$wolfssl_scripts/setup-debian-source.sh"

# Left out on purpose: sessioncerts (37 kB a session), asynccrypt (signatures
# pend without it), session tickets, renegotiation, ML-KEM (a ClientHello of
# 1.8 kB). And OCSP: a worker has no network to ask a responder over, and with
# both on, CRLs go unchecked for certificates that name no responder
# (CVE-2026-94417).
wolfssl_flags=(
	--disable-shared --enable-static --with-pic
	--disable-examples --disable-crypttests --disable-benchmark
	--enable-tls13 --enable-dtls --enable-dtls13 --enable-dtlscid
	--enable-dtls-mtu --enable-dtls-frag-ch
	--enable-psk --enable-aesccm --enable-aesgcm --enable-rpk
	--enable-ecc --enable-curve25519 --enable-supportedcurves
	--enable-extended-master --enable-sp
	--enable-pkcs11 --enable-cryptocb --enable-pkcallbacks
	--enable-sni --enable-alpn --enable-maxfragment
	--enable-altcertchains
	--enable-crl --enable-keygen --enable-certgen --enable-certreq
	--enable-certext --enable-context-extra-user-data
	--enable-keying-material --disable-oldtls --disable-mlkem
)
case $(uname -m) in
x86_64) wolfssl_flags+=(--enable-sp-asm --enable-intelasm) ;;
aarch64) wolfssl_flags+=(--enable-sp-asm) ;;
esac

# ALWAYS_VERIFY_CB: the only place where a raw public key can be checked.
# EXTRA_ALERTS: an unknown PSK identity gets an answer. GETRANDOM: seeding
# opens no file, which a worker in its jail could not. -D in either variable
# ends up in wolfSSL's options.h and so in every file that includes it, which
# is right for wolfSSL's own and wrong for _FORTIFY_SOURCE: hence -Wp.
wolfssl_cppflags='-DWOLFSSL_STATIC_PSK -DWOLFSSL_ALWAYS_VERIFY_CB'
wolfssl_cppflags+=' -DWOLFSSL_EXTRA_ALERTS -DNO_SESSION_CACHE'
wolfssl_cppflags+=' -DWOLFSSL_GETRANDOM'
wolfssl_cflags='-O2 -g -fstack-protector-strong -Wp,-D_FORTIFY_SOURCE=2'

# How a prefix of ours is known, and what it was built from.
wolfssl_note=bootstrapd-wolfssl.txt

# Whatever decides if an earlier build still fits: the flags, the compiler's
# target and the C library (machines may share a home).
wolfssl_flag_hash()
{
	{
		printf '%s\n' "${wolfssl_flags[@]}" "$wolfssl_cppflags" \
		    "$wolfssl_cflags"
		cc -dumpmachine
		getconf GNU_LIBC_VERSION
	} | sha256sum | cut -c1-10
}

# run DIR COMMAND...: in DIR, logged, and ended with us. Its output alone is
# in the file $run_output until the next run.
run()
{
	local dir=$1 status=0
	shift

	printf '\n### %s\n' "$*" >>"$wolfssl_log"
	set -m # a process group of its own, for wolfssl_cleanup
	(cd "$dir" && exec "$@") >"$run_output" 2>&1 </dev/null 9>&- &
	run_child=$!
	set +m
	wait "$run_child" || status=$?
	run_child=''
	cat "$run_output" >>"$wolfssl_log"
	return "$status"
}

# step WHAT DIR COMMAND...: a run that is announced, and explained if it fails.
step()
{
	local what=$1
	shift

	say "wolfSSL: $what"
	run "$@" && return
	say "wolfSSL: $what failed; log: $wolfssl_log; its end:"
	tail -n 30 "$wolfssl_log" >&2
	return 1
}

wolfssl_cleanup()
{
	[ -z "$run_child" ] || kill -- "-$run_child" 2>/dev/null || :
	rm -rf "$wolfssl_work" "$wolfssl_stage"
	rm -f "$wolfssl_cache/.work"
}

# wolfssl_probe [PC_DIR [SYSROOT]]: its version, or what it lacks and status 1.
# Without PC_DIR the one that pkg-config finds.
wolfssl_probe()
{
	local dir flags status=0
	local -a find=(env) args=(--cflags --libs)

	if [ $# -gt 0 ]; then
		find+=("PKG_CONFIG_LIBDIR=$1" "PKG_CONFIG_SYSROOT_DIR=${2:-}")
		args+=(--static)
	fi
	flags=$("${find[@]}" pkg-config "${args[@]}" wolfssl 2>&1) || {
		printf '%s\n' "${flags%%$'\n'*}"
		return 1
	}
	dir=$(mktemp -d "${TMPDIR:-/var/tmp}/bootstrapd-probe.XXXXXX")
	# shellcheck disable=SC2086 # words
	if ! cc -o "$dir/probe" "$wolfssl_scripts/wolfssl-probe.c" $flags \
	    >"$dir/log" 2>&1; then
		sed -n 's/.*error: \(#error \)\{0,1\}//p' "$dir/log" |
		    tr -d '"' | grep -m 1 . || echo "cannot be linked"
		status=1
	elif ! "$dir/probe"; then
		status=1
	fi
	rm -rf "$dir"
	return "$status"
}

# Sets wolfssl_prefix to nothing where pkg-config alone finds it: a shared one.
wolfssl_on_system()
{
	local said prefix

	prefix=$(pkg-config --variable=prefix wolfssl 2>/dev/null) || return
	if [ -e "$prefix/lib/libwolfssl.a" ]; then
		said=$(wolfssl_probe "$prefix/lib/pkgconfig")
	else
		prefix=''
		said=$(wolfssl_probe)
	fi || {
		say "the system's wolfSSL will not do: $said"
		return 1
	}
	wolfssl_prefix=$prefix
	say "the system's wolfSSL $said${prefix:+ in $prefix}"
}

# What was built earlier: in PREFIX, or without it the newest in the cache.
# A version with Debian's revision is newer than the bare one.
wolfssl_in_cache()
{
	local dir best

	best=$(for dir in "${1:-$wolfssl_cache}" "$wolfssl_cache"/wolfssl-*; do
		! grep -qxs "hash=$wolfssl_hash" "$dir/$wolfssl_note" ||
		    sed -n "s|^version=\(.*\)|\1 $dir|p" "$dir/$wolfssl_note"
		[ -z "$1" ] || break
	done | sort -V | tail -n 1)
	[ -n "$best" ] || return
	wolfssl_prefix=${best#* }
	say "wolfSSL ${best%% *} in $wolfssl_prefix"
	! grep -qx patched=no "$wolfssl_prefix/$wolfssl_note" ||
	    say "  without Debian's security patches; --refresh looks for them"
}

wolfssl_warn_unpatched()
{
	say "WARNING: wolfSSL $1 without the security patches of Debian"
	say "  those for 5.9.2 mend the validation of X.509 certificates" \
	    "(CVE-2026-89133,"
	say "  CVE-2026-89134): do not trust X.509 clients with this build;" \
	    "PSK and raw"
	say "  public keys are not concerned"
}

# wolfssl_unpack TARBALL DIR
wolfssl_unpack()
{
	mkdir -p "$2"
	step "unpacking ${1##*/}" / tar -xf "$1" -C "$2" \
	    --strip-components=1 --no-same-owner
}

# wolfssl_build SOURCE_DIR VERSION PATCHED PREFIX: build, hold the result to
# the probe, and move it to its place in one step.
wolfssl_build()
{
	local dir=$1 version=$2 prefix=$4 tree=$wolfssl_stage$4 said flag
	local -a flags=()

	if grep -qxs "hash=$wolfssl_hash" "$prefix/$wolfssl_note" &&
	    grep -qxs "version=$version" "$prefix/$wolfssl_note"; then
		wolfssl_prefix=$prefix
		say "wolfSSL $version in $prefix"
		return
	fi
	step "$version: autogen" "$dir" sh ./autogen.sh &&
	    run "$dir" ./configure --help || return
	for flag in "${wolfssl_flags[@]}"; do
		# What a version does not know it need not be told to leave out.
		case $flag in
		--disable-*)
			grep -q -e "able-${flag#--disable-}\>" "$run_output" ||
			    continue
			;;
		esac
		flags+=("$flag")
	done
	step "$version: configure" "$dir" ./configure \
	    --prefix="$prefix" --libdir="$prefix/lib" "${flags[@]}" \
	    CC=cc CPPFLAGS="$wolfssl_cppflags" CFLAGS="$wolfssl_cflags" &&
	    step "$version: make" "$dir" make -j"$(nproc)" &&
	    step "$version: install" "$dir" \
	    make install DESTDIR="$wolfssl_stage" || return
	if ! said=$(wolfssl_probe "$tree/lib/pkgconfig" "$wolfssl_stage"); then
		say "wolfSSL $version, as built, will not do: $said"
		return 1
	fi
	rm -rf "${tree:?}/bin" "$tree/share" "$tree/lib/libwolfssl.la"
	printf '%s\n' "version=$version" "patched=$3" "hash=$wolfssl_hash" \
	    "flags=${flags[*]} $wolfssl_cppflags" >"$tree/$wolfssl_note"
	if [ -e "$prefix" ]; then
		mv -T "$prefix" "$wolfssl_stage/old" || return
	fi
	mv -T "$tree" "$prefix" || return
	wolfssl_prefix=$prefix
}

# wolfssl_from_file TARBALL PREFIX
wolfssl_from_file()
{
	local dir=$wolfssl_work/given version

	wolfssl_unpack "$1" "$dir" || return
	version=$(sed -n 's/^AC_INIT(\[wolfssl\], *\[\([0-9.]*\)\].*/\1/p' \
	    "$dir/configure.ac" 2>/dev/null) || :
	if [ -z "$version" ]; then
		say "$1 is no source of wolfSSL"
		return 1
	fi
	wolfssl_build "$dir" "$version" no \
	    "${2:-$wolfssl_cache/wolfssl-$version-$wolfssl_hash}"
}

# wolfssl_from_debian SUITE PREFIX
wolfssl_from_debian()
{
	local dir=$wolfssl_work/$1 version patched=yes

	debian_source "$dir" "$1" || return
	version=$debian_version
	if [ -n "$debian_dsc" ]; then
		step "unpacking $version" "$dir" dpkg-source --no-check \
		    -x "$debian_dsc" "$dir/wolfssl" || return
	else
		version=${version%-*}
		patched=no
		wolfssl_warn_unpatched "$version"
		wolfssl_unpack "$debian_orig" "$dir/wolfssl" || return
	fi
	wolfssl_build "$dir/wolfssl" "$version" "$patched" \
	    "${2:-$wolfssl_cache/wolfssl-$version-$wolfssl_hash}"
}

# One build at a time in a cache. Under the lock whatever an interrupted build
# left behind is nobody's.
wolfssl_lock()
{
	local left

	exec 9>"$wolfssl_cache/.lock"
	if ! flock -n 9; then
		say "another set-up is building wolfSSL, waiting for it"
		flock 9
	fi
	left=$(cat "$wolfssl_cache/.work" 2>/dev/null) || :
	case $left in */bootstrapd-wolfssl.??????) ;; *) left='' ;; esac
	# Twice, for a compiler that still runs and makes files.
	rm -rf "$left" "$1"/.bootstrapd-stage.?????? 2>/dev/null ||
	    { sleep 1 && rm -rf "$left" 2>/dev/null; } || :
}

wolfssl_check_paths()
{
	local path

	for path in "$@"; do
		case $path in
		[!/]* | '' | *[!A-Za-z0-9/._+@-]*)
			die "wolfSSL cannot be built in or for '$path'" \
			    "let HOME, XDG_CACHE_HOME, TMPDIR and --prefix be absolute paths without blanks"
			;;
		esac
	done
}

# wolfssl_provide CACHE PREFIX TARBALL REFRESH: sets wolfssl_prefix or dies.
# PREFIX and TARBALL may be empty.
wolfssl_provide()
{
	local prefix=${2%/} tarball=$3 refresh=$4 tool parent temporary

	for tool in cc make pkg-config autoreconf libtoolize; do
		command -v "$tool" >/dev/null || die "there is no $tool" \
		    "run scripts/setup without --no-packages"
	done
	wolfssl_cache=$1
	wolfssl_prefix=''
	wolfssl_hash=$(wolfssl_flag_hash)
	if [ -z "$tarball$prefix" ] && wolfssl_on_system; then
		return
	fi
	if [ -z "$tarball" ] && [ "$refresh" = no ] &&
	    wolfssl_in_cache "$prefix"; then
		return
	fi

	temporary=${TMPDIR:-/var/tmp}
	wolfssl_check_paths "$wolfssl_cache" "${prefix:-/}" "$temporary"
	if [ -n "$prefix" ] && [ ! -e "$prefix/$wolfssl_note" ] &&
	    [ -n "$(ls -A "$prefix" 2>/dev/null)" ]; then
		die "$prefix is in use by something else" \
		    "give --prefix a directory that does not exist yet"
	fi
	parent=$wolfssl_cache
	[ -z "$prefix" ] || parent=$(dirname "$prefix")
	mkdir -p "$wolfssl_cache" "$parent" || :
	[ -w "$parent" ] ||
	    die "cannot write to $parent" "choose another place with --prefix"

	wolfssl_lock "$parent"
	if [ -z "$tarball" ] && [ "$refresh" = no ] &&
	    wolfssl_in_cache "$prefix"; then
		return
	fi
	wolfssl_log=$wolfssl_cache/wolfssl.log
	: >"$wolfssl_log"
	run_child=''
	wolfssl_work=$(mktemp -d "$temporary/bootstrapd-wolfssl.XXXXXX")
	wolfssl_stage=$(mktemp -d "$parent/.bootstrapd-stage.XXXXXX")
	run_output=$wolfssl_work/output
	printf '%s\n' "$wolfssl_work" >"$wolfssl_cache/.work"
	chmod 755 "$wolfssl_work" # apt's own user passes through
	trap wolfssl_cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	unset CONFIG_SITE DESTDIR LDFLAGS LIBS MAKEFLAGS

	if [ -n "$tarball" ]; then
		wolfssl_from_file "$(readlink -f "$tarball")" "$prefix" && return
		die "wolfSSL cannot be built from $tarball (log: $wolfssl_log)" \
		    "let it be a .tar.gz of wolfSSL 5.7.2 or newer"
	fi
	wolfssl_from_debian sid "$prefix" && return
	say "wolfSSL: falling back to that of Debian 13"
	wolfssl_from_debian trixie "$prefix" && return
	die "no wolfSSL can be had (log: $wolfssl_log)" \
	    "network: see whether apt-get update works" \
	    "no network: scripts/setup --source FILE, wolfSSL's .tar.gz, 5.7.2 or newer" \
	    "/var/tmp full or mounted noexec: set TMPDIR"
}
