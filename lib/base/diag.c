#include "base/diag.h"

#include <stdarg.h>
#include <stdlib.h>

enum { KEPT_MAX = 10000 };

struct entry {
	struct diag_finding finding;
	size_t order; /* of addition */
};

/* A comment that silences. */
struct silence {
	char *file, *code, *because;
	unsigned line, about;
	bool used, met_error;
	bool said; /* that it silences nothing */
};

struct diag {
	struct entry **entries; /* each of its own: diag_get lends them */
	size_t count;
	size_t cap;
	size_t added;
	size_t errors_from; /* when full: none but errors from there on */
	/*
	 * Stands last once anything was dropped. It is an error: among what
	 * nobody kept may have been one.
	 */
	struct diag_finding dropped;
	bool any_dropped;
	char no_file[1];
	char dropped_text[64];
	struct silence *silences;
	size_t silence_count, silence_cap;
};

struct diag *
diag_new(void)
{
	return calloc(1, sizeof(struct diag));
}

static void
entry_free(struct entry *e)
{
	if (!e)
		return;
	free(e->finding.file);
	free(e->finding.text);
	free(e);
}

static void
silence_fini(struct silence *s)
{
	free(s->file);
	free(s->code);
	free(s->because);
}

void
diag_free(struct diag *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->count; i++)
		entry_free(d->entries[i]);
	for (size_t i = 0; i < d->silence_count; i++)
		silence_fini(&d->silences[i]);
	free(d->silences);
	free(d->entries);
	free(d);
}

/* Replace what a terminal would obey: C0, DEL, and C1 in UTF-8. */
static void
make_printable(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			p[0] = p[1] = '?';
	}
}

static bool
make_room(struct diag *d)
{
	size_t cap = d->cap ? d->cap * 2 : 16;
	struct entry **entries;

	if (d->count < d->cap)
		return true;
	entries = reallocarray(d->entries, cap, sizeof(struct entry *));
	if (!entries)
		return false;
	d->entries = entries;
	d->cap = cap;
	return true;
}

static void
drop(struct diag *d, const char *why)
{
	if (d->any_dropped)
		return;
	d->any_dropped = true;
	snprintf(d->dropped_text, sizeof(d->dropped_text), "%s", why);
	d->dropped = (struct diag_finding){
	    .level = DIAG_ERROR,
	    .file = d->no_file,
	    .code = "diag-dropped",
	    .text = d->dropped_text,
	};
}

/* In a full one an error takes the place of the last warning: what decides is
 * kept. NULL: there are only errors. */
static struct entry **
make_way(struct diag *d)
{
	if (d->errors_from == 0)
		return NULL;
	while (--d->errors_from > 0 &&
	    d->entries[d->errors_from]->finding.level == DIAG_ERROR)
		;
	if (d->entries[d->errors_from]->finding.level == DIAG_ERROR)
		return NULL;
	return &d->entries[d->errors_from];
}

static struct entry **
place_for(struct diag *d, enum diag_level level)
{
	struct entry **place = NULL;

	if (d->count < KEPT_MAX) {
		if (!make_room(d))
			return NULL;
		place = &d->entries[d->count];
		*place = NULL;
		d->errors_from = ++d->count;
		return place;
	}
	drop(d, "more than 10000 findings: the rest is not shown");
	return level == DIAG_ERROR ? make_way(d) : NULL;
}

void
diag_add(struct diag *d, enum diag_level level, const char *file, unsigned line,
    unsigned column, const char *code, const char *fmt, ...)
{
	struct entry *e, **place;
	va_list ap;

	if (!d)
		return;
	e = calloc(1, sizeof(*e));
	if (!e)
		goto fail;
	e->order = d->added++;
	e->finding.level = level;
	e->finding.line = line;
	e->finding.column = column;
	e->finding.code = code;
	e->finding.file = strdup(file ? file : "");
	va_start(ap, fmt);
	if (vasprintf(&e->finding.text, fmt, ap) < 0)
		e->finding.text = NULL;
	va_end(ap);
	if (!e->finding.file || !e->finding.text)
		goto fail;
	make_printable(e->finding.file);
	make_printable(e->finding.text);
	place = place_for(d, level);
	if (!place)
		goto fail;
	entry_free(*place);
	*place = e;
	return;
fail:
	entry_free(e);
	drop(d, "out of memory: findings are missing here");
}

size_t
diag_total(const struct diag *d)
{
	return d ? d->count + d->any_dropped : 0;
}

const struct diag_finding *
diag_get(const struct diag *d, size_t i)
{
	if (i >= diag_total(d))
		return NULL;
	return i < d->count ? &d->entries[i]->finding : &d->dropped;
}

size_t
diag_count(const struct diag *d, enum diag_level at_least)
{
	size_t n = 0;

	for (size_t i = 0; i < diag_total(d); i++)
		n += diag_get(d, i)->level >= at_least &&
		    !diag_get(d, i)->silenced;
	return n;
}

