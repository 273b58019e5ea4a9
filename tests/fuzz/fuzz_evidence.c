/*
 * The evidence of a handshake, from a worker that nobody trusts: what is
 * believed is said again as it was, and a key is tried on it. It is one
 * that opens none of them.
 */
#include "base/evidence.h"
#include "hsm/psk_test.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[EVIDENCE_BYTES_MAX];
	struct secret key = {0};
	struct psk_evidence e;
	struct psk_test *t;
	struct writer w;

	if (evidence_get(span_of(data, size), &e) != RC_OK)
		return 0;
	must(e.record.p >= data && e.record.p + e.record.len == data + size);
	writer_init(&w, bytes, sizeof(bytes));
	evidence_put(&w, &e);
	must(!w.full && span_equal(writer_span(&w), span_of(data, size)));
	if (psk_test_new(&e, &t) != RC_OK)
		return 0;
	must(secret_set(&key, SPAN_LIT("sixteen bytes!!!")) == RC_OK);
	must(!psk_test_key(t, &key));
	must(!psk_test_premaster(t, e.client_random));
	secret_fini(&key);
	psk_test_free(t);
	return 0;
}
