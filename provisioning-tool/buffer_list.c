/* The devices that a buffer is filled with: all of them, or none. */
#include "buffer_list.h"

#include "device_list.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct taking {
	const struct options *o;
	const struct image_recipe *recipe;
	struct buffer_list *list;
};

static int
bad_line(
    const struct taking *t, uint64_t line, const char *remedy, const char *what)
{
	struct quoted q;

	return tool_error(EX_DATAERR, remedy, "%s:%llu: %s",
	    quote_str(&q, t->o->operands[0]), (unsigned long long)line, what);
}

static int
want(struct taking *t, const struct device_record *r)
{
	struct span name = r->cells[DEVICE_ENDPOINT];
	struct span unit = r->cells[DEVICE_SERIAL];
	char endpoint[POLICY_ENDPOINT_MAX + 1];
	const char *why = r->fault;
	struct wanted *w;

	if (!why &&
	    image_recipe_device(t->recipe, &name, &unit, r->cells[DEVICE_NAME],
		endpoint, &why) == RC_OK)
		why = NULL;
	if (why)
		return bad_line(t, r->line, "nothing was filled", why);
	if (t->list->count == (size_t)t->o->max_count)
		return bad_line(t, r->line,
		    "raise --max, or fill several: what is in a buffer is out "
		    "of the HSM's hands",
		    "more devices than --max");
	if (t->list->count == t->list->cap) {
		size_t cap = t->list->cap ? 2 * t->list->cap : 64;

		w = reallocarray(t->list->wanted, cap, sizeof(*w));
		if (!w)
			return tool_fault(RC_MEMORY, "list");
		t->list->wanted = w;
		t->list->cap = cap;
	}
	w = &t->list->wanted[t->list->count];
	w->line = r->line;
	w->endpoint = strndup((const char *)name.p, name.len);
	if (!w->endpoint)
		return tool_fault(RC_MEMORY, "list");
	t->list->count++;
	return EX_OK;
}

static int
by_name(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	int order = strcmp(x->endpoint, y->endpoint);

	if (order == 0)
		order = x->line < y->line ? -1 : 1;
	return order;
}

static int
by_line(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return x->line < y->line ? -1 : 1;
}

static int
check_twins(struct taking *t)
{
	char remedy[64];
	int code = EX_OK;

	qsort(
	    t->list->wanted, t->list->count, sizeof(*t->list->wanted), by_name);
	for (size_t i = 1; code == EX_OK && i < t->list->count; i++) {
		const struct wanted *a = &t->list->wanted[i - 1], *b = a + 1;

		if (strcmp(a->endpoint, b->endpoint) != 0)
			continue;
		snprintf(remedy, sizeof(remedy), "it stands in line %llu, too",
		    (unsigned long long)a->line);
		code = bad_line(t, b->line, remedy, "a device twice");
	}
	qsort(
	    t->list->wanted, t->list->count, sizeof(*t->list->wanted), by_line);
	return code;
}

static int
read_records(struct taking *t, struct device_list *list)
{
	struct device_record r;
	int code = EX_OK;

	while (code == EX_OK) {
		switch (device_list_next(list, -1, &r)) {
		case DEVICE_RECORD:
			code = want(t, &r);
			break;
		case DEVICE_PAUSE:
			break;
		case DEVICE_END:
			return EX_OK;
		case DEVICE_UNUSABLE:
			return bad_line(
			    t, r.line, "nothing was filled", r.fault);
		case DEVICE_UNREADABLE:
			return tool_error(
			    EX_NOINPUT, NULL, "the list: %s", strerror(errno));
		}
	}
	return code;
}

int
buffer_list_read(const struct options *o, const struct image_recipe *r,
    struct buffer_list *out)
{
	struct taking taking = {.o = o, .recipe = r, .list = out};
	struct taking *t = &taking;
	const char *path = t->o->operands[0];
	bool piped = strcmp(path, "-") == 0;
	int fd = piped ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct device_list *list;
	struct quoted q;
	int code;

	if (fd < 0)
		return tool_error(EX_NOINPUT, strerror(errno),
		    "list %s cannot be read", quote_str(&q, path));
	list = calloc(1, sizeof(*list));
	if (list) {
		device_list_begin(list, fd);
		code = read_records(t, list);
	} else {
		code = tool_fault(RC_MEMORY, "list");
	}
	free(list);
	if (!piped)
		close(fd);
	if (code == EX_OK && t->list->count == 0)
		code = tool_error(EX_DATAERR, "name one device a line",
		    "list %s is empty", quote_str(&q, path));
	return code == EX_OK ? check_twins(t) : code;
}

void
buffer_list_free(struct buffer_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->wanted[i].endpoint);
	free(l->wanted);
	*l = (struct buffer_list){0};
}
