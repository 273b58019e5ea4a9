#!/bin/sh
# Usage: embed.sh OUTPUT NAME INPUT [NAME INPUT]...
# Writes a C header that holds each INPUT as the string NAME.
set -eu
output=$1
shift
while [ $# -ge 2 ]; do
	printf 'static const char %s[] = {\n' "$1"
	od -An -v -tx1 "$2" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
	printf '0};\n'
	shift 2
done > "$output"
