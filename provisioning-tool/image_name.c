#include "image_files.h"

#include <limits.h>

bool
image_files_name_good(struct span name)
{
	if (name.len == 0 || name.len > NAME_MAX || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			(c >= 'a' && c <= 'z') ||
			(c != 0 && strchr("._%-", c))))
			return false;
	}
	return true;
}
