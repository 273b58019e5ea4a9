/* image formats: what `image build --format` can write. */
#include "image_format.h"
#include "rows.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

int
image_formats(const struct options *o)
{
	for (size_t i = 0; image_formats_known[i]; i++) {
		const struct image_format *k = image_formats_known[i];
		const struct field f[] = {
		    F_TEXT("name", k->name),
		    F_TEXT("summary", k->summary),
		};

		if (strcmp(o->format, "json") == 0) {
			rows_json(f, 2);
		} else if (strcmp(o->format, "csv") == 0) {
			if (i == 0)
				rows_csv_names(f, 2);
			rows_csv(f, 2);
		} else {
			printf("%-12s  %s\n", k->name, k->summary);
		}
	}
	return EX_OK;
}
