#!/usr/bin/env bash
# clang-format has nothing to change. Its versions differ; the tree is written
# as 14 does it, and one that differs on the probe is not asked.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"

need clang-format
version=$(clang-format --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
if [ "${version:-0}" -lt 14 ] || [ "$version" -gt 19 ]; then
	skip "clang-format ${version:-of unknown version}: 14 to 19 are known"
fi
clang-format --dry-run -Werror tests/lint/format-probe.c 2>/dev/null ||
	skip "clang-format $version formats the probe in another way"

# all at once where there is nothing to say, which is nearly always
if sources '*.c' '*.h' | xargs -0 -r -n 64 -P "$(nproc)" \
	clang-format --dry-run -Werror 2>/dev/null; then
	count=$(sources '*.c' '*.h' | tr -dc '\0' | wc -c)
	echo "$count files, none to format"
	[ "$count" -gt 0 ]
	exit
fi
failed=0 count=0
while IFS= read -r -d '' file; do
	count=$((count + 1))
	if ! clang-format --dry-run -Werror "$file" 2>/dev/null; then
		failed=$((failed + 1))
		echo "$file: clang-format $version would change it:"
		clang-format "$file" | diff -u "$file" - | sed -n '3,12p'
	fi
done < <(sources '*.c' '*.h')
echo "$count files, $failed to format"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
