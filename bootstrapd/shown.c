#include "shown.h"

enum {
	VERSION = 1,
	HEAD_LEN = 6,
	SERVER_HEAD_LEN = 10,
	TAIL_LEN = 12,
};

static const uint8_t magic[] = {'B', 'S', 'S', 'H'};

size_t
shown_len(const struct shown *s)
{
	size_t len =
	    HEAD_LEN + TAIL_LEN + s->trust.len + s->crls.len + s->raw_keys.len;

	for (size_t i = 0; i < s->server_count; i++)
		len += SERVER_HEAD_LEN + s->servers[i].public_key.len +
		    s->servers[i].chain.len;
	return len;
}

static void
put(struct writer *w, struct span s, size_t width)
{
	writer_be(w, s.len, width);
	writer_put(w, s);
}

void
shown_put(struct writer *w, const struct shown *s)
{
	writer_put(w, span_of(magic, sizeof(magic)));
	writer_be(w, VERSION, 1);
	writer_be(w, s->server_count, 1);
	for (size_t i = 0; i < s->server_count; i++) {
		writer_be(w, s->servers[i].key, 4);
		put(w, s->servers[i].public_key, 2);
		put(w, s->servers[i].chain, 4);
	}
	put(w, s->trust, 4);
	put(w, s->crls, 4);
	writer_be(w, s->raw_keys.len / SHOWN_DIGEST_LEN, 4);
	writer_put(w, s->raw_keys);
}

static struct span
get(struct reader *r, size_t width)
{
	return reader_take(r, (size_t)reader_be(r, width));
}

static void
get_server(struct reader *r, struct shown_server *s)
{
	s->key = (uint32_t)reader_be(r, 4);
	s->public_key = get(r, 2);
	s->chain = get(r, 4);
	if (s->public_key.len == 0 || s->chain.len == 0)
		reader_fail(r);
}

enum rc
shown_get(struct span bytes, struct shown *s)
{
	struct reader r;
	struct span head;
	size_t count;

	*s = (struct shown){0};
	reader_init(&r, bytes);
	head = reader_take(&r, sizeof(magic));
	if (!span_equal(head, span_of(magic, sizeof(magic))))
		return RC_MALFORMED;
	if (reader_be(&r, 1) != VERSION)
		return r.bad ? RC_MALFORMED : RC_UNSUPPORTED;
	count = (size_t)reader_be(&r, 1);
	if (count > SERVERS_MAX)
		return RC_MALFORMED;
	for (size_t i = 0; i < count; i++)
		get_server(&r, &s->servers[i]);
	s->server_count = count;
	s->trust = get(&r, 4);
	s->crls = get(&r, 4);
	count = (size_t)reader_be(&r, 4);
	s->raw_keys = reader_take(&r, count * SHOWN_DIGEST_LEN);
	return r.bad || reader_left(&r) ? RC_MALFORMED : RC_OK;
}
