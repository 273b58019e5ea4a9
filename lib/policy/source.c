#include "policy/source.h"

#include "policy/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct source_file *
known(const struct source *s, const char *name)
{
	return (struct source_file *)table_get(&s->files, span_str(name));
}

/* What is before the last '/', with it, and what is behind. */
static enum rc
split(struct source *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct span folder =
	    span_of(path, slash ? (size_t)(slash + 1 - path) : 0);

	folder = arena_copy(s->arena, folder);
	s->folder = (const char *)folder.p;
	s->only = arena_str(s->arena, slash ? slash + 1 : path);
	return s->folder && s->only ? RC_OK : RC_MEMORY;
}

/* The whole folder `path`. */
static enum rc
whole(struct source *s, const char *path)
{
	size_t len = strlen(path);
	char *folder = arena_alloc(s->arena, len + 2);

	if (!folder)
		return RC_MEMORY;
	memcpy(folder, path, len);
	if (len > 0 && path[len - 1] != '/')
		folder[len] = '/';
	s->folder = folder;
	return RC_OK;
}

static enum rc
begin(struct source *s, struct arena *arena, enum source_kind kind)
{
	*s = (struct source){.kind = kind, .arena = arena};
	s->bytes = arena_new(0);
	return s->bytes ? table_init(&s->files) : RC_MEMORY;
}

void
source_fini(struct source *s)
{
	table_fini(&s->files);
	arena_free(s->bytes);
}

enum rc
source_init(struct source *s, struct arena *arena, const char *path)
{
	struct stat st;
	enum rc rc = begin(s, arena, SOURCE_DISK);

	if (rc != RC_OK)
		return rc;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? whole(s, path)
							   : split(s, path);
}

static char *
joined(struct arena *a, struct span folder, const char *name)
{
	size_t len = strlen(name) + 1;
	char *path = folder.len <= SIZE_MAX - len
	    ? arena_alloc(a, folder.len + len)
	    : NULL;

	if (!path)
		return NULL;
	if (folder.len > 0)
		memcpy(path, folder.p, folder.len);
	memcpy(path + folder.len, name, len);
	return path;
}

static const char *
path_of(struct source *s, const char *name)
{
	return name[0] == '/' ? name
			      : joined(s->arena, span_str(s->folder), name);
}

/* A file that the source has; `bytes` are its own. NULL: memory. */
static struct source_file *
add(struct source *s, const struct source_name *n, struct span bytes)
{
	struct source_file *f = arena_alloc(s->arena, sizeof(*f));

	if (!f)
		return NULL;
	f->name = n->name;
	f->path = n->path;
	f->bytes = bytes;
	f->item.key = span_str(f->name);
	table_put(&s->files, &f->item);
	return f;
}

/* In memory: to be found by its name. */
static enum rc
give(struct source *s, const char *name, struct span bytes)
{
	struct source_name n = {.name = arena_str(s->arena, name)};

	n.path = n.name ? path_of(s, n.name) : NULL;
	bytes = arena_copy(s->bytes, bytes);
	return n.path && bytes.p && add(s, &n, bytes) ? RC_OK : RC_MEMORY;
}

enum rc
source_init_files(struct source *s, struct arena *arena, const char *path,
    const struct policy_set_file *files, size_t count, struct diag *d)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;
	bool is_file = false;
	enum rc rc = begin(s, arena, SOURCE_MEMORY);

	for (size_t i = 0; i < count; i++)
		is_file |= span_ends(span_str(path), SPAN_LIT(".yaml")) &&
		    strcmp(files[i].name, last) == 0;
	if (rc == RC_OK)
		rc = is_file ? split(s, path) : whole(s, path);
	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		const char *wrong = policy_name_fault(span_str(files[i].name));

		if (!wrong && known(s, files[i].name))
			wrong = "a file is there twice";
		if (wrong)
			diag_add(d, DIAG_ERROR, path, 0, 0, "policy-kept", "%s",
			    wrong);
		rc = wrong ? RC_CONFIG : give(s, files[i].name, files[i].bytes);
	}
	return rc;
}

enum rc
source_init_text(
    struct source *s, struct arena *arena, const char *file, struct span text)
{
	enum rc rc = begin(s, arena, SOURCE_TEXT);

	if (rc == RC_OK)
		rc = split(s, file);
	return rc == RC_OK ? give(s, s->only, text) : rc;
}

/* --- names ---------------------------------------------------------------- */

/* Off the front of `rest`, up to the next '/'. */
static struct span
next_part(struct span *rest)
{
	const uint8_t *slash =
	    rest->len > 0 ? memchr(rest->p, '/', rest->len) : NULL;
	size_t len = slash ? (size_t)(slash - rest->p) : rest->len;
	struct span part = span_of(rest->p, len);

	*rest = span_from(*rest, slash ? len + 1 : len);
	return part;
}

