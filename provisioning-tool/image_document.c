#include "image_document.h"

#include "image_options.h"
#include "server_uri.h"
#include "tool.h"

#include "lwm2m/object.h"

#include <stdarg.h>
#include <stdio.h>

enum { SAMPLE_KEY_LEN = 32 };

PRINTF_LIKE(4, 5)
static void
say(struct diag *d, const struct policy_at *at, const char *code,
    const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add(
	    d, DIAG_ERROR, at->file, at->line, at->column, code, "%s", text);
}

/** An account as short as any: what does not hold this holds none. */
static size_t
sample(const struct policy_image *m, struct lwm2m_entry *out)
{
	static const uint8_t key[SAMPLE_KEY_LEN];
	const bool secure = m->identity->kind != IDENTITY_NOSEC;
	const uint16_t at = m->instance;
	size_t n = 0;

#define AT(resource) LWM2M_RESOURCE(OBJECT_SECURITY, at, (resource))
	out[n++] = (struct lwm2m_entry){
	    AT(SECURITY_URI), LWM2M_VALUE_STRING(span_str(m->uri))};
	out[n++] = (struct lwm2m_entry){
	    AT(SECURITY_BOOTSTRAP), LWM2M_VALUE_BOOLEAN(true)};
	out[n++] = (struct lwm2m_entry){AT(SECURITY_MODE),
	    LWM2M_VALUE_INTEGER(secure ? MODE_PSK : MODE_NOSEC)};
	if (secure) {
		out[n++] = (struct lwm2m_entry){
		    AT(SECURITY_IDENTITY), LWM2M_VALUE_OPAQUE(SPAN_LIT("0"))};
		out[n++] = (struct lwm2m_entry){AT(SECURITY_SECRET_KEY),
		    LWM2M_VALUE_OPAQUE(span_of(key, sizeof(key)))};
	}
#undef AT
	return n;
}

static enum rc
try_format(const struct policy_image *m, const struct image_format *f,
    const struct image_geometry *g, struct diag *d)
{
	struct lwm2m_entry entries[5];
	struct image image = {
	    .endpoint = SPAN_LIT("0"),
	    .entries = entries,
	    .entry_count = sample(m, entries),
	};
	struct image_writing writing = {.geometry = g};
	struct secret bytes = {0}, scratch = {0};
	struct writer w;
	enum rc rc = secret_reserve_large(&bytes, image_room_len(f, g));

	if (rc == RC_OK)
		rc = secret_reserve_large(&scratch, image_scratch_len(f, g));
	if (rc == RC_OK) {
		writer_init(&w, bytes.bytes, bytes.cap);
		writer_init(&writing.scratch, scratch.bytes, scratch.cap);
		rc = f->write(&image, &writing, &w);
		if (rc == RC_TOO_LARGE || rc == RC_UNSUPPORTED) {
			say(d, &m->format_at, "policy-image-format",
			    "format: %s cannot hold the smallest account; %s",
			    f->name,
			    writing.why ? writing.why
					: "choose another format");
			rc = RC_OK;
		}
	}
	secret_fini(&scratch);
	secret_fini(&bytes);
	return rc;
}

static enum rc
check(const struct policy_image *m, struct diag *d)
{
	const struct image_format *f = image_format_find(m->format);
	const char *fault =
	    server_uri_fault(m->uri, m->identity->kind != IDENTITY_NOSEC);
	struct image_geometry g;
	struct image_given given;
	struct quoted uri;

	if (!f)
		return RC_BUG;
	if (fault)
		say(d, &m->uri_at, "policy-image-uri", "uri: %.270s: %s",
		    quote_str(&uri, m->uri), fault);
	if (m->servers && f->credentials_only)
		say(d, &m->servers_at, "policy-image-format",
		    "servers: the format %s holds one account; choose another, "
		    "or leave `servers:` out",
		    f->name);
	image_options_gather(m, NULL, &given);
	if (image_options_read(&given, f, d, &g, NULL) != EX_OK)
		return RC_OK;
	return try_format(m, f, &g, d);
}

enum rc
image_documents_check(const struct policy_set *set, struct diag *d)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < set->image_count; i++)
		rc = check(&set->images[i], d);
	return rc;
}
