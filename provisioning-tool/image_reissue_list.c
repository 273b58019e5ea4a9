/* image reissue of a list: what is wrong with one device is said with its line,
 * and the others go on. Running again passes over what is done. */
#include "image_reissue.h"

#include "device_list.h"
#include "file_name.h"
#include "tool.h"

#include "base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct run {
	struct reissue *r;
	const char *path, *directory;
	struct reissue_tally *tally;
};

static void
finding(struct run *b, uint64_t line, int code, const char *what,
    const char *remedy)
{
	struct quoted q;

	if (b->tally->findings++ < REISSUE_FINDINGS_MAX)
		(void)tool_error(code, remedy, "%s:%llu: %s",
		    quote_str(&q, b->path), (unsigned long long)line, what);
}

static int
one(struct run *b, uint64_t line, struct span endpoint, struct span unit)
{
	const struct image_fault *f = &b->r->mint.fault;
	uint8_t name[3 * POLICY_ENDPOINT_MAX + 1];
	struct reissued done;
	struct writer w;
	char *path;
	int code;

	writer_init(&w, name, sizeof(name));
	file_name(&w, unit.len ? unit : endpoint);
	if (asprintf(&path, "%s/%.*s.%s", b->directory,
		SPAN_FMT(writer_span(&w)), b->r->recipe->format->extension) < 0)
		return tool_fault(RC_MEMORY, "image");
	b->r->unit = unit;
	code = reissue_one(b->r, endpoint, path, &done);
	free(path);
	if (code == EX_OK) {
		b->tally->outcomes[done.outcome]++;
		b->tally->revoked += done.revoked;
		return EX_OK;
	}
	/* what has been said is of the folder, and so of all of them */
	if (f->code == EX_OK)
		return code;
	if (f->stops)
		return image_fault_say(f);
	finding(b, line, code, f->text, f->remedy);
	return EX_OK;
}

static int
take(struct run *b, const struct device_record *r)
{
	char room[POLICY_ENDPOINT_MAX + 1];
	struct span unit = r->cells[DEVICE_SERIAL];
	struct span endpoint = r->cells[DEVICE_ENDPOINT];
	const char *why = r->fault;

	b->tally->devices++;
	if (!why &&
	    image_recipe_device(b->r->recipe, &endpoint, &unit,
		r->cells[DEVICE_NAME], room, &why) == RC_OK)
		return one(b, r->line, endpoint, unit);
	finding(b, r->line, EX_DATAERR, why, NULL);
	return EX_OK;
}

static int
take_all(struct run *b, struct device_list *l)
{
	struct device_record r;
	struct progress p;
	struct quoted q;
	bool more = true;
	int code = EX_OK;

	progress_begin(&p, "reissuing");
	while (more && code == EX_OK) {
		switch (device_list_next(l, -1, &r)) {
		case DEVICE_RECORD:
			code = take(b, &r);
			break;
		case DEVICE_PAUSE:
			break;
		case DEVICE_END:
			more = false;
			break;
		case DEVICE_UNUSABLE:
			finding(b, r.line, EX_DATAERR, r.fault, NULL);
			more = false;
			break;
		case DEVICE_UNREADABLE:
			code = tool_error(EX_IOERR, NULL, "%s: %s",
			    quote_str(&q, b->path), strerror(errno));
			break;
		}
		progress_at(&p, b->tally->devices, 0);
	}
	progress_end(&p);
	return code;
}

int
reissue_list(struct reissue *r, const char *path, const char *directory,
    struct reissue_tally *tally)
{
	struct run b = {
	    .r = r,
	    .path = path,
	    .directory = directory,
	    .tally = tally,
	};
	struct device_list *l = malloc(sizeof(*l));
	bool piped = strcmp(path, "-") == 0;
	struct quoted q;
	struct stat st;
	int fd, code;

	if (!l)
		return tool_fault(RC_MEMORY, "image");
	fd = piped ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		code = tool_error(EX_NOINPUT, NULL, "%s: %s",
		    quote_str(&q, path), strerror(errno));
	else if (mkdir(directory, 0700) != 0 &&
	    (errno != EEXIST || stat(directory, &st) != 0 ||
		!S_ISDIR(st.st_mode)))
		code = tool_error(EX_CANTCREAT, "name a folder", "%s: %s",
		    quote_str(&q, directory), strerror(errno));
	else {
		device_list_begin(l, fd);
		code = take_all(&b, l);
	}
	if (fd >= 0 && !piped)
		close(fd);
	free(l);
	return code;
}
