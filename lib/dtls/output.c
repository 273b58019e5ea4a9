#include "dtls/output.h"

#include <stdlib.h>

enum rc
output_init(struct output *o, size_t cap, size_t mtu)
{
	*o = (struct output){.cap = cap, .mtu = mtu};
	o->slots = calloc(cap, sizeof(struct output_slot));
	return o->slots ? RC_OK : RC_MEMORY;
}

void
output_fini(struct output *o)
{
	free(o->slots);
	*o = (struct output){0};
}

static struct output_slot *
slot(const struct output *o, uint64_t number)
{
	return &o->slots[number % o->cap];
}

bool
output_put(struct output *o, const struct address *to, struct span record)
{
	struct output_slot *s;

	if (record.len > DTLS_DATAGRAM_MAX)
		return false;
	if (o->open && slot(o, o->end - 1)->len + record.len > o->mtu)
		o->open = false;
	if (!o->open) {
		if (output_room(o) == 0)
			return true;
		s = slot(o, o->end++);
		s->to = *to;
		s->len = 0;
		o->open = true;
	}
	s = slot(o, o->end - 1);
	if (record.len)
		memcpy(s->bytes + s->len, record.p, record.len);
	s->len += record.len;
	return true;
}

void
output_flush(struct output *o)
{
	o->open = false;
}

size_t
output_room(const struct output *o)
{
	return o->cap - (size_t)(o->end - o->first);
}

void
output_cancel(struct output *o, uint64_t from, uint64_t end)
{
	for (uint64_t i = from; i < end; i++)
		slot(o, i)->len = 0;
}

enum rc
output_take(struct output *o, struct address *to, struct writer *w)
{
	o->open = false;
	for (; o->first < o->end; o->first++) {
		struct output_slot *s = slot(o, o->first);

		if (s->len == 0)
			continue;
		if (w->full || w->cap - w->len < s->len)
			return RC_FULL;
		*to = s->to;
		writer_put(w, span_of(s->bytes, s->len));
		o->first++;
		return RC_OK;
	}
	return RC_AGAIN;
}
