/* Which devices a push is for. */
#include "base/text.h"
#include "ctl_push.h"
#include "policy/match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_DATA = 65, EXIT_INPUT = 66, EXIT_FAULT = 70 };

struct target *
push_find(struct push *p, struct span endpoint)
{
	/* the item is the first member */
	return (struct target *)table_get(&p->by_endpoint, endpoint);
}

enum rc
push_add(struct push *p, struct span endpoint)
{
	struct target *t;

	if (push_find(p, endpoint))
		return RC_OK;
	t = arena_alloc(p->arena, sizeof(*t));
	if (!t)
		return RC_MEMORY;
	t->item.key = arena_copy(p->arena, endpoint);
	if (!t->item.key.p)
		return RC_MEMORY;
	table_put(&p->by_endpoint, &t->item);
	*p->last = t;
	p->last = &t->next;
	p->count++;
	return RC_OK;
}

static bool
is_endpoint(struct span s)
{
	return s.len > 0 && s.len <= POLICY_ENDPOINT_MAX && text_utf8_valid(s);
}

static int
out_of_memory(void)
{
	fprintf(stderr, "bootstrapctl: out of memory\n");
	return EXIT_FAULT;
}

static int
pick_named(struct push *p)
{
	for (size_t i = 0; i < p->ctl->word_count; i++) {
		struct span name = span_str(p->ctl->words[i]);

		if (!is_endpoint(name)) {
			fprintf(stderr,
			    "bootstrapctl: no endpoint is so: 1 to %d bytes "
			    "of UTF-8\n",
			    POLICY_ENDPOINT_MAX);
			return EXIT_USAGE;
		}
		if (push_add(p, name) != RC_OK)
			return out_of_memory();
	}
	return 0;
}

/** One a line; empty lines and those that begin with "#" are none. */
static int
pick_listed(struct push *p, const char *path)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *line = NULL;
	size_t cap = 0, number = 0;
	ssize_t len;
	int code = 0;

	if (!f) {
		fprintf(
		    stderr, "bootstrapctl: %s: %s\n", path, strerror(errno));
		return EXIT_INPUT;
	}
	while (code == 0 && (len = getline(&line, &cap, f)) > 0) {
		struct span name = span_of(line, (size_t)len);

		number++;
		while (name.len > 0 &&
		    (name.p[name.len - 1] == '\n' ||
			name.p[name.len - 1] == '\r'))
			name.len--;
		if (name.len == 0 || name.p[0] == '#')
			continue;
		if (!is_endpoint(name)) {
			fprintf(stderr,
			    "bootstrapctl: %s:%zu: no endpoint: 1 to %d bytes "
			    "of UTF-8\n",
			    path, number, POLICY_ENDPOINT_MAX);
			code = EXIT_DATA;
		} else if (push_add(p, name) != RC_OK) {
			code = out_of_memory();
		}
	}
	free(line);
	if (f != stdin)
		fclose(f);
	return code;
}

/** What the ledger knows, and fits. */
struct picking {
	struct push *push;
	const char *policy, *glob; /**< NULL: any */
	bool marks; /**< those of a list are marked, not added */
};

static struct span
cell(const struct ledger_cells *row, const char *name)
{
	for (size_t i = 0; i < row->count; i++)
		if (strcmp(row->names[i], name) == 0)
			return row->values[i];
	return (struct span){0};
}

static enum rc
pick_row(void *ctx, const struct ledger_cells *row)
{
	struct picking *pick = ctx;
	uint8_t room[POLICY_ENDPOINT_MAX];
	struct target *t;
	struct writer w;

	/* as it is printed: what it stands for is the name */
	writer_init(&w, room, sizeof(room));
	if (text_unescape(&w, cell(row, "endpoint")) != RC_OK ||
	    !is_endpoint(writer_span(&w)))
		return RC_OK;
	if (pick->policy && !span_is(cell(row, "policy"), pick->policy))
		return RC_OK;
	if (pick->glob && !glob_match(pick->glob, writer_span(&w)))
		return RC_OK;
	if (pick->push->rollout &&
	    !push_stage_has(pick->push, writer_span(&w), cell(row, "policy")))
		return RC_OK;
	if (!pick->marks)
		return push_add(pick->push, writer_span(&w));
	t = push_find(pick->push, writer_span(&w));
	if (t)
		t->taken = true;
	return RC_OK;
}

/** Of a list, those that the ledger names under that policy. */
static void
keep_marked(struct push *p)
{
	struct target *t = p->first;

	p->first = NULL;
	p->last = &p->first;
	p->count = 0;
	while (t) {
		struct target *next = t->next;

		t->next = NULL;
		if (t->taken) {
			*p->last = t;
			p->last = &t->next;
			p->count++;
		} else {
			table_remove(&p->by_endpoint, &t->item);
		}
		t->taken = false;
		t = next;
	}
}

static int
pick_known(struct push *p, const char *policy, const char *glob, bool marks)
{
	struct picking pick = {p, policy, glob, marks};
	enum rc rc = ledger_view(p->ledger, "devices", pick_row, &pick);

	if (rc == RC_MEMORY)
		return out_of_memory();
	if (rc != RC_OK) {
		fprintf(stderr, "bootstrapctl: %s: %s\n",
		    p->ctl->config->ledger, rc_name(rc));
		return rc_exit(rc);
	}
	if (marks)
		keep_marked(p);
	return 0;
}

static void
say_selection(struct push *p, const struct ctl_push *o)
{
	struct writer w;

	writer_init(&w, p->selection, sizeof(p->selection) - 1);
	if (p->ctl->word_count > 0)
		writer_fmt(&w, "%zu named", p->ctl->word_count);
	if (o->policy)
		writer_fmt(&w, "--policy %.100s", o->policy);
	if (o->group)
		writer_fmt(&w, "%s--group %.100s", w.len ? " " : "", o->group);
	if (o->rollout)
		writer_fmt(&w, "%s--rollout", w.len ? " " : "");
	p->selection[w.len] = '\0';
}

int
push_pick(struct push *p)
{
	const struct ctl_push *o = &p->ctl->push;
	bool listed = o->group && o->group[0] == '@';
	int code = 0;

	say_selection(p, o);
	if (o->rollout)
		code = push_stage_open(p);
	if (code != 0)
		return code;
	if (p->ctl->word_count > 0)
		code = pick_named(p);
	else if (listed)
		code = pick_listed(p, o->group + 1);
	else
		code = pick_known(p, o->policy, o->group, false);
	if (code == 0 && listed && (o->policy || o->rollout))
		code = pick_known(p, o->policy, NULL, true);
	if (code == 0 && p->count == 0) {
		fprintf(stderr, "bootstrapctl: no device is selected\n");
		code = EXIT_INPUT;
	}
	return code;
}
