#!/usr/bin/env bash
# mandoc finds nothing to warn of in the manual pages.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"

need mandoc
failed=0 count=0
while IFS= read -r -d '' file; do
	count=$((count + 1))
	# -T lint says what it thinks of the base system's conventions, too
	mandoc -T lint -W warning "$file" || failed=$((failed + 1))
done < <(sources '*.1' '*.5' '*.7' '*.8')
echo "$count pages, $failed with warnings"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
