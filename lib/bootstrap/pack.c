#include "bootstrap/pack.h"

#include "bootstrap/resolve.h"
#include "lwm2m/format.h"

#include <stdlib.h>

enum {
	ID_LEN = 16, /**< bytes of a session's */
	BYTES_FIRST = 2048, /**< most packs fit */
};

bool
pack_format(int content_format)
{
	return content_format == FORMAT_SENML_JSON ||
	    content_format == FORMAT_SENML_CBOR ||
	    content_format == FORMAT_LWM2M_CBOR;
}

/** All entries, with the instances of this device, behind one another. */
static enum rc
gather(const struct plan *plan, struct accounts *a, struct lwm2m_entry *entries,
    size_t *count)
{
	size_t end = plan_first_finish(plan);

	*count = 0;
	for (size_t i = 0; i < end; i++) {
		const struct plan_step *step = &plan->steps[i];
		struct lwm2m_path path;
		enum rc rc;

		if (step->op != PLAN_WRITE)
			continue;
		if (step->account == PLAN_ACCOUNT_OURS)
			return RC_UNSUPPORTED;
		rc = resolve_write(plan, step, a, &path, entries + *count);
		if (rc != RC_OK)
			return rc;
		*count += step->entry_count;
	}
	return *count ? RC_OK : RC_UNSUPPORTED;
}

static int
by_path(const void *a, const void *b)
{
	const struct lwm2m_entry *one = a, *other = b;

	return path_compare(one->path, other->path);
}

static enum rc
encode(struct pack *p, const struct lwm2m_entry *entries, size_t count)
{
	enum rc rc = RC_TOO_LARGE;

	for (size_t cap = BYTES_FIRST; rc == RC_TOO_LARGE && cap <= SECRET_MAX;
	     cap *= 2) {
		struct writer w;

		rc = secret_reserve(&p->body, cap);
		if (rc != RC_OK)
			break;
		writer_init(&w, p->body.bytes, cap);
		rc = lwm2m_encode(p->format, LWM2M_ROOT, entries, count, &w);
		p->body.len = w.len;
	}
	return rc;
}

/** Another session's is another one, even of the same plan: its certificates
 *  are, and nothing here says whether the keys are the same. */
static void
name(struct pack *p, const struct plan *plan, const uint8_t *id)
{
	const uint8_t format[2] = {
	    (uint8_t)(p->format >> 8), (uint8_t)p->format};
	uint8_t digest[DIGEST_LEN];
	struct digest d;

	digest_init(&d);
	digest_put(&d, span_of(id, ID_LEN));
	digest_put(&d, span_of(plan->digest, DIGEST_LEN));
	digest_put(&d, span_of(format, sizeof(format)));
	digest_final(&d, digest);
	memcpy(p->etag, digest, PACK_ETAG_LEN);
}

enum rc
pack_make(struct pack *out, const struct plan *plan, struct accounts *a,
    int format, const uint8_t id[static 16])
{
	struct lwm2m_entry *entries;
	size_t count;
	enum rc rc;

	*out = (struct pack){.format = format};
	if (!pack_format(format) || plan->entry_count == 0)
		return RC_UNSUPPORTED;
	entries = calloc(plan->entry_count, sizeof(*entries));
	if (!entries)
		return RC_MEMORY;
	rc = gather(plan, a, entries, &count);
	if (rc == RC_OK) {
		qsort(entries, count, sizeof(*entries), by_path);
		rc = encode(out, entries, count);
	}
	free(entries);
	if (rc != RC_OK) {
		pack_clear(out);
		return rc;
	}
	out->left = (out->body.len + PACK_UNIT - 1) / PACK_UNIT;
	name(out, plan, id);
	return RC_OK;
}

void
pack_clear(struct pack *p)
{
	secret_fini(&p->body);
	*p = (struct pack){0};
}

static void
note_fetched(struct pack *p, size_t offset, size_t len)
{
	for (size_t at = offset; at < offset + len; at += PACK_UNIT) {
		size_t unit = at / PACK_UNIT;
		uint8_t bit = (uint8_t)(1U << unit % 8);

		if (p->fetched[unit / 8] & bit)
			continue;
		p->fetched[unit / 8] |= bit;
		p->left--;
	}
}

enum rc
pack_block(
    struct pack *p, size_t offset, size_t size, struct span *block, bool *more)
{
	struct span body = secret_expose(&p->body);

	if (offset >= body.len || size < PACK_UNIT || offset % size != 0)
		return RC_MALFORMED;
	*block = span_from(body, offset);
	*more = block->len > size;
	if (*more)
		block->len = size;
	note_fetched(p, offset, block->len);
	return RC_OK;
}

bool
pack_is_fetched(const struct pack *p)
{
	return p->body.len > 0 && p->left == 0;
}
