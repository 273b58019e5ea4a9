/* What bootstrapctl prints of others' bytes. */
#include "base/text.h"
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_FAULT = 70 };

/** Room for `s` quoted, the caller's to free. */
static char *
writer_for(struct writer *w, struct span s)
{
	size_t cap = s.len * 6 + 2; /* see text_quote, text_csv */
	char *buf = malloc(cap);

	if (!buf) {
		fprintf(stderr, "bootstrapctl: out of memory\n");
		exit(EXIT_FAULT);
	}
	writer_init(w, buf, cap);
	return buf;
}

void
ctl_put_quoted(struct span s)
{
	struct writer w;
	char *buf = writer_for(&w, s);

	text_quote(&w, s);
	fwrite(buf, 1, w.len, stdout);
	free(buf);
}

void
ctl_put_csv_quoted(struct span quoted)
{
	struct writer w;
	char *buf = writer_for(&w, quoted);

	text_csv(&w, quoted);
	fwrite(buf, 1, w.len, stdout);
	free(buf);
}

void
ctl_put_csv(struct span s)
{
	struct writer w;
	char *buf = writer_for(&w, s);

	text_quote(&w, s);
	ctl_put_csv_quoted(writer_span(&w));
	free(buf);
}

int
ctl_denied(const char *path)
{
	fprintf(stderr,
	    "bootstrapctl: %s: %s\n"
	    "  remedy: run as root, as the daemon's user, or in its group\n",
	    path, strerror(EACCES));
	return EXIT_DENIED;
}
