/* What clients are told of a push. */
#include "push_op.h"

#include <stdlib.h>

static const char *const way_names[] = {
    [PUSH_ANY] = "any",
    [PUSH_SESSION] = "session",
    [PUSH_ADDRESS] = "address",
    [PUSH_TRIGGER] = "trigger",
};

const char *
push_way_name(enum push_way way)
{
	return way_names[way];
}

bool
push_way_read(struct span word, enum push_way *out)
{
	for (size_t i = 0; i < sizeof(way_names) / sizeof(way_names[0]); i++) {
		if (span_is(word, way_names[i])) {
			*out = (enum push_way)i;
			return true;
		}
	}
	return false;
}

void
push_say(struct client *c, const char *state, struct span endpoint)
{
	struct reply *r = c ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return;
	reply_init(r);
	reply_text(r, "device", endpoint);
	reply_str(r, "state", state);
	writer_str(&r->w, "\n");
	client_say(c, r);
	free(r);
}

void
push_lost(struct client *c, struct span endpoint)
{
	push_say(c, "lost", endpoint);
}

void
push_say_failed(struct client *c, struct span endpoint, enum push_reason why,
    const char *detail)
{
	struct reply *r = c ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return;
	reply_init(r);
	reply_text(r, "device", endpoint);
	reply_str(r, "state", "failed");
	reply_str(r, "reason", push_reason_code(why));
	reply_str(r, "sentence", push_reason_sentence(why));
	reply_str(r, "remedy", push_reason_remedy(why));
	if (detail)
		reply_str(r, "detail", detail);
	writer_str(&r->w, "\n");
	client_say(c, r);
	free(r);
}

void
push_fail(struct keeper *k, struct client *c, const struct push_wish *w,
    enum push_reason why, const char *detail)
{
	if (push_record_failed(k, w, why, detail) != RC_OK)
		push_lost(c, w->endpoint);
	else
		push_say_failed(c, w->endpoint, why, detail);
}

void
push_say_sent(
    struct client *c, const struct push_op *op, const uint8_t *session)
{
	struct reply *r = c ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return;
	reply_init(r);
	reply_text(r, "device", op->by_endpoint.key);
	reply_str(r, "state", "sent");
	reply_str(r, "way", push_way_name(op->way));
	reply_hex(r, "session", span_of(session, SESSION_ID_LEN));
	writer_str(&r->w, "\n");
	client_say(c, r);
	free(r);
}
