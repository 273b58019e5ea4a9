#include "label_output.h"

#include "file_name.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const label_form_names[] = {"zpl", "svg", "png", "html", NULL};

static int
begin_folder(const char *path)
{
	struct quoted q;
	struct stat st;

	if (mkdir(path, 0777) == 0 ||
	    (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return EX_OK;
	return tool_error(EX_CANTCREAT, "name a folder", "%s: %s",
	    quote_str(&q, path), strerror(errno));
}

static int
put_sheet(struct label_output *o, const char *title)
{
	struct writer w;

	writer_init(&w, o->bytes, LABEL_BYTES_MAX);
	if (title)
		label_sheet_head(&w, span_str(title));
	else
		label_sheet_foot(&w);
	return w.full ? tool_fault(RC_TOO_LARGE, "labels")
		      : output_more(&o->all, writer_span(&w));
}

int
label_output_begin(struct label_output *o, enum label_form form,
    const char *directory, const char *path, bool force, const char *title)
{
	int code;

	*o = (struct label_output){
	    .form = form,
	    .directory = directory,
	    .force = force,
	    .all = {.fd = -1},
	    .bytes = malloc(LABEL_BYTES_MAX),
	};
	if (!o->bytes)
		return tool_fault(RC_MEMORY, "labels");
	if (directory)
		return begin_folder(directory);
	code = output_begin_public(&o->all, path, force);
	if (code == EX_OK && form == LABEL_SHEET)
		code = put_sheet(o, title);
	return code;
}

/** Is that file there, and just this? */
static bool
is_there(const char *path, struct span bytes)
{
	uint8_t room[4096];
	struct stat st;
	bool same;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return false;
	same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == bytes.len;
	while (same && bytes.len > 0) {
		ssize_t n = read(fd, room, sizeof(room));

		same = n > 0 && (size_t)n <= bytes.len &&
		    memcmp(room, bytes.p, (size_t)n) == 0;
		if (same)
			bytes = span_from(bytes, (size_t)n);
	}
	close(fd);
	return same;
}

static int
put_file(struct label_output *o, struct span name, struct span bytes)
{
	struct output one;
	char *path;
	int code;

	if (asprintf(&path, "%s/%.*s.%s", o->directory, SPAN_FMT(name),
		label_form_names[o->form]) < 0)
		return tool_fault(RC_MEMORY, "labels");
	if (is_there(path, bytes)) {
		o->kept++;
		free(path);
		return EX_OK;
	}
	code = output_begin_public(&one, path, o->force);
	one.later = true;
	if (code == EX_OK)
		code = output_write(&one, bytes);
	if (code == EX_OK)
		code = output_commit(&one, bytes);
	output_end(&one);
	free(path);
	if (code == EX_OK)
		o->written++;
	return code;
}

int
label_output_put(
    struct label_output *o, const struct label *l, struct span name)
{
	uint8_t plain[3 * 1024];
	struct writer w, file;
	enum rc rc = RC_OK;
	int code;

	writer_init(&w, o->bytes, LABEL_BYTES_MAX);
	if (o->form == LABEL_ZPL)
		label_zpl(l, &w);
	else if (o->form == LABEL_PNG)
		rc = label_png(l, &w);
	else
		label_svg(l, &w);
	if (rc == RC_OK && w.full)
		rc = RC_TOO_LARGE;
	if (rc != RC_OK)
		return tool_fault(rc, "labels");
	if (!o->directory) {
		code = output_more(&o->all, writer_span(&w));
		o->written += code == EX_OK;
		return code;
	}
	writer_init(&file, plain, sizeof(plain));
	file_name(&file, name);
	return put_file(o, writer_span(&file), writer_span(&w));
}

int
label_output_commit(struct label_output *o)
{
	const struct span nothing = {0};
	int code = EX_OK;

	if (o->directory)
		return output_settle(o->directory);
	if (o->form == LABEL_SHEET)
		code = put_sheet(o, NULL);
	if (code == EX_OK)
		code = output_write(&o->all, nothing);
	if (code == EX_OK)
		code = output_commit(&o->all, nothing);
	return code;
}

void
label_output_end(struct label_output *o)
{
	output_end(&o->all);
	free(o->bytes);
	o->bytes = NULL;
}
