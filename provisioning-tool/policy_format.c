/* policy format: documents in the one layout, with their comments. */
#include "replace.h"
#include "text_diff.h"
#include "tool.h"
#include "verbs.h"

#include "policy/file.h"
#include "policy/yaml_format.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct formatting {
	const struct options *o;
	size_t seen, changed;
	int worst;
};

static void
note(struct formatting *f, int code)
{
	if (code > f->worst)
		f->worst = code;
}

static void
cannot(struct formatting *f, const char *path, const char *why)
{
	struct quoted q;

	note(f,
	    tool_error(EX_DATAERR, NULL, "%s: %s", quote_str(&q, path), why));
}

/** What becomes of the text of one file; `was` is NULL of standard input. */
static void
result(struct formatting *f, const char *path, const struct stat *was,
    struct span from, struct span to)
{
	const bool dry = f->o->check || f->o->diff;
	struct quoted q;
	int code;

	f->seen++;
	if (!was && !dry) {
		print_span(to);
		return;
	}
	if (span_equal(from, to))
		return;
	f->changed++;
	if (f->o->diff && text_diff(path, from, to) != RC_OK)
		note(f, tool_fault(RC_MEMORY, "format"));
	if (f->o->check) {
		if (!f->o->diff)
			printf("%s: would be changed\n", quote_str(&q, path));
		note(f, EX_DATAERR);
	}
	if (dry)
		return;
	code = replace_file(path, was, to);
	if (code == EX_OK)
		printf("%s: formatted\n", quote_str(&q, path));
	note(f, code);
}

static void
format(struct formatting *f, const char *path, const struct stat *was,
    struct arena *a, struct span text)
{
	struct diag *d = diag_new();
	struct span made;
	enum rc rc = d ? yaml_format(a, d, path, text, &made) : RC_MEMORY;

	if (rc == RC_OK)
		result(f, path, was, text, made);
	else if (rc == RC_MEMORY)
		note(f, tool_fault(rc, "format"));
	else
		note(f, EX_DATAERR);
	if (d)
		diag_print(d, stderr);
	diag_free(d);
}

static void
read_and_format(struct formatting *f, const char *path, struct arena *a)
{
	struct file_bytes bytes;
	struct stat was;
	const char *why;
	enum rc rc;

	/* before it is read: what is written since is then seen */
	if (stat(path, &was) != 0) {
		cannot(f, path, strerror(errno));
		return;
	}
	rc = file_read(a, path, YAML_FILE_MAX, &bytes, &why);
	if (rc == RC_OK)
		format(f, path, &was, a, span_of(bytes.p, bytes.len));
	else if (rc == RC_MEMORY)
		note(f, tool_fault(rc, "format"));
	else if (rc == RC_TOO_LARGE)
		cannot(f, path, "more than 1 MiB; split the file");
	else
		cannot(f, path, why);
}

static void
format_file(struct formatting *f, const char *path)
{
	struct arena *a = arena_new(0);

	if (a)
		read_and_format(f, path, a);
	else
		note(f, tool_fault(RC_MEMORY, "format"));
	arena_free(a);
}

static void
format_input(struct formatting *f)
{
	struct arena *a = arena_new(0);
	char *text = malloc(YAML_FILE_MAX + 1);
	size_t len = text ? fread(text, 1, YAML_FILE_MAX + 1, stdin) : 0;

	if (!a || !text)
		note(f, tool_fault(RC_MEMORY, "format"));
	else if (ferror(stdin))
		cannot(f, "standard input", strerror(errno));
	else
		format(f, "stdin", NULL, a, span_of(text, len));
	free(text);
	arena_free(a);
}

/** What policy_load reads of a folder. */
static int
is_yaml(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 &&
	    strcmp(e->d_name + len - 5, ".yaml") == 0;
}

static int
compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
format_folder(struct formatting *f, const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_yaml, compare_names);

	if (n < 0) {
		cannot(f, folder, strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", folder,
			entries[i]->d_name) < (int)sizeof(path))
			format_file(f, path);
		else
			cannot(f, folder, "a path too long");
		free(entries[i]);
	}
	free(entries);
}

int
policy_format(const struct options *o)
{
	struct formatting f = {.o = o, .worst = EX_OK};

	for (size_t i = 0; i < o->operand_count; i++) {
		const char *path = o->operands[i];
		struct stat st;

		if (strcmp(path, "-") == 0)
			format_input(&f);
		else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			format_folder(&f, path);
		else
			format_file(&f, path);
	}
	if (o->check && !o->diff)
		printf("%zu of %zu file%s would be changed\n", f.changed,
		    f.seen, f.seen == 1 ? "" : "s");
	return f.worst;
}
