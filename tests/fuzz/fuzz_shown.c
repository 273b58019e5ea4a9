/*
 * What the server shows, as a worker reads it from the keeper. What is believed
 * lies within the bytes, and is written again as it was understood.
 */
#include "shown.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static size_t
within(struct span part, struct span whole)
{
	must(part.len == 0 ||
	    (part.p >= whole.p && part.len <= whole.len &&
		part.p + part.len <= whole.p + whole.len));
	return part.len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span whole = span_of(data, size);
	struct writer w;
	struct shown s;
	size_t sum = 0;
	uint8_t *again;

	if (shown_get(whole, &s) != RC_OK)
		return 0;
	must(s.server_count <= SERVERS_MAX);
	for (size_t i = 0; i < s.server_count; i++) {
		sum += within(s.servers[i].public_key, whole);
		sum += within(s.servers[i].chain, whole);
	}
	sum += within(s.trust, whole);
	sum += within(s.crls, whole);
	sum += within(s.raw_keys, whole);
	must(sum < size);
	must(s.raw_keys.len % SHOWN_DIGEST_LEN == 0);
	must(shown_len(&s) == size);
	again = malloc(size);
	must(again != NULL);
	writer_init(&w, again, size);
	shown_put(&w, &s);
	must(!w.full && span_equal(writer_span(&w), whole));
	free(again);
	return 0;
}
