#include "label_source.h"

#include "endpoint.h"
#include "image_row.h"
#include "tool.h"

#include <errno.h>
#include <stdlib.h>
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
label_source_open(struct label_source *s, const struct options *o,
    const struct label_document *d, struct ledger *l)
{
	*s = (struct label_source){
	    .o = o,
	    .document = d,
	    .ledger = l,
	    .live = calloc(1, sizeof(*s->live)),
	};
	if (!s->live)
		return tool_fault(RC_MEMORY, "labels");
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
		v->batch = span_str(o->batch);
	if (v->fingerprint.len == 0)
		v->fingerprint = span_str(o->fingerprint);
}

/**
 * The fingerprint that the ledger has of the device's newest image; of an image
 * that is at hand only where it is that one.
 */
static const char *
take_recorded(
    struct label_source *s, struct label_values *v, const char *sha256)
{
	const struct image_live *live = s->live;
	enum rc rc;

	if (!s->ledger || v->fingerprint.len > 0)
		return NULL;
	rc = image_row_live(s->ledger, v->endpoint, s->live);
	if (rc == RC_NOT_FOUND ||
	    (rc == RC_OK && sha256 && strcmp(sha256, live->sha256) != 0))
		return NULL;
	if (rc != RC_OK)
		return "the ledger cannot be read";
	v->fingerprint = span_str(live->fingerprint);
	if (v->identity.len == 0)
		v->identity = span_str(live->identity);
	if (v->batch.len == 0)
		v->batch = span_str(live->batch);
	return NULL;
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
next_of_images(struct label_source *s, struct label_values *v,
    const char **sha256, const char **fault)
{
	const char *where;
	struct quoted q;

	if (!label_images_next(s->images, v, &where, sha256, fault))
		return false;
	snprintf(s->where, sizeof(s->where), "%s", quote_str(&q, where));
	return true;
}

bool
label_source_next(
    struct label_source *s, struct label_values *v, const char **fault)
{
	const char *sha256 = NULL;
	bool more;

	*fault = NULL;
	if (s->folder) {
		more = next_of_folder(s, v, fault);
	} else if (s->images) {
		more = next_of_images(s, v, &sha256, fault);
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
	else
		*fault = take_recorded(s, v, sha256);
	label_document_values(s->document, v);
	return true;
}

bool
label_source_many(const struct label_source *s)
{
	return s->folder || (s->images && label_images_many(s->images));
}

int
label_source_close(struct label_source *s)
{
	label_images_close(s->images);
	s->images = NULL;
	free(s->live);
	s->live = NULL;
	return label_summary_close(&s->summary);
}
