#include "batch_folder.h"

#include "build_config.h"
#include "flat_json.h"
#include "order.h"
#include "tar_head.h"
#include "tool.h"

#include "base/event.h"
#include "base/loop.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTION "batch.json"
#define OPEN_FOLDER ".open"

enum { DESCRIPTION_MAX = 8192 };

int
batch_folder_failed(const struct batch_folder *b, enum rc rc)
{
	int err = errno;
	struct quoted q;

	quote_str(&q, b->path);
	if (rc == RC_FULL)
		return tool_error(EX_IOERR,
		    "make room there, then go on with --resume",
		    "%s: no space left for the images", q.text);
	if (rc == RC_MEMORY)
		return tool_fault(rc, "batch");
	return tool_error(EX_IOERR, "see to it, then go on with --resume",
	    "%s: %s", q.text, rc == RC_IO ? strerror(err) : rc_name(rc));
}

/* --- names ---------------------------------------------------------------- */

static bool
is_plain(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/** What is too long is cut, and told apart by its SHA-256. */
static void
shorten(struct writer *w, size_t room, struct span whole)
{
	enum { HASH_LEN = 16 };
	uint8_t sha256[DIGEST_LEN];

	digest_of(whole, sha256);
	w->len = room - 2 * HASH_LEN - 1;
	/* no half of a %XX stays */
	for (size_t i = 1; i <= 2; i++)
		if (w->buf[w->len - i] == '%')
			w->len -= i;
	w->full = false;
	writer_str(w, "-");
	text_hex(w, span_of(sha256, HASH_LEN));
}

void
batch_folder_name(const struct image_recipe *r, struct batch_job *j)
{
	struct span whole = span_of(j->endpoint, j->endpoint_len);
	struct span unit = image_recipe_unit(r, whole);
	uint8_t buf[3 * POLICY_ENDPOINT_MAX];
	size_t room = BATCH_IMAGE_NAME_MAX - strlen(r->format->extension) - 1;
	struct span s = unit.len ? unit : whole;
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	for (size_t i = 0; i < s.len; i++) {
		/* no dot in front: that is a hidden file, or a folder */
		if (is_plain(s.p[i]) && !(i == 0 && s.p[i] == '.'))
			writer_put(&w, span_of(s.p + i, 1));
		else
			writer_fmt(&w, "%%%02X", s.p[i]);
	}
	if (w.len > room)
		shorten(&w, room, s);
	snprintf(j->name, sizeof(j->name), "%.*s.%s", (int)w.len,
	    (const char *)w.buf, r->format->extension);
}

bool
batch_folder_has(const struct batch_folder *b, const char *name)
{
	struct stat st;

	return !b->container &&
	    fstatat(b->images, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- a group -------------------------------------------------------------- */

static enum rc
put_member(struct batch_folder *b, const struct batch_job *j)
{
	static const uint8_t zeros[TAR_BLOCK_LEN];
	uint8_t head[TAR_BLOCK_LEN];
	enum rc rc = tar_head_write(
	    SPAN_LIT("images"), span_str(j->name), j->image.len, head);

	if (rc == RC_OK)
		rc = batch_file_put(&b->tar, span_of(head, sizeof(head)));
	if (rc == RC_OK)
		rc = batch_file_put(&b->tar, secret_expose(&j->image));
	if (rc == RC_OK)
		rc = batch_file_put(
		    &b->tar, span_of(zeros, tar_fill_len(j->image.len)));
	return rc;
}

static enum rc
put_file(struct batch_folder *b, const struct batch_job *j)
{
	enum rc rc;
	int fd = openat(b->open, j->name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return errno == ENOSPC || errno == EDQUOT ? RC_FULL : RC_IO;
	rc = batch_write_all(fd, secret_expose(&j->image));
	if (close(fd) != 0 && rc == RC_OK)
		rc = RC_IO;
	return rc;
}

enum rc
batch_folder_put(struct batch_folder *b, const struct batch_job *j)
{
	return b->container ? put_member(b, j) : put_file(b, j);
}

enum rc
batch_folder_sync(struct batch_folder *b)
{
	enum rc rc = batch_file_flush(&b->summary);

	if (b->container) {
		if (rc == RC_OK)
			rc = batch_file_sync(&b->tar);
		if (rc == RC_OK)
			rc = batch_file_sync(&b->summary);
		return rc;
	}
	/* once for the files of a whole group */
	if (rc == RC_OK && syncfs(b->dir) != 0)
		rc = errno == ENOSPC || errno == EDQUOT ? RC_FULL : RC_IO;
	return rc;
}

enum rc
batch_folder_name_image(
    const struct batch_folder *b, const char *name, bool replace)
{
	if (b->container)
		return RC_OK;
	if (replace)
		return renameat(b->open, name, b->images, name) == 0 ? RC_OK
								     : RC_IO;
	if (renameat2(b->open, name, b->images, name, RENAME_NOREPLACE) == 0)
		return RC_OK;
	if ((errno == EINVAL || errno == ENOSYS) &&
	    linkat(b->open, name, b->images, name, 0) == 0 &&
	    unlinkat(b->open, name, 0) == 0)
		return RC_OK;
	return RC_IO;
}

enum rc
batch_folder_drop(const struct batch_folder *b, const char *name)
{
	if (b->container || unlinkat(b->images, name, 0) == 0 ||
	    errno == ENOENT)
		return RC_OK;
	return RC_IO;
}

enum rc
batch_folder_end_group(struct batch_folder *b)
{
	b->summary_len = b->summary.len;
	b->tar_len = b->tar.len;
	return RC_OK;
}

void
batch_folder_cut(struct batch_folder *b)
{
	int err = errno;

	/* where it cannot be, --resume does it */
	(void)!batch_file_cut(&b->summary, b->summary_len);
	if (b->container)
		(void)!batch_file_cut(&b->tar, b->tar_len);
	errno = err;
}

/* --- what it is ----------------------------------------------------------- */

static void
put_text(struct writer *w, const char *name, const char *text)
{
	if (!text || !text[0])
		return;
	writer_fmt(w, ",\"%s\":", name);
	text_quote(w, span_str(text));
}

/** What makes one image another: not where it is put. */
static void
digest_recipe(const struct image_recipe *r, bool container, char *hex)
{
	const struct image_geometry *g = &r->geometry;
	uint8_t sha256[DIGEST_LEN];
	char buf[2048];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	writer_fmt(&w, "%s|%s|%s|%s|%lld|%u|%u|%d", r->identity->name,
	    r->document ? r->document : "", r->format->name, r->account.uri,
	    (long long)r->account.hold_off_s, r->account.instance,
	    issue_newest_epoch(r->identity, clock_wall_ms() / 1000), container);
	writer_fmt(&w, "|%u", (unsigned)r->account.epoch);
	writer_fmt(&w, "|%zu|%zu|%u|%s|%s|%u|%u|%zu|%zu|%zu|%d|%s|%u",
	    g->partition_len, g->offset, (unsigned)g->address,
	    g->carries ? g->carries->name : "",
	    g->payload ? g->payload->name : "", (unsigned)g->generation,
	    (unsigned)g->family, g->sector_len, g->write_block, g->value_max,
	    g->data_crc, g->name_space, g->nvs_version);
	writer_fmt(&w, "|%d|%u|%u|%d|%u.%u", g->nvs_key != NULL,
	    (unsigned)g->security_tag, (unsigned)g->server_tag, g->base_names,
	    g->card_major, g->card_minor);
	digest_of(writer_span(&w), sha256);
	hex_text(hex, span_of(sha256, DIGEST_LEN));
}

enum rc
batch_folder_describe(
    const struct batch_folder *b, const struct image_recipe *r, int64_t count)
{
	static const char temp[] = "." DESCRIPTION;
	char buf[DESCRIPTION_MAX];
	struct writer w;
	enum rc rc;
	int fd;

	writer_init(&w, buf, sizeof(buf));
	writer_str(&w, "{\"batch\":");
	text_quote(&w, span_str(b->id));
	put_text(&w, "image", r->document);
	put_text(&w, "identity", r->identity->name);
	put_text(&w, "order", b->order ? b->order->name : NULL);
	put_text(&w, "station", b->station);
	put_text(&w, "format", r->format->name);
	put_text(&w, "uri", r->account.uri);
	put_text(&w, "files", b->container ? "images.tar" : "images/");
	put_text(&w, "created", b->created);
	put_text(&w, "tool", PROJECT_VERSION);
	put_text(&w, "recipe", b->recipe);
	if (count >= 0)
		writer_fmt(&w, ",\"count\":%lld", (long long)count);
	writer_str(&w, "}\n");
	if (w.full)
		return RC_TOO_LARGE;
	(void)unlinkat(b->dir, temp, 0);
	fd =
	    openat(b->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno == ENOSPC ? RC_FULL : RC_IO;
	rc = batch_write_all(fd, writer_span(&w));
	/* EPERM: a FAT stick, which has its own idea of modes */
	if (rc == RC_OK && fchmod(fd, 0644) != 0 && errno != EPERM)
		rc = RC_IO;
	if (rc == RC_OK && fsync(fd) != 0)
		rc = RC_IO;
	close(fd);
	if (rc == RC_OK && renameat(b->dir, temp, b->dir, DESCRIPTION) != 0)
		rc = RC_IO;
	if (rc == RC_OK && fsync(b->dir) != 0 && errno != EINVAL)
		rc = RC_IO;
	return rc;
}

/** A text of batch.json; "": it has none that fits. */
static void
take_text(const struct flat_member *m, const char *name, char *out, size_t cap)
{
	struct writer w;

	if (!span_is(m->name, name) || !m->text)
		return;
	writer_init(&w, out, cap - 1);
	if (text_unquote(&w, m->value) != RC_OK || w.full)
		w.len = 0;
	out[w.len] = '\0';
}

struct described {
	char id[IMAGE_ROW_BATCH_MAX + 1], created[32];
	char identity[128], format[64], uri[300], order[128], files[32];
	char recipe[2 * DIGEST_LEN + 1];
};

static int
read_description(const struct batch_folder *b, struct described *d)
{
	uint8_t bytes[DESCRIPTION_MAX];
	struct flat_member m;
	struct flat_walk walk;
	struct quoted q;
	ssize_t n = -1;
	int fd = openat(b->dir, DESCRIPTION, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	*d = (struct described){0};
	if (fd >= 0) {
		n = read(fd, bytes, sizeof(bytes));
		close(fd);
	}
	if (n > 0 && bytes[n - 1] == '\n')
		n--;
	if (n <= 0 || !flat_valid(span_of(bytes, (size_t)n)))
		return tool_error(EX_DATAERR,
		    "name the folder of a batch, or begin a new one elsewhere",
		    "%s has no " DESCRIPTION " that can be read",
		    quote_str(&q, b->path));
	flat_begin(&walk, span_of(bytes, (size_t)n));
	while (flat_next(&walk, &m)) {
		take_text(&m, "batch", d->id, sizeof(d->id));
		take_text(&m, "created", d->created, sizeof(d->created));
		take_text(&m, "identity", d->identity, sizeof(d->identity));
		take_text(&m, "format", d->format, sizeof(d->format));
		take_text(&m, "uri", d->uri, sizeof(d->uri));
		take_text(&m, "order", d->order, sizeof(d->order));
		take_text(&m, "files", d->files, sizeof(d->files));
		take_text(&m, "recipe", d->recipe, sizeof(d->recipe));
	}
	return EX_OK;
}

static int
differs(const struct batch_folder *b, const char *what, const char *was)
{
	struct quoted path, q;

	return tool_error(EX_USAGE,
	    "resume it with what it was begun with, or begin a new one",
	    "batch %s was begun with %s %s", quote_str(&path, b->path), what,
	    quote_str(&q, was));
}

/** Is the batch that was begun there this one? */
static int
check_description(struct batch_folder *b, const struct image_recipe *r)
{
	struct described d;
	int code = read_description(b, &d);

	if (code != EX_OK)
		return code;
	if (strcmp(d.identity, r->identity->name) != 0)
		return differs(b, "--identity", d.identity);
	if (strcmp(d.format, r->format->name) != 0)
		return differs(b, "--format", d.format);
	if (strcmp(d.uri, r->account.uri) != 0)
		return differs(b, "--uri", d.uri);
	b->container = strcmp(d.files, "images.tar") == 0;
	digest_recipe(r, b->container, b->recipe);
	if (strcmp(d.recipe, b->recipe) != 0)
		return differs(b, "other options", d.recipe);
	if (!d.id[0] || !d.created[0])
		return differs(b, "no id", d.id);
	if (strcmp(d.order, b->order ? b->order->name : "") != 0)
		return differs(b, "--order", d.order);
	memcpy(b->id, d.id, sizeof(b->id));
	memcpy(b->created, d.created, sizeof(b->created));
	return EX_OK;
}

/* --- opening -------------------------------------------------------------- */

/** Nothing in it but what a run that was killed at once has left. */
static bool
is_empty(const struct batch_folder *b)
{
	int fd = openat(b->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	bool empty = d != NULL;
	struct dirent *e;

	while (d && empty && (e = readdir(d)))
		empty = strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, "." DESCRIPTION) == 0;
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return empty;
}

static bool
has(const struct batch_folder *b, const char *name)
{
	struct stat st;

	return fstatat(b->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
open_folder(struct batch_folder *b, bool resume)
{
	struct quoted q;
	struct stat st;

	quote_str(&q, b->path);
	if (!resume && mkdir(b->path, 0700) != 0 && errno != EEXIST)
		return tool_error(
		    EX_CANTCREAT, NULL, "%s: %s", q.text, strerror(errno));
	b->dir = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->dir < 0 || fstat(b->dir, &st) != 0)
		return tool_error(EX_CANTCREAT,
		    resume ? "name the folder of the batch" : NULL, "%s: %s",
		    q.text, strerror(errno));
	if (flock(b->dir, LOCK_EX | LOCK_NB) != 0)
		return tool_error(EX_TEMPFAIL,
		    "let it end, or choose another folder",
		    "another process is writing the batch %s", q.text);
	if (!resume && has(b, DESCRIPTION))
		return tool_error(EX_CANTCREAT,
		    "go on with it by --resume, or choose another folder",
		    "there is a batch in %s", q.text);
	if (!resume && !is_empty(b))
		return tool_error(EX_CANTCREAT,
		    "choose a folder that is empty, or not there yet",
		    "%s holds files of somebody else's", q.text);
	return EX_OK;
}

/** "LINE-7.1f09a3c2": a name, and what no other batch of that name has. */
static int
make_id(struct batch_folder *b, const char *name)
{
	const char *slash;
	char base[64];
	uint8_t random[4];
	char hex[HEX_TEXT_MAX];
	size_t n = 0;

	if (!name) {
		size_t len = strlen(b->path);

		while (len > 1 && b->path[len - 1] == '/')
			len--;
		slash = memrchr(b->path, '/', len);
		name =
		    slash && slash[1] && slash[1] != '/' ? slash + 1 : b->path;
	}
	for (; *name && *name != '/' && n < sizeof(base) - 1; name++)
		base[n++] = is_plain((uint8_t)*name) ? *name : '_';
	base[n] = '\0';
	random_bytes(random, sizeof(random));
	snprintf(b->id, sizeof(b->id), "%s.%s", n ? base : "batch",
	    hex_text(hex, span_of(random, sizeof(random))));
	return EX_OK;
}

static int
open_parts(struct batch_folder *b)
{
	static const char summary[] = "summary.csv.part";
	static const char tar[] = "images.tar.part";
	/* killed before it was made */
	enum rc rc =
	    batch_file_open(&b->summary, b->dir, summary, !has(b, summary));

	if (rc == RC_OK && b->container)
		rc = batch_file_open(&b->tar, b->dir, tar, !has(b, tar));
	if (rc != RC_OK || b->container)
		return rc == RC_OK ? EX_OK : batch_folder_failed(b, rc);
	if ((mkdirat(b->dir, "images", 0700) != 0 && errno != EEXIST) ||
	    (mkdirat(b->dir, OPEN_FOLDER, 0700) != 0 && errno != EEXIST))
		return batch_folder_failed(b, RC_IO);
	b->images = openat(
	    b->dir, "images", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	b->open = openat(b->dir, OPEN_FOLDER,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return b->images < 0 || b->open < 0 ? batch_folder_failed(b, RC_IO)
					    : EX_OK;
}

/** A batch that was finished is one that is not, for as long as it is looked
 *  through. The MANIFEST goes first. */
static enum rc
reopen(struct batch_folder *b)
{
	static const char *const names[][2] = {
	    {"summary.csv", "summary.csv.part"},
	    {"images.tar", "images.tar.part"},
	};

	b->was_finished = has(b, "MANIFEST");
	if (unlinkat(b->dir, "MANIFEST", 0) != 0 && errno != ENOENT)
		return RC_IO;
	if (unlinkat(b->dir, "MANIFEST.sig", 0) != 0 && errno != ENOENT)
		return RC_IO;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (renameat2(b->dir, names[i][0], b->dir, names[i][1],
			RENAME_NOREPLACE) != 0 &&
		    errno != ENOENT)
			return RC_IO;
	return RC_OK;
}

int
batch_folder_open(struct batch_folder *b, const struct image_recipe *r,
    const char *path, const char *name, bool container, bool resume)
{
	char time[25];
	enum rc rc = RC_OK;
	int code;

	b->path = path;
	b->dir = b->images = b->open = b->summary.fd = b->tar.fd = -1;
	b->resumed = resume;
	b->container = container;
	code = open_folder(b, resume);
	if (code != EX_OK)
		return code;
	if (resume) {
		code = check_description(b, r);
		if (code != EX_OK)
			return code;
		rc = reopen(b);
		if (rc != RC_OK)
			return batch_folder_failed(b, rc);
		return open_parts(b);
	}
	ledger_time(clock_wall_ms(), time);
	snprintf(b->created, sizeof(b->created), "%s", time);
	digest_recipe(r, container, b->recipe);
	code = make_id(b, name);
	if (code == EX_OK) {
		rc = batch_folder_describe(b, r, -1);
		if (rc != RC_OK)
			return batch_folder_failed(b, rc);
		code = open_parts(b);
	}
	return code;
}

void
batch_folder_close(struct batch_folder *b)
{
	batch_file_close(&b->summary);
	batch_file_close(&b->tar);
	if (b->images >= 0)
		close(b->images);
	if (b->open >= 0)
		close(b->open);
	if (b->dir >= 0)
		close(b->dir);
	b->images = b->open = b->dir = -1;
}
