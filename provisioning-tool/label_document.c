#include "label_document.h"

#include "label_options.h"
#include "policies.h"
#include "tool.h"

#include "policy/image.h"

static const char *
name_of(const void *list, size_t i)
{
	return ((const struct policy_image *)list)[i].name;
}

/** All findings, not the first alone. */
static int
take_label(const struct policy_image *image, struct label_spec *spec)
{
	int code = EX_OK;

	for (size_t i = 0; i < image->label_count; i++) {
		const struct policy_setting *s = &image->label[i];
		struct span values[LABEL_TEXTS_MAX + 1];
		const char *fault;
		size_t n = 0;

		for (; n < s->value_count && n <= LABEL_TEXTS_MAX; n++)
			values[n] = span_str(s->values[n]);
		fault = label_option_set(spec, s->name, values, n);
		if (fault)
			code =
			    tool_error(EX_DATAERR, fault, "%s:%u:%u: label.%s",
				s->at.file, s->at.line, s->at.column, s->name);
	}
	return code;
}

int
label_document_load(struct label_document *d, const char *path,
    const char *name, struct label_spec *spec)
{
	int code = policies_load(path, &d->set, &d->rules);

	if (code != EX_OK)
		return code;
	d->image = image_document_find(d->set, name);
	if (!d->image)
		return policies_no_name(path, "image document", name,
		    d->set->images, d->set->image_count, name_of);
	return take_label(d->image, spec);
}

void
label_document_values(const struct label_document *d, struct label_values *v)
{
	const struct policy_image *image = d->image;

	if (!image)
		return;
	if (v->image.len == 0)
		v->image = span_str(image->name);
	if (v->identity.len == 0)
		v->identity = span_str(image->identity->name);
	if (v->serial.len == 0)
		v->serial = image_serial_of_endpoint(image, v->endpoint);
}

void
label_document_fini(struct label_document *d)
{
	issue_rules_unref(d->rules);
	policy_set_unref(d->set);
	*d = (struct label_document){0};
}
