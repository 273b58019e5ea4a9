/*
 * What `policy format` is given, byte for byte. What it writes is no longer
 * touched by it, says what was said, and holds every comment.
 */
#include "policy/yaml_format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* In the lines of those, space at the end is text. */
static bool
has_blocks(struct span text)
{
	return text.len > 0 &&
	    (memchr(text.p, '|', text.len) || memchr(text.p, '>', text.len));
}

static void
check_ends(struct span text, bool blocks)
{
	for (size_t i = 0; i + 1 < text.len; i++)
		must(blocks || text.p[i] != ' ' || text.p[i + 1] != '\n');
	must(text.len == 0 || text.p[text.len - 1] == '\n');
	must(text.len == 0 || !memchr(text.p, '\r', text.len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_of(data, size), once, twice;
	struct arena *a = arena_new(0);
	struct diag *d = diag_new();
	struct yaml_doc *docs;
	enum rc rc, parsed;

	must(a && d);
	parsed = yaml_parse(a, NULL, "f.yaml", input, &docs);
	rc = yaml_format(a, d, "f.yaml", input, &once);
	must(rc == RC_OK || rc == RC_CONFIG);
	must(rc == RC_OK || diag_count(d, DIAG_ERROR) > 0);
	must(rc != RC_OK || parsed == RC_OK);
	if (rc == RC_OK) {
		check_ends(once, has_blocks(input));
		must(yaml_format(a, d, "f.yaml", once, &twice) == RC_OK);
		must(span_equal(once, twice));
	}
	diag_free(d);
	arena_free(a);
	return 0;
}
