/*
 * What a device answers to a Bootstrap-Discover. Links are of an instance at
 * most, their texts lie within the body, and the end is reached.
 */
#include "lwm2m/link.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static bool
inside(struct span part, struct span whole)
{
	return part.len == 0 ||
	    (part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span body = span_of(data, size);
	struct link_reader r;
	struct lwm2m_link link;
	size_t links = 0;

	link_reader_init(&r, body);
	while (link_next(&r, &link)) {
		links++;
		must(path_depth(link.path) <= 2);
		must(inside(link.uri, body));
		must(inside(link.version, body));
		must(link.has_ssid || link.ssid == 0);
	}
	must(r.rest.len == 0);
	/* Each link and each fault has a byte of its own at least. */
	must(links + r.skipped <= size);
	must(!link_next(&r, &link));
	return 0;
}
