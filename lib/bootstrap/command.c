#include "bootstrap/command.h"

#include "lwm2m/format.h"

#include <stdio.h>

enum {
	METHOD_GET = 1,
	METHOD_POST = 2,
	METHOD_PUT = 3,
	METHOD_DELETE = 4,
	PAYLOAD_FIRST = 2048, /**< bytes: most Writes fit at once */
	PAYLOAD_MAX = SECRET_MAX,
	/** Around a block, at most: header and token 12, 3 segments of 6,
	 *  Content-Format 3, Block1 4, Size1 4, marker 1. */
	HEADER_MAX = 42,
	BLOCK_MAX = 1024,
	BLOCK_MIN = 16,
};

/** "/" is no Uri-Path option at all (encodings.md 8.6). */
static void
set_path(struct command *c, struct lwm2m_path p)
{
	const uint16_t ids[4] = {
	    p.object, p.instance, p.resource, p.resource_instance};

	c->out.target = p;
	c->out.path_count = 0;
	for (unsigned i = 0; i < path_depth(p); i++) {
		int n = snprintf(
		    c->segments[i], sizeof(c->segments[i]), "%u", ids[i]);

		c->out.path[i] = span_of(c->segments[i], (size_t)n);
		c->out.path_count++;
	}
}

static void
reset(struct command *c, uint8_t method, struct lwm2m_path path)
{
	command_fini(c);
	c->out = (struct session_command){0};
	c->out.method = method;
	c->out.content_format = -1;
	c->out.accept = -1;
	set_path(c, path);
}

/** Bytes of the message around a payload that goes whole: header, token, an
 *  option a segment, Content-Format, marker. */
static size_t
header_len(const struct command *c)
{
	size_t len = 4 + 8 + 1;

	for (size_t i = 0; i < c->out.path_count; i++)
		len += 1 + c->out.path[i].len;
	if (c->out.content_format > 0xff)
		len += 3;
	else
		len += c->out.content_format > 0 ? 2 : 1;
	return len;
}

static enum rc
encode(struct command *c, const struct plan_step *step,
    const struct lwm2m_entry *entries)
{
	enum rc rc = RC_TOO_LARGE;

	for (size_t cap = PAYLOAD_FIRST;
	     rc == RC_TOO_LARGE && cap <= PAYLOAD_MAX; cap *= 2) {
		struct writer w;

		rc = secret_reserve(&c->payload, cap);
		if (rc != RC_OK)
			break;
		writer_init(&w, c->payload.bytes, cap);
		rc = lwm2m_encode(c->out.content_format, c->out.target, entries,
		    step->entry_count, &w);
		c->payload.len = w.len;
	}
	c->out.payload = secret_expose(&c->payload);
	return rc;
}

/** The largest block whose whole message is not above `max_message`. */
static size_t
block_size(const struct plan_head *h)
{
	size_t room =
	    h->max_message > HEADER_MAX ? h->max_message - HEADER_MAX : 0;
	size_t size = BLOCK_MAX;

	if (room > h->block_size)
		room = h->block_size;
	while (size > room && size > BLOCK_MIN)
		size /= 2;
	return size;
}

/** Whole, or in which blocks? */
static enum rc
fit(struct command *c, const struct plan_head *h)
{
	size_t len = c->out.payload.len;

	c->out.block_size = BLOCK_MAX;
	if (len <= BLOCK_MAX && len + header_len(c) <= h->max_message)
		return RC_OK;
	if (h->block_size == 0)
		return RC_TOO_LARGE;
	c->out.block_size = block_size(h);
	return RC_OK;
}

static enum rc
make_write(struct command *c, const struct plan *plan, struct accounts *a,
    const struct plan_step *step, int format)
{
	struct lwm2m_entry entries[PLAN_ENTRIES_MAX];
	struct lwm2m_path path;
	enum rc rc = resolve_write(plan, step, a, &path, entries);

	if (rc != RC_OK)
		return rc;
	reset(c, METHOD_PUT, path);
	c->out.content_format = format;
	rc = encode(c, step, entries);
	return rc != RC_OK ? rc : fit(c, &plan->head);
}

enum rc
command_make(struct command *c, const struct plan *plan, struct accounts *a,
    const struct plan_step *step, int format)
{
	enum rc rc = RC_OK;

	switch (step->op) {
	case PLAN_DISCOVER:
	case PLAN_VERIFY:
		reset(c, METHOD_GET, step->path);
		c->out.accept = FORMAT_LINK;
		break;
	case PLAN_READ:
		reset(c, METHOD_GET, step->path);
		c->out.accept = format;
		break;
	case PLAN_DELETE:
		reset(c, METHOD_DELETE, step->path);
		break;
	case PLAN_FINISH:
		reset(c, METHOD_POST, LWM2M_ROOT);
		c->out.path[0] = SPAN_LIT("bs");
		c->out.path_count = 1;
		break;
	case PLAN_WRITE:
		rc = make_write(c, plan, a, step, format);
		break;
	}
	c->out.step = step;
	return rc;
}

void
command_delete(struct command *c, struct lwm2m_path path)
{
	reset(c, METHOD_DELETE, path);
}

void
command_fini(struct command *c)
{
	secret_fini(&c->payload);
}
