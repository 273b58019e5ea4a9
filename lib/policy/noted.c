/* Words of a set: who had one first, and what a mistyped one was to be. */
#include "policy/load.h"

#include "policy/nearest.h"

struct noted *
noted_find(const struct table *t, const char *word)
{
	if (!word || !word[0])
		return NULL;
	return (struct noted *)table_get(t, span_str(word));
}

const struct noted *
noted_add(struct load *l, struct table *t, const char *word,
    const struct policy_place *place, size_t index)
{
	struct noted *n = noted_find(t, word);

	if (n || !word || !word[0])
		return n;
	n = arena_alloc(l->scratch, sizeof(*n));
	if (!n) {
		l->no_memory = true;
		return NULL;
	}
	n->item.key = span_str(word);
	n->place = *place;
	n->index = index;
	table_put(t, &n->item);
	return NULL;
}

/* A name with a fault has its finding, and is "". */
void
noted_name(struct load *l, struct table *t, const struct yaml_ctx *c,
    struct yaml_node *root, const char *kind, const char *word,
    const struct policy_place *place, size_t index)
{
	const struct noted *first = noted_add(l, t, word, place, index);

	if (first && first->place.line == 0)
		yaml_error(c, yaml_get(root, kind), "policy-duplicate",
		    "%s is built in; give yours another name", word);
	else if (first)
		yaml_error(c, yaml_get(root, kind), "policy-duplicate",
		    "%s is the name of the %s at %s:%u already", word, kind,
		    first->place.file, first->place.line);
}

void
noted_unknown(struct noted_near *near, const struct yaml_ctx *c,
    const struct yaml_node *n, const char *code, const char *kind)
{
	const char *best = NULL;

	if (near->budget >= near->count) {
		near->budget -= near->count;
		best = nearest_of(n->text, near->names);
	}
	yaml_error(c, n, code, "no %s has the name %s%s%s%s", kind,
	    YAML_SHOW(n->text), best ? "; did you mean " : "", best ? best : "",
	    best ? "?" : "");
}
