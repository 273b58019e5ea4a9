#!/usr/bin/env bash
# No warning of shellcheck in the scripts: those named *.sh, and those
# without a suffix that begin with #! and a shell.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"

need shellcheck
failed=0 count=0
while IFS= read -r -d '' file; do
	case ${file##*/} in
	*.sh) ;;
	*.*) continue ;;
	*)
		IFS= read -r first <"$file" 2>/dev/null || continue
		case $first in
		'#!'*sh | '#!'*'sh '*) ;;
		*) continue ;;
		esac
		;;
	esac
	count=$((count + 1))
	shellcheck --severity=warning --external-sources "$file" ||
		failed=$((failed + 1))
done < <(sources '*')
echo "$count scripts, $failed with warnings"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
