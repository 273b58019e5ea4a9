#!/bin/sh
# Usage: embed.sh NAME INPUT OUTPUT
# Writes a C header that holds INPUT as the string NAME.
set -eu
{
	printf 'static const char %s[] = {\n' "$1"
	od -An -v -tx1 "$2" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
	printf '0};\n'
} > "$3"
