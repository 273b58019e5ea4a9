/* What the code on a device's label says, for summary.csv. */
#include "batch_run.h"

#include "label.h"
#include "tool.h"

enum rc
batch_label_payload(const struct batch_run *b, const struct batch_job *j,
    struct writer *w, char *fault)
{
	const struct image_recipe *r = &b->recipe;
	const struct order *o = b->order;
	const struct issue_credential *c = &j->credential;
	const struct policy_setting *s;
	char hex[HEX_TEXT_MAX];
	struct label_values v = {
	    .endpoint = span_of(j->endpoint, j->endpoint_len),
	    .serial = span_str(j->unit),
	    .identity = span_str(r->identity->name),
	    .batch = span_str(b->folder.id),
	    .model = span_str(j->model),
	    .lot = span_str(j->lot),
	};

	if (!r->image || !r->image->has_label)
		return RC_OK;
	v.image = span_str(r->image->name);
	if (o)
		v.order = span_str(o->name);
	if (b->folder.station)
		v.station = span_str(b->folder.station);
	if (r->identity->kind == IDENTITY_PSK)
		v.fingerprint = span_str(hex_text(
		    hex, span_of(c->fingerprint, HSM_FINGERPRINT_LEN)));
	else if (r->identity->kind == IDENTITY_CERTIFICATE)
		v.fingerprint =
		    span_str(hex_text(hex, span_of(c->sha256, DIGEST_LEN)));
	s = image_label_find(r->image, "payload");
	return label_expand_payload(
	    w, span_str(s ? s->values[0] : LABEL_PAYLOAD), &v, fault);
}
