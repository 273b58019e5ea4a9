#include "coap/inbox.h"

#include <stdlib.h>

enum { CAP_FIRST = 64 };

bool
inbox_put(struct inbox *in, struct span bytes)
{
	if (in->rest.len > 0)
		return false;
	in->rest = bytes;
	return true;
}

static void
forget(struct inbox *in)
{
	free(in->buf);
	in->buf = NULL;
	in->len = 0;
	in->cap = 0;
	in->shown = false;
}

/* Move up to `n` of the new bytes behind those of the frame. False: out of
 * memory. */
static bool
gather(struct inbox *in, size_t n)
{
	size_t cap = in->cap ? in->cap : CAP_FIRST;
	uint8_t *buf;

	if (n > in->rest.len)
		n = in->rest.len;
	while (cap < in->len + n)
		cap *= 2;
	if (cap > in->cap) {
		buf = realloc(in->buf, cap);
		if (!buf)
			return false;
		in->buf = buf;
		in->cap = cap;
	}
	memcpy(in->buf + in->len, in->rest.p, n);
	in->len += n;
	in->rest = span_from(in->rest, n);
	return true;
}

enum rc
inbox_next(struct inbox *in, size_t rest_max, struct span *frame)
{
	if (in->shown)
		forget(in);
	for (;;) {
		bool whole = in->len == 0;
		struct span s = whole ? in->rest : span_of(in->buf, in->len);
		size_t len;
		enum rc rc = coap_frame_measure(s, rest_max, &len);

		if (rc != RC_OK && rc != RC_AGAIN)
			return rc;
		if (rc == RC_OK && len <= s.len) {
			*frame = span_of(s.p, len);
			if (whole)
				in->rest = span_from(in->rest, len);
			else
				in->shown = true;
			return RC_OK;
		}
		if (in->rest.len == 0)
			return RC_AGAIN;
		if (!gather(in, len - in->len))
			return RC_MEMORY;
	}
}

void
inbox_fini(struct inbox *in)
{
	forget(in);
	in->rest = span_of(NULL, 0);
}
