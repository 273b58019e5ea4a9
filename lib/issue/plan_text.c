/* Texts of a policy with what their placeholders stand for. */
#include "issue/making.h"

#include "issue/rules_internal.h"

#include <stdio.h>

enum { TEXT_MAX = 8192 /**< bytes of a value */ };

void
making_values(
    struct making *m, struct span endpoint, const struct policy *policy)
{
	const struct policy_set *set = issue_rules_set(m->issuer->rules);

	m->values = placeholder_device(set, endpoint);
	if (policy)
		m->values.policy = span_str(policy->name);
	/* nobody is to get it */
	if (m->fill == FILL_SAMPLE)
		placeholder_sample(&m->values);
}

enum rc
making_text(struct making *m, const char *what, struct span pattern,
    enum placeholder_form form, const struct policy_server *s, uint8_t *buf,
    size_t cap, struct span *out)
{
	struct placeholder_values values = m->values;
	const char *missing = "";
	struct writer w;
	enum rc rc;

	if (s) {
		values.name = span_str(s->name);
		values.ssid = s->short_server_id;
	}
	writer_init(&w, buf, cap);
	rc = placeholder_expand(&w, pattern, form, &values, &missing);
	*out = writer_span(&w);
	if (rc == RC_NOT_FOUND)
		return making_impossible(m,
		    "%s needs the %s of the device or server, which nothing "
		    "says: no list behind devices:, or no server here",
		    what, missing);
	if (rc == RC_DENIED)
		return making_impossible(m,
		    "%s would have nothing but dots where a placeholder stands",
		    what);
	/* a sample says nothing of the names that come */
	if (rc != RC_OK && m->fill == FILL_SAMPLE)
		return RC_TOO_LARGE;
	if (rc != RC_OK)
		return making_impossible(
		    m, "%s gets longer than %zu bytes", what, cap);
	return RC_OK;
}

static size_t
most_of(struct lwm2m_path path)
{
	const struct lwm2m_resource *r =
	    resource_find(path.object, path.resource);

	return r && r->max > 0 && r->max < TEXT_MAX ? (size_t)r->max : TEXT_MAX;
}

enum rc
making_object_entry(struct making *m, const struct lwm2m_entry *e)
{
	char path[LWM2M_PATH_TEXT_MAX + 1];
	uint8_t buf[TEXT_MAX];
	struct lwm2m_entry filled = *e;
	struct writer w;
	enum rc rc;

	if (e->value.type != LWM2M_STRING || e->value.bytes.len == 0 ||
	    !memchr(e->value.bytes.p, '{', e->value.bytes.len)) {
		making_entry(m, e);
		return RC_OK;
	}
	writer_init(&w, path, sizeof(path) - 1);
	path_print(&w, e->path);
	path[w.len] = '\0';
	rc = making_text(m, path, e->value.bytes, FORM_PLAIN, NULL, buf,
	    most_of(e->path), &filled.value.bytes);
	if (rc == RC_OK)
		making_entry(m, &filled);
	return rc;
}
