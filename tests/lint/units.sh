#!/usr/bin/env bash
# The unit, its users and its folders, as systemd reads them.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"

need systemd-analyze systemd
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unit=$dir/bootstrapd.service
failed=0

# verify wants the program to be there
sed 's,@sbindir@/bootstrapd,/bin/true,; s,@sysconfdir@,/etc/bootstrapd,' \
	bootstrapd/bootstrapd.service.in >"$unit"
if grep -n '@[a-z]*@' "$unit"; then
	echo 'the unit has a name that nothing replaces'
	failed=1
fi
# some versions warn and leave with 0
said=$(systemd-analyze verify --man=no "$unit" 2>&1) || failed=1
if grep -F bootstrapd.service <<<"$said"; then
	failed=1
fi

if systemd-analyze --help | grep -q -- --threshold; then
	# ten times the exposure level that the table ends with
	if ! said=$(systemd-analyze security --offline=true --threshold=25 \
		"$unit" 2>&1); then
		tail -n 1 <<<"$said"
		failed=1
	fi
fi

if command -v systemd-sysusers >/dev/null; then
	mkdir -p "$dir/root/etc"
	systemd-sysusers --root="$dir/root" \
		"$root/bootstrapd/bootstrapd.sysusers" >"$dir/said" 2>&1 || {
		cat "$dir/said"
		failed=1
	}
	for user in bootstrapd bootstrapd-worker; do
		grep -q "^$user:" "$dir/root/etc/passwd" || {
			echo "no user $user was made"
			failed=1
		}
	done
fi

# folders are given to users, which only root may
if command -v systemd-tmpfiles >/dev/null && [ "$(id -u)" -eq 0 ]; then
	systemd-tmpfiles --root="$dir/root" --create \
		"$root/bootstrapd/bootstrapd.tmpfiles" || failed=1
	[ "$(stat -c %a "$dir/root/etc/bootstrapd/policies.d")" = 750 ] || {
		echo 'no folder /etc/bootstrapd/policies.d'
		failed=1
	}
fi
[ "$failed" -eq 0 ]
