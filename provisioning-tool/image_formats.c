/* image formats: what `image build --format` can write, and which of the
 * format options each has a use for. */
#include "image_format.h"
#include "rows.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

enum { COLUMN = 15, OPTIONS_TEXT_MAX = 256 };

/** "partition offset", each behind `dashes`, with NUL. */
static void
options_text(
    const struct image_format *f, const char *dashes, char *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	for (unsigned i = 0; image_option_name(i); i++)
		if (f->options & 1u << i)
			writer_fmt(&w, "%s%s%s", w.len ? " " : "", dashes,
			    image_option_name(i));
	out[w.len] = '\0';
}

static void
list(const struct image_format *k, const char *options, const char *as,
    bool first)
{
	const struct field f[] = {
	    F_TEXT("name", k->name),
	    F_TEXT("summary", k->summary),
	    F_TEXT("extension", k->extension),
	    F_BOOL("text", k->text),
	    F_TEXT("options", options),
	};
	const size_t n = sizeof(f) / sizeof(f[0]);

	if (strcmp(as, "json") == 0) {
		rows_json(f, n);
	} else if (strcmp(as, "csv") == 0) {
		if (first)
			rows_csv_names(f, n);
		rows_csv(f, n);
	} else {
		printf("%-*s%s\n%*s.%s%s%s\n", COLUMN, k->name, k->summary,
		    COLUMN, "", k->extension, options[0] ? "  " : "", options);
	}
}

int
image_formats(const struct options *o)
{
	for (size_t i = 0; image_formats_known[i]; i++) {
		char options[OPTIONS_TEXT_MAX];

		options_text(image_formats_known[i],
		    strcmp(o->format, "text") == 0 ? "--" : "", options,
		    sizeof(options));
		list(image_formats_known[i], options, o->format, i == 0);
	}
	return EX_OK;
}
