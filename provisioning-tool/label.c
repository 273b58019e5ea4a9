#include "label.h"

#include <stdio.h>

struct label_spec
label_spec_default(void)
{
	return (struct label_spec){
	    .payload = SPAN_LIT(LABEL_PAYLOAD),
	    .texts = {SPAN_LIT("SN {serial}"), SPAN_LIT("{endpoint}")},
	    .text_count = 2,
	    .texts_optional = true,
	    .level = LABEL_M,
	    .dpi = 203,
	    .width_um = 50000,
	    .height_um = 25000,
	};
}

/** The lines' templates filled in, behind the payload in the label's room. */
static enum rc
fill_texts(struct label *l, const struct label_spec *spec,
    const struct label_values *v, struct writer *room, struct span *texts)
{
	l->text_count = 0;
	for (size_t i = 0; i < spec->text_count; i++) {
		size_t from = room->len;
		enum rc rc =
		    label_expand(room, spec->texts[i], v, false, l->fault);

		if (rc == RC_NOT_FOUND && spec->texts_optional) {
			room->len = from;
			l->fault[0] = '\0';
			continue;
		}
		if (rc != RC_OK)
			return rc;
		texts[l->text_count++] = span_from(writer_span(room), from);
	}
	return RC_OK;
}

enum rc
label_make(struct label *l, const struct label_spec *spec,
    const struct label_values *v)
{
	struct span texts[LABEL_TEXTS_MAX];
	unsigned byte_version;
	struct writer room;
	enum rc rc;

	l->fault[0] = '\0';
	l->level = spec->level;
	l->dpi = spec->dpi;
	l->width_um = spec->width_um;
	l->height_um = spec->height_um;
	writer_init(&room, l->room, LABEL_PAYLOAD_MAX);
	rc = label_expand_payload(&room, spec->payload, v, l->fault);
	if (rc != RC_OK)
		return rc;
	l->payload = writer_span(&room);
	room.cap = sizeof(l->room);
	rc = label_qr(&l->symbol, l->payload, spec->level, &byte_version);
	if (rc == RC_TOO_LARGE)
		snprintf(l->fault, sizeof(l->fault),
		    "no QR code of level %c holds a payload of %zu bytes",
		    "LMQH"[spec->level], l -> payload.len);
	if (rc == RC_OK)
		rc = fill_texts(l, spec, v, &room, texts);
	if (rc == RC_OK)
		rc = label_layout(l, spec, texts, byte_version);
	return rc;
}
