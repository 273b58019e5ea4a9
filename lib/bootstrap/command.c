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
	/** Header, token, options and marker of the largest request here:
	 *  4 + 8 + 3 segments of 6 + Content-Format 3 + Block1 4 + Size1 4 + 1 */
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

static enum rc
encode(struct command *c, const struct plan *plan, const struct plan_step *step,
    struct lwm2m_path path, int format)
{
	struct lwm2m_entry entries[PLAN_ENTRIES_MAX];
	enum rc rc = RC_TOO_LARGE;

	for (size_t i = 0; i < step->entry_count; i++) {
		entries[i] = plan->entries[step->entry_first + i].entry;
		entries[i].path.instance = path.instance;
	}
	for (size_t cap = PAYLOAD_FIRST;
	     rc == RC_TOO_LARGE && cap <= PAYLOAD_MAX; cap *= 2) {
		struct writer w;

		rc = secret_reserve(&c->payload, cap);
		if (rc != RC_OK)
			break;
		writer_init(&w, c->payload.bytes, cap);
		rc = lwm2m_encode(format, path, entries, step->entry_count, &w);
		c->payload.len = w.len;
	}
	return rc;
}

/** The largest block whose whole message is not above `max_message`. */
static size_t
block_size(size_t max_message)
{
	size_t room = max_message > HEADER_MAX ? max_message - HEADER_MAX : 0;
	size_t size = BLOCK_MAX;

	while (size > room && size > BLOCK_MIN)
		size /= 2;
	return size;
}

enum rc
command_make(struct command *c, const struct plan *plan,
    const struct plan_step *step, struct lwm2m_path path, int format)
{
	enum rc rc;

	switch (step->op) {
	case PLAN_DISCOVER:
	case PLAN_VERIFY:
		reset(c, METHOD_GET, path);
		c->out.accept = FORMAT_LINK;
		break;
	case PLAN_DELETE:
		reset(c, METHOD_DELETE, path);
		break;
	case PLAN_FINISH:
		reset(c, METHOD_POST, LWM2M_ROOT);
		c->out.path[0] = SPAN_LIT("bs");
		c->out.path_count = 1;
		break;
	case PLAN_WRITE:
		reset(c, METHOD_PUT, path);
		c->out.content_format = format;
		rc = encode(c, plan, step, path, format);
		if (rc != RC_OK)
			return rc;
		c->out.payload = secret_expose(&c->payload);
		if (c->payload.len + HEADER_MAX > plan->max_message)
			c->out.block_size = block_size(plan->max_message);
		else
			c->out.block_size = BLOCK_MAX;
		break;
	}
	c->out.step = step;
	return RC_OK;
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
