#include "lwm2m/path.h"

enum { LEVELS = 4 };

static uint16_t
level(struct lwm2m_path p, unsigned i)
{
	const uint16_t ids[LEVELS] = {
	    p.object, p.instance, p.resource, p.resource_instance};

	return ids[i];
}

unsigned
path_depth(struct lwm2m_path p)
{
	unsigned depth = 0;

	while (depth < LEVELS && level(p, depth) != LWM2M_ID_NONE)
		depth++;
	return depth;
}

struct lwm2m_path
path_upper(struct lwm2m_path p, unsigned depth)
{
	if (depth < 4)
		p.resource_instance = LWM2M_ID_NONE;
	if (depth < 3)
		p.resource = LWM2M_ID_NONE;
	if (depth < 2)
		p.instance = LWM2M_ID_NONE;
	if (depth < 1)
		p.object = LWM2M_ID_NONE;
	return p;
}

enum rc
path_parse(struct span text, struct lwm2m_path *out)
{
	uint16_t ids[LEVELS] = {
	    LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE};

	if (text.len == 0 || text.p[0] != '/')
		return RC_MALFORMED;
	/* "/" alone has no segment; anything longer has one per slash. */
	if (text.len == 1)
		text.len = 0;
	for (unsigned n = 0; text.len > 0; n++) {
		size_t end = 1;
		uint64_t id;

		if (n == LEVELS)
			return RC_MALFORMED;
		while (end < text.len && text.p[end] != '/')
			end++;
		if (!span_decimal(
			span_of(text.p + 1, end - 1), LWM2M_ID_NONE - 1, &id))
			return RC_MALFORMED;
		ids[n] = (uint16_t)id;
		text = span_from(text, end);
	}
	*out = (struct lwm2m_path){ids[0], ids[1], ids[2], ids[3]};
	return RC_OK;
}

void
path_print(struct writer *w, struct lwm2m_path p)
{
	unsigned depth = path_depth(p);

	if (depth == 0)
		writer_str(w, "/");
	for (unsigned i = 0; i < depth; i++)
		writer_fmt(w, "/%u", (unsigned)level(p, i));
}

bool
path_within(struct lwm2m_path p, struct lwm2m_path base)
{
	unsigned depth = path_depth(base);

	for (unsigned i = 0; i < depth; i++) {
		if (level(p, i) != level(base, i))
			return false;
	}
	return true;
}

int
path_compare(struct lwm2m_path a, struct lwm2m_path b)
{
	for (unsigned i = 0; i < LEVELS; i++) {
		/* One up, in 16 bits: the absent level wraps to 0. */
		uint16_t x = (uint16_t)(level(a, i) + 1);
		uint16_t y = (uint16_t)(level(b, i) + 1);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}
