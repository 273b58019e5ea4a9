#include "base/fifo.h"

#include "base/secret.h"

#include <stdlib.h>

enum { CAP_FIRST = 1024 /* bytes */ };

void
fifo_fini(struct fifo *f)
{
	secret_wipe(f->bytes, f->cap);
	free(f->bytes);
	*f = (struct fifo){0};
}

/* Into memory of `cap` bytes. Not realloc(3), which leaves copies behind. */
static enum rc
move(struct fifo *f, size_t cap)
{
	uint8_t *bytes = malloc(cap);
	size_t len = f->len;

	if (!bytes)
		return RC_MEMORY;
	if (len)
		memcpy(bytes, f->bytes + f->start, len);
	fifo_fini(f);
	*f = (struct fifo){.bytes = bytes, .cap = cap, .len = len};
	return RC_OK;
}

enum rc
fifo_put(struct fifo *f, struct span bytes, size_t max)
{
	size_t cap = f->cap ? f->cap : CAP_FIRST;
	enum rc rc;

	if (bytes.len == 0)
		return RC_OK;
	if (f->len > max || bytes.len > max - f->len)
		return RC_FULL;
	while (cap < f->len + bytes.len)
		cap *= 2;
	if (f->start + f->len + bytes.len > f->cap) {
		rc = move(f, cap);
		if (rc != RC_OK)
			return rc;
	}
	memcpy(f->bytes + f->start + f->len, bytes.p, bytes.len);
	f->len += bytes.len;
	return RC_OK;
}

struct span
fifo_span(const struct fifo *f)
{
	return span_of(f->len ? f->bytes + f->start : NULL, f->len);
}

void
fifo_drop(struct fifo *f, size_t len)
{
	if (len == 0)
		return;
	if (len >= f->len) {
		fifo_fini(f); /* it rarely comes to this: nothing is kept */
		return;
	}
	secret_wipe(f->bytes + f->start, len);
	f->start += len;
	f->len -= len;
}
