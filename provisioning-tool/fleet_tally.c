#include "fleet.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

const char *
fleet_outcome_name(enum fleet_outcome o)
{
	static const char *const names[FLEET_OUTCOMES] = {
	    [FLEET_UNCHANGED] = "unchanged",
	    [FLEET_CHANGED] = "changed",
	    [FLEET_REFUSED] = "refused",
	};

	return names[o];
}

enum rc
fleet_tally_init(struct fleet_tally *t, size_t examples)
{
	enum rc rc;

	*t = (struct fleet_tally){.examples = examples};
	rc = table_init(&t->lines);
	if (rc != RC_OK)
		return rc;
	t->arena = arena_new(0);
	return t->arena ? RC_OK : RC_MEMORY;
}

static void
drop_examples(void *ctx, struct table_item *item)
{
	struct fleet_line *line = (struct fleet_line *)(void *)item;

	(void)ctx;
	for (size_t i = 0; i < line->example_count; i++)
		free((void *)(uintptr_t)line->examples[i].p);
	line->example_count = 0;
}

void
fleet_tally_fini(struct fleet_tally *t)
{
	if (t->lines.slots)
		table_each(&t->lines, drop_examples, NULL);
	table_fini(&t->lines);
	arena_free(t->arena);
	*t = (struct fleet_tally){0};
}

/* --- lines ---------------------------------------------------------------- */

enum { KEY_MAX = 4 * 1024 };

/** A NUL between two. */
static struct span
key_of(char buf[static KEY_MAX], enum fleet_outcome outcome,
    const char *const texts[static 4])
{
	struct writer w;
	uint8_t byte = (uint8_t)outcome;

	writer_init(&w, buf, KEY_MAX);
	writer_put(&w, span_of(&byte, 1));
	for (size_t i = 0; i < 4; i++) {
		struct span s = span_str(texts[i] ? texts[i] : "");

		/* two long ones that begin alike are one line */
		s.len = s.len < KEY_MAX / 4 - 2 ? s.len : KEY_MAX / 4 - 2;
		writer_put(&w, s);
		writer_put(&w, SPAN_LIT("\0"));
	}
	return writer_span(&w);
}

static struct fleet_line *
add_line(struct fleet_tally *t, enum fleet_outcome outcome, struct span key,
    const char *const texts[static 4])
{
	struct fleet_line *line = arena_alloc(t->arena, sizeof(*line));
	struct span kept = arena_copy(t->arena, key);
	const char *copies[4];
	bool whole = line && kept.p;

	for (size_t i = 0; i < 4; i++) {
		copies[i] = arena_str(t->arena, texts[i] ? texts[i] : "");
		whole = whole && copies[i];
	}
	if (!whole) {
		t->no_memory = true;
		return NULL;
	}
	line->item.key = kept;
	line->outcome = outcome;
	line->change = copies[0];
	line->what = copies[1];
	line->before = copies[2];
	line->after = copies[3];
	table_put(&t->lines, &line->item);
	return line;
}

struct fleet_line *
fleet_line(struct fleet_tally *t, enum fleet_outcome outcome,
    const char *change, const char *what, const char *before, const char *after)
{
	const char *texts[4] = {change, what, before, after};
	char buf[KEY_MAX];
	struct span key;

	if (t->lines.count >= FLEET_LINES_MAX) {
		texts[1] = "more kinds of change than are told apart";
		texts[2] = texts[3] = NULL;
	}
	key = key_of(buf, outcome, texts);
	struct table_item *item = table_get(&t->lines, key);

	if (item)
		return (struct fleet_line *)(void *)item;
	return add_line(t, outcome, key, texts);
}

static struct span
copy_of(struct span s)
{
	uint8_t *p = malloc(s.len ? s.len : 1);

	if (p && s.len)
		memcpy(p, s.p, s.len);
	return span_of(p, s.len);
}

/** The first by their bytes: the same whoever comes again, and in which
 *  order. */
static void
note_example(
    struct fleet_tally *t, struct fleet_line *line, struct span endpoint)
{
	size_t n = line->example_count, at;
	struct span copy;

	if (t->examples == 0 ||
	    (n == t->examples &&
		span_compare(line->examples[n - 1], endpoint) <= 0))
		return;
	for (at = 0; at < n && span_compare(line->examples[at], endpoint) < 0;)
		at++;
	/* a device may be told of one change in two ways */
	if (at < n && span_equal(line->examples[at], endpoint))
		return;
	copy = copy_of(endpoint);
	if (!copy.p) {
		t->no_memory = true;
		return;
	}
	if (n == t->examples)
		free((void *)(uintptr_t)line->examples[--n].p);
	memmove(&line->examples[at + 1], &line->examples[at],
	    (n - at) * sizeof(line->examples[0]));
	line->examples[at] = copy;
	line->example_count = n + 1;
}

void
fleet_count(
    struct fleet_tally *t, struct fleet_line *line, struct span endpoint)
{
	if (!line)
		return;
	line->count++;
	note_example(t, line, endpoint);
}

/* --- together ------------------------------------------------------------- */

static void
add_one(void *ctx, struct table_item *item)
{
	struct fleet_tally *t = ctx;
	const struct fleet_line *from = (struct fleet_line *)(void *)item;
	struct fleet_line *line = fleet_line(t, from->outcome, from->change,
	    from->what, from->before, from->after);

	if (!line)
		return;
	line->count += from->count;
	for (size_t i = 0; i < from->example_count; i++)
		note_example(t, line, from->examples[i]);
}

void
fleet_tally_add(struct fleet_tally *t, const struct fleet_tally *from)
{
	struct table lines = from->lines;

	table_each(&lines, add_one, t);
	for (size_t i = 0; i < FLEET_OUTCOMES; i++)
		t->counts[i] += from->counts[i];
	t->assumed += from->assumed;
	t->unreadable += from->unreadable;
	t->no_memory |= from->no_memory;
}

struct gathered {
	struct fleet_line **list;
	size_t count;
};

static void
gather(void *ctx, struct table_item *item)
{
	struct gathered *g = ctx;

	g->list[g->count++] = (struct fleet_line *)(void *)item;
}

static int
by_weight(const void *a, const void *b)
{
	const struct fleet_line *x = *(struct fleet_line *const *)a;
	const struct fleet_line *y = *(struct fleet_line *const *)b;

	if (x->outcome != y->outcome)
		/* what is worst comes first */
		return x->outcome < y->outcome ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return span_compare(x->item.key, y->item.key);
}

struct fleet_line **
fleet_lines(struct fleet_tally *t, size_t *count)
{
	struct gathered g = {
	    .list = calloc(t->lines.count + 1, sizeof(*g.list))};

	*count = 0;
	if (!g.list)
		return NULL;
	table_each(&t->lines, gather, &g);
	qsort(g.list, g.count, sizeof(*g.list), by_weight);
	*count = g.count;
	return g.list;
}
