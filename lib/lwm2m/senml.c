#include "lwm2m/senml.h"

enum { INSTANCE_DEPTH = 2 };

void
senml_names_init(struct senml_names *s, struct lwm2m_path base)
{
	unsigned depth = path_depth(base);

	/* "/" would make a base of no use: a pack has one per instance. */
	s->base_depth = depth ? depth : INSTANCE_DEPTH;
	s->last = LWM2M_ROOT;
}

void
senml_names_init_absolute(struct senml_names *s)
{
	s->base_depth = 0;
	s->last = LWM2M_ROOT;
}

void
senml_names_next(struct senml_names *s, struct lwm2m_path path,
    struct senml_record_name *out)
{
	struct lwm2m_path base = path_upper(path, s->base_depth);
	struct writer whole;
	struct writer w;
	size_t base_len = 0;

	/* LWM2M_PATH_TEXT_MAX counts a NUL: there is room for the slash. */
	writer_init(&whole, out->text, sizeof(out->text));
	writer_init(&w, out->base_text, sizeof(out->base_text));
	path_print(&whole, path);
	if (s->base_depth > 0) {
		path_print(&w, base);
		if (path_depth(path) > s->base_depth)
			writer_str(&w, "/");
		base_len = w.len;
	}
	out->name = span_from(writer_span(&whole), base_len);
	out->base = writer_span(&w);
	if (path_compare(base, s->last) == 0)
		out->base = span_of(NULL, 0);
	s->last = base;
}

enum rc
senml_resolve(struct span base, struct span name, struct lwm2m_path *out)
{
	char text[LWM2M_PATH_TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	writer_put(&w, base);
	writer_put(&w, name);
	return w.full ? RC_MALFORMED : path_parse(writer_span(&w), out);
}