/* Take the last part off; false: there is none but "..". */
static bool
go_up(struct writer *w, size_t first)
{
	size_t at = w->len;

	while (at > first && w->buf[at - 1] != '/')
		at--;
	if (w->len == first || span_is(span_of(w->buf + at, w->len - at), ".."))
		return false;
	w->len = at > first ? at - 1 : first;
	return true;
}

/* "./a//b/../c" is "a/c"; what leads out stays in front. */
static void
straighten(struct writer *w, struct span path)
{
	bool absolute = path.len > 0 && path.p[0] == '/';
	struct span rest = path;

	if (absolute)
		writer_str(w, "/");
	while (rest.len > 0) {
		struct span part = next_part(&rest);

		if (part.len == 0 || span_is(part, "."))
			continue;
		/* above the root is the root */
		if (span_is(part, "..") && (go_up(w, absolute) || absolute))
			continue;
		if (w->len > (size_t)absolute)
			writer_str(w, "/");
		writer_put(w, part);
	}
}

/* As far as the last '/' of the name of the file at `from`. */
static struct span
folder_of(const struct source *s, const char *from)
{
	const struct source_file *f = s->last;
	const char *slash;

	/* mostly the last one that was read: it is being read */
	while (f && f->path != from)
		f = f->next;
	slash = f ? strrchr(f->name, '/') : NULL;
	return span_of(
	    f ? f->name : NULL, slash ? (size_t)(slash + 1 - f->name) : 0);
}

enum rc
source_resolve(struct source *s, const char *from, const char *name,
    struct source_name *out)
{
	struct span folder = span_of(NULL, 0);
	struct source_file *f;
	char *raw, *straight;
	struct writer w;

	if (from && name[0] != '/')
		folder = folder_of(s, from);
	raw = joined(s->arena, folder, name);
	straight = raw ? arena_alloc(s->arena, strlen(raw) + 2) : NULL;
	if (!straight)
		return RC_MEMORY;
	writer_init(&w, straight, strlen(raw) + 1);
	straighten(&w, span_str(raw));
	straight[w.len] = '\0';
	/* as it is written: through links, ".." leads elsewhere than text */
	f = known(s, straight);
	out->name = straight;
	out->path = f ? f->path : path_of(s, raw);
	return out->path ? RC_OK : RC_MEMORY;
}

/* --- reading -------------------------------------------------------------- */

static void
count_in(struct source *s, struct source_file *f)
{
	digest_of(f->bytes, f->sha256);
	f->is_read = true;
	f->next = s->last;
	s->last = f;
	s->count++;
	s->total += f->bytes.len;
}

static enum rc
open_one(struct source *s, const struct source_name *n, size_t max,
    struct source_file **out, const char **why)
{
	struct file_bytes bytes;
	enum rc rc;

	*why = policy_name_fault(span_str(n->name));
	if (*why)
		return RC_IO;
	*why = "no such file is kept";
	if (s->kind != SOURCE_DISK)
		return RC_IO;
	rc = file_read(s->bytes, n->path, max, &bytes, why);
	if (rc != RC_OK)
		return rc;
	*out = add(s, n, span_of(bytes.p, bytes.len));
	if (!*out)
		return RC_MEMORY;
	(*out)->wipe = bytes.p;
	return RC_OK;
}

enum rc
source_read(struct source *s, const struct source_name *n, size_t max,
    const struct source_file **out, const char **why)
{
	struct source_file *f = known(s, n->name);
	enum rc rc = RC_OK;

	if (!f)
		rc = open_one(s, n, max, &f, why);
	if (rc != RC_OK)
		return rc;
	*why = "too large";
	if (f->bytes.len > max)
		return RC_TOO_LARGE;
	if (!f->is_read)
		count_in(s, f);
	*out = f;
	return RC_OK;
}

void
source_wipe(const struct source_file *f)
{
	if (f->wipe)
		explicit_bzero(f->wipe, f->bytes.len);
}

static int
compare_files(const void *x, const void *y)
{
	const struct policy_set_file *a = x, *b = y;

	return strcmp(a->name, b->name);
}

enum rc
source_list(struct source *s, const struct policy_set_file **out)
{
	struct policy_set_file *list =
	    arena_array(s->arena, s->count, sizeof(*list));
	size_t n = 0;

	if (!list)
		return RC_MEMORY;
	for (const struct source_file *f = s->last; f; f = f->next) {
		list[n].name = f->name;
		if (s->total <= POLICY_KEPT_MAX)
			list[n].bytes = f->bytes;
		memcpy(list[n++].sha256, f->sha256, DIGEST_LEN);
	}
	qsort(list, n, sizeof(*list), compare_files);
	*out = list;
	return RC_OK;
}
