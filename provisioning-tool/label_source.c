#include "label_source.h"

#include "endpoint.h"
#include "tool.h"

#include <errno.h>
#include <sys/stat.h>

static int
open_path(struct label_source *s, const char *path)
{
	struct stat st;
	struct quoted q;

	if (stat(path, &st) != 0)
		return tool_error(EX_NOINPUT, NULL, "%s: %s",
		    quote_str(&q, path), strerror(errno));
	s->folder = S_ISDIR(st.st_mode);
	return s->folder ? label_summary_open(&s->summary, path)
			 : label_images_open(path, &s->images);
}

int
label_source_open(struct label_source *s, const struct options *o)
{
	*s = (struct label_source){.o = o};
	if (o->endpoint) {
		int code = endpoint_option(o->endpoint);

		if (code != EX_OK)
			return code;
	}
	if (o->operand_count == 0 && !o->endpoint)
		return tool_error(EX_USAGE,
		    "name a batch's folder or an image, or give --endpoint EP",
		    "labels of which device?");
	if (o->operand_count == 0)
		return EX_OK;
	return open_path(s, o->operands[0]);
}

/** What is given on the command line counts where nothing else is known, and
 *  of one image where it does not say the same. */
static void
take_given(const struct options *o, struct label_values *v)
{
	if (v->endpoint.len == 0)
		v->endpoint = span_str(o->endpoint);
	if (v->serial.len == 0)
		v->serial = span_str(o->serial);
	if (v->identity.len == 0)
		v->identity = span_str(o->identity);
	if (v->batch.len == 0)
		v->batch = span_str(o->label_batch);
	if (v->fingerprint.len == 0)
		v->fingerprint = span_str(o->fingerprint);
}

static bool
next_of_folder(
    struct label_source *s, struct label_values *v, const char **fault)
{
	if (!label_summary_next(&s->summary, v))
		return false;
	*fault = s->summary.fault;
	snprintf(
	    s->where, sizeof(s->where), LABEL_SUMMARY ":%u", s->summary.line);
	return true;
}

static bool
next_of_images(
    struct label_source *s, struct label_values *v, const char **fault)
{
	const char *where;
	struct quoted q;

	if (!label_images_next(s->images, v, &where, fault))
		return false;
	snprintf(s->where, sizeof(s->where), "%s", quote_str(&q, where));
	return true;
}

bool
label_source_next(
    struct label_source *s, struct label_values *v, const char **fault)
{
	bool more;

	*fault = NULL;
	if (s->folder) {
		more = next_of_folder(s, v, fault);
	} else if (s->images) {
		more = next_of_images(s, v, fault);
	} else {
		*v = (struct label_values){0};
		more = !s->done;
		s->done = true;
		snprintf(s->where, sizeof(s->where), "--endpoint");
	}
	if (!more || *fault)
		return more;
	take_given(s->o, v);
	if (v->endpoint.len == 0)
		*fault = "an image of its format does not say whose it is; "
			 "give --endpoint";
	return true;
}

int
label_source_close(struct label_source *s)
{
	label_images_close(s->images);
	s->images = NULL;
	return label_summary_close(&s->summary);
}
