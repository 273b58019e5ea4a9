#include "image_room.h"

#include "account_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/** Bytes that reading takes: the format's room is more than most images. */
static size_t
read_scratch_len(const struct image_recipe *r)
{
	size_t len =
	    IMAGE_READ_SCRATCH(image_room_len(r->format, &r->geometry));

	return len < SECRET_LARGE_MAX ? len : SECRET_LARGE_MAX;
}

enum rc
image_room_make(struct image_mint *m)
{
	const struct image_recipe *r = m->recipe;
	struct image_room *room;
	enum rc rc;

	if (m->room)
		return RC_OK;
	room = calloc(1, sizeof(*room));
	if (!room)
		return RC_MEMORY;
	rc = secret_reserve_large(
	    &m->image, image_room_len(r->format, &r->geometry));
	if (rc == RC_OK)
		rc = secret_reserve_large(
		    &room->scratch, image_scratch_len(r->format, &r->geometry));
	if (rc == RC_OK)
		rc = secret_reserve_large(
		    &room->read_scratch, read_scratch_len(r));
	if (rc != RC_OK) {
		image_room_free(room);
		return rc;
	}
	m->room = room;
	return RC_OK;
}

void
image_room_free(struct image_room *r)
{
	if (!r)
		return;
	secret_fini(&r->scratch);
	secret_fini(&r->read_scratch);
	/* entries hold pointers alone, and small numbers */
	free(r);
}

static int
fault(struct image_mint *m, const char *text, const char *more)
{
	m->fault.code = EX_SOFTWARE;
	m->fault.stops = true;
	m->fault.remedy[0] = '\0';
	snprintf(m->fault.text, sizeof(m->fault.text),
	    "the image in %s was not handed out: %s%s%s",
	    m->recipe->format->name, text, more ? ": " : "", more ? more : "");
	return m->fault.code;
}

/** Does what was read say what was to be written, as far as the innermost
 *  format holds it? */
static bool
same(const struct image *wanted, const struct image_reading *r)
{
	struct lwm2m_entry entries[IMAGE_ENTRIES_MAX];
	struct image part = {
	    .endpoint = wanted->endpoint,
	    .entries = wanted->entries,
	    .entry_count = wanted->entry_count,
	};

	if (r->nested[r->depth - 1]->credentials_only) {
		part.entries = entries;
		part.entry_count = image_credentials(wanted, entries);
	}
	/* most formats have no place for it */
	if (r->image.endpoint.len == 0)
		part.endpoint = r->image.endpoint;
	return image_equal(&part, &r->image);
}

/** The first rule that is broken. */
static int
check_rules(struct image_mint *m, const struct image_reading *r)
{
	struct diag *d = diag_new();
	int code = EX_OK;

	if (!d)
		return fault(m, "out of memory", NULL);
	account_rules_check(
	    &r->image, r->nested[r->depth - 1]->credentials_only, "image", d);
	for (size_t i = 0; code == EX_OK && i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);

		if (f->level != DIAG_ERROR)
			continue;
		code = fault(m, f->text, f->code);
		m->fault.code = code = EX_DATAERR;
		m->fault.stops = false;
	}
	diag_free(d);
	return code;
}

int
image_check(struct image_mint *m, const struct image *wanted)
{
	struct image_room *room = m->room;
	struct image_reading r = {
	    .entries = room->read,
	    .entry_cap = IMAGE_ENTRIES_MAX,
	    .geometry = m->recipe->geometry,
	};
	enum rc rc;

	writer_init(
	    &r.scratch, room->read_scratch.bytes, room->read_scratch.cap);
	rc = image_read(secret_expose(&m->image), m->recipe->format, &r);
	if (rc != RC_OK)
		return fault(m, "it does not read back",
		    r.fault ? r.fault : rc_name(rc));
	if (!same(wanted, &r))
		return fault(m, "it reads back as another account", NULL);
	return check_rules(m, &r);
}
