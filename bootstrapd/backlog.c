#include "backlog.h"

#include "base/secret.h"

#include <stdlib.h>

enum { BACKLOG_MIN = 4096 /* bytes */ };

void
backlog_fini(struct backlog *b)
{
	secret_wipe(b->bytes, b->cap);
	free(b->bytes);
	*b = (struct backlog){0};
}

/* Into memory of `cap` bytes. Not realloc(3), which leaves copies behind. */
static enum rc
move(struct backlog *b, size_t cap)
{
	uint8_t *bytes = malloc(cap);
	size_t len = b->len;

	if (!bytes)
		return RC_MEMORY;
	if (len)
		memcpy(bytes, b->bytes + b->start, len);
	backlog_fini(b);
	*b = (struct backlog){.bytes = bytes, .cap = cap, .len = len};
	return RC_OK;
}

enum rc
backlog_put(struct backlog *b, struct span bytes)
{
	size_t cap = b->cap ? b->cap : BACKLOG_MIN;
	enum rc rc;

	if (bytes.len == 0)
		return RC_OK;
	if (bytes.len > BACKLOG_MAX - b->len)
		return RC_FULL;
	while (cap < b->len + bytes.len)
		cap *= 2;
	if (b->start + b->len + bytes.len > b->cap) {
		rc = move(b, cap);
		if (rc != RC_OK)
			return rc;
	}
	memcpy(b->bytes + b->start + b->len, bytes.p, bytes.len);
	b->len += bytes.len;
	return RC_OK;
}

struct span
backlog_span(const struct backlog *b)
{
	return span_of(b->len ? b->bytes + b->start : NULL, b->len);
}

void
backlog_drop(struct backlog *b, size_t len)
{
	if (len == 0)
		return;
	if (len >= b->len) {
		backlog_fini(b); /* it rarely comes to this: nothing is kept */
		return;
	}
	secret_wipe(b->bytes + b->start, len);
	b->start += len;
	b->len -= len;
}
