/* Image documents, for whoever makes images: names and what becomes of them. */
#include "policy/imaging.h"

#include "policy/match.h"
#include "policy/regex.h"

const struct policy_image *
image_document_find(const struct policy_set *s, const char *name)
{
	for (size_t i = 0; i < s->image_count; i++)
		if (strcmp(s->images[i].name, name) == 0)
			return &s->images[i];
	return NULL;
}

static const struct policy_setting *
find(const struct policy_setting *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

const struct policy_setting *
image_option_find(const struct policy_image *image, const char *name)
{
	return find(image->options, image->option_count, name);
}

const struct policy_setting *
image_label_find(const struct policy_image *image, const char *name)
{
	return find(image->label, image->label_count, name);
}

bool
imaging_template(struct span text, struct span *front, struct span *back)
{
	const struct span mark = SPAN_LIT("{serial}");

	for (size_t i = 0; i + mark.len <= text.len; i++) {
		if (!span_starts(span_from(text, i), mark))
			continue;
		*front = span_of(text.p, i);
		*back = span_from(text, i + mark.len);
		return true;
	}
	return false;
}

enum rc
image_endpoint_check(
    const struct policy_image *image, struct span endpoint, const char **why)
{
	*why = word_endpoint(endpoint);
	if (*why)
		return RC_MALFORMED;
	if (endpoint.len > image->endpoint_max) {
		*why = "the endpoint name is longer than `endpoint_max:`, for "
		       "which the firmware has room";
		return RC_TOO_LARGE;
	}
	if (!identity_fits(image->identity, endpoint)) {
		*why = "the identity of the image does not admit the endpoint";
		return RC_DENIED;
	}
	return RC_OK;
}

enum rc
image_endpoint_of_serial(const struct policy_image *image, struct span serial,
    char out[static POLICY_ENDPOINT_MAX + 1], const char **why)
{
	struct span front, back;
	struct writer w;

	out[0] = '\0';
	if (!image->endpoint ||
	    !imaging_template(span_str(image->endpoint), &front, &back)) {
		*why = "the image document has no `serial:`, so it makes no "
		       "endpoint of a serial number";
		return RC_NOT_FOUND;
	}
	if (serial.len == 0 || serial.len > POLICY_ENDPOINT_MAX ||
	    !regex_match(image->serial, serial)) {
		*why = "the serial number does not fit `serial.pattern:` of "
		       "the image document; correct it, or widen that";
		return RC_MALFORMED;
	}
	writer_init(&w, out, POLICY_ENDPOINT_MAX);
	writer_put(&w, front);
	writer_put(&w, serial);
	writer_put(&w, back);
	if (w.full) {
		out[0] = '\0';
		*why = "the endpoint name is longer than 252 bytes";
		return RC_TOO_LARGE;
	}
	out[w.len] = '\0';
	return image_endpoint_check(image, span_of(out, w.len), why);
}

struct span
image_serial_of_endpoint(const struct policy_image *image, struct span endpoint)
{
	struct span front, back, serial = {0};

	if (!image->endpoint ||
	    !imaging_template(span_str(image->endpoint), &front, &back) ||
	    endpoint.len <= front.len + back.len ||
	    !span_starts(endpoint, front) || !span_ends(endpoint, back))
		return serial;
	serial = span_of(
	    endpoint.p + front.len, endpoint.len - front.len - back.len);
	return regex_match(image->serial, serial) ? serial : (struct span){0};
}
