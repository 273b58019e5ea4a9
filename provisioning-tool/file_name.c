#include "file_name.h"

void
file_name(struct writer *w, struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i];
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c >= '0' && c <= '9') || c == '_' || c == '-' ||
		    (c == '.' && i > 0);

		if (plain)
			writer_be(w, c, 1);
		else
			writer_fmt(w, "%%%02X", c);
	}
}
