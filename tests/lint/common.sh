# shellcheck shell=bash
# What the lint scripts share. Sourced, never run: `. "${0%/*}/common.sh"`.
# A script is called with the root of the sources and leaves with 0, 1 or, with
# its reason, 77.

set -uo pipefail
export LC_ALL=C.UTF-8

root=${1:?usage: ${0##*/} ROOT}
cd "$root" && root=$PWD || exit 1

skip()
{
	echo "SKIP: $*"
	exit 77
}

need()
{
	command -v "$1" >/dev/null || skip "no $1 (package ${2:-$1})"
}

# The files of the repository, or of an unpacked archive, NUL-terminated.
sources()
{
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		# one that was deleted but not yet committed is listed, too
		git ls-files -z "$@" | while IFS= read -r -d '' file; do
			[ ! -f "$file" ] || printf '%s\0' "$file"
		done
	else
		local names=() pattern

		for pattern; do
			names+=(-o -name "$pattern")
		done
		find . -type d \( -name '.git' -o -name 'build*' \) -prune -o \
			-type f \( "${names[@]:1}" \) -printf '%P\0'
	fi
}
