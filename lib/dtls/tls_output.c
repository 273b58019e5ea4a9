#include "dtls/internal.h"

#include <stdlib.h>

enum { CHUNK_LEN = 2048 /* bytes: a flight's records go together */ };

static bool
append(struct chunk *k, uint64_t conn, struct span bytes)
{
	if (!k || k->conn != conn || bytes.len > k->cap - k->len)
		return false;
	memcpy(k->bytes + k->len, bytes.p, bytes.len);
	k->len += bytes.len;
	return true;
}

static bool
put(struct dtls *d, uint64_t conn, struct span bytes)
{
	size_t cap = bytes.len > CHUNK_LEN ? bytes.len : CHUNK_LEN;
	struct chunk *k;

	if (bytes.len == 0 ||
	    append(TAILQ_LAST(&d->chunks, chunks), conn, bytes))
		return true;
	k = malloc(sizeof(*k) + cap);
	if (!k)
		return false;
	k->conn = conn;
	k->cap = cap;
	k->len = k->taken = 0;
	TAILQ_INSERT_TAIL(&d->chunks, k, link);
	return append(k, conn, bytes);
}

bool
conn_output(struct conn *c, struct span record)
{
	if (c->d->config.stream)
		return put(c->d, c->id, record);
	return output_put(&c->d->out, &c->address, record);
}

void
tls_output_fini(struct dtls *d)
{
	struct chunk *k;

	while ((k = TAILQ_FIRST(&d->chunks))) {
		TAILQ_REMOVE(&d->chunks, k, link);
		free(k);
	}
}

enum rc
dtls_stream_output(struct dtls *d, uint64_t *conn, struct writer *w)
{
	struct chunk *k = TAILQ_FIRST(&d->chunks);
	struct span left;

	if (!k || w->full || w->len == w->cap)
		return RC_AGAIN;
	left = span_of(k->bytes + k->taken, k->len - k->taken);
	if (left.len > w->cap - w->len)
		left.len = w->cap - w->len;
	*conn = k->conn;
	writer_put(w, left);
	k->taken += left.len;
	if (k->taken == k->len) {
		TAILQ_REMOVE(&d->chunks, k, link);
		free(k);
	}
	return RC_OK;
}