size_t
diag_silenced(const struct diag *d)
{
	size_t n = 0;

	for (size_t i = 0; i < diag_total(d); i++)
		n += diag_get(d, i)->silenced != NULL;
	return n;
}

/* --- silences ------------------------------------------------------------- */

static bool
make_silence_room(struct diag *d)
{
	size_t cap = d->silence_cap ? d->silence_cap * 2 : 16;
	struct silence *silences;

	if (d->silence_count < d->silence_cap)
		return true;
	silences = reallocarray(d->silences, cap, sizeof(*silences));
	if (!silences)
		return false;
	d->silences = silences;
	d->silence_cap = cap;
	return true;
}

void
diag_silence(struct diag *d, const char *file, unsigned line, unsigned about,
    const char *code, const char *because)
{
	struct silence s = {.line = line, .about = about};

	if (!d || d->silence_count == KEPT_MAX)
		return;
	s.file = strdup(file);
	s.code = strdup(code);
	s.because = strdup(because);
	if (!s.file || !s.code || !s.because || !make_silence_room(d)) {
		/* a warning too many is better than one that is lost */
		silence_fini(&s);
		return;
	}
	make_printable(s.file);
	make_printable(s.because);
	d->silences[d->silence_count++] = s;
}

void
diag_silence_all(const struct diag *from, struct diag *to)
{
	for (size_t i = 0; i < from->silence_count; i++) {
		const struct silence *s = &from->silences[i];

		diag_silence(
		    to, s->file, s->line, s->about, s->code, s->because);
	}
}

static int
compare_place(
    const char *file, unsigned line, const char *code, const struct silence *s)
{
	int c = strcmp(file, s->file);

	if (c == 0)
		c = (line > s->about) - (line < s->about);
	return c ? c : strcmp(code, s->code);
}

static int
compare_silences(const void *x, const void *y)
{
	const struct silence *a = x;

	return compare_place(a->file, a->about, a->code, y);
}

static struct silence *
find_silence(const struct diag *d, const struct diag_finding *f)
{
	size_t low = 0, high = d->silence_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct silence *s = &d->silences[middle];
		int c = compare_place(f->file, f->line, f->code, s);

		if (c == 0)
			return s;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void
apply(const struct diag *d, struct diag_finding *f)
{
	struct silence *s = find_silence(d, f);

	if (!s)
		return;
	if (f->level == DIAG_ERROR) {
		s->met_error = true;
		return;
	}
	s->used = true;
	f->silenced = s->because;
}

void
diag_settle(struct diag *d, bool complete)
{
	size_t findings = d->count;

	if (d->silence_count == 0)
		return;
	qsort(d->silences, d->silence_count, sizeof(*d->silences),
	    compare_silences);
	for (size_t i = 0; i < findings; i++)
		apply(d, &d->entries[i]->finding);
	for (size_t i = 0; i < d->silence_count; i++) {
		struct silence *s = &d->silences[i];

		if (s->said)
			continue;
		s->said = s->met_error || (!s->used && complete);
		if (s->met_error)
			diag_add(d, DIAG_WARNING, s->file, s->line, 0,
			    "check-ignore-unused",
			    "%s is an error here, and no error is silenced; "
			    "mend it and remove this comment",
			    s->code);
		else if (!s->used && complete)
			diag_add(d, DIAG_WARNING, s->file, s->line, 0,
			    "check-ignore-unused",
			    "silences nothing: there is no %s in line %u; "
			    "remove this comment",
			    s->code, s->about);
	}
}

static int
compare(const void *x, const void *y)
{
	const struct entry *a = *(struct entry *const *)x;
	const struct entry *b = *(struct entry *const *)y;
	int c = strcmp(a->finding.file, b->finding.file);

	if (c == 0)
		c = (a->finding.line > b->finding.line) -
		    (a->finding.line < b->finding.line);
	if (c == 0)
		c = (a->finding.column > b->finding.column) -
		    (a->finding.column < b->finding.column);
	/* qsort(3) promises no stability. */
	if (c == 0)
		c = (a->order > b->order) - (a->order < b->order);
	return c;
}

void
diag_sort(struct diag *d)
{
	if (d && d->count)
		qsort(d->entries, d->count, sizeof(struct entry *), compare);
}

void
diag_print(const struct diag *d, FILE *out)
{
	static const char *const levels[] = {
	    [DIAG_NOTE] = "note",
	    [DIAG_WARNING] = "warning",
	    [DIAG_ERROR] = "error",
	};

	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);

		if (f->silenced)
			continue;
		if (f->file[0])
			fprintf(out, "%s:", f->file);
		if (f->file[0] && f->line)
			fprintf(out, "%u:", f->line);
		if (f->file[0] && f->line && f->column)
			fprintf(out, "%u:", f->column);
		fprintf(out, "%s%s: %s\n", f->file[0] ? " " : "",
		    levels[f->level], f->text);
	}
}
