#include "bootstrap/plan.h"
#include "bootstrap/plan_wire.h"

enum { BYTES_FIRST = 2048 /**< most plans fit; larger ones move */ };

static void
fault(struct plan_builder *b, enum rc rc)
{
	if (b->rc == RC_OK)
		b->rc = rc;
}

/** The plan moves to twice the memory, the old one is wiped. */
static bool
grow(struct plan_builder *b, size_t n)
{
	struct secret wide = {0};
	size_t cap = b->w.cap;
	enum rc rc;

	if (b->rc != RC_OK)
		return false;
	while (cap - b->w.len < n && cap < PLAN_BYTES_MAX)
		cap *= 2;
	rc = cap - b->w.len < n ? RC_TOO_LARGE : secret_reserve(&wide, cap);
	if (rc != RC_OK) {
		fault(b, rc);
		return false;
	}
	memcpy(wide.bytes, b->w.buf, b->w.len);
	b->w.buf = wide.bytes;
	b->w.cap = cap;
	secret_move(&b->bytes, &wide);
	return true;
}

/** Room for `n` more bytes. False, and a fault, when there is none. */
static bool
room(struct plan_builder *b, size_t n)
{
	if (b->rc == RC_OK && n <= b->w.cap - b->w.len)
		return true;
	return grow(b, n);
}

/*
 * Everything public goes into the digest, in the order of the bytes: in runs,
 * because a digest takes a hundred bytes as fast as one. What follows is not of
 * the run any more.
 */
static void
digest_run(struct plan_builder *b)
{
	digest_put(&b->digest,
	    span_of(b->w.buf + b->digested, b->w.len - b->digested));
	b->digested = b->w.len;
}

static void
put(struct plan_builder *b, struct span s)
{
	if (room(b, s.len))
		writer_put(&b->w, s);
}

/** A place that is filled in later; its offset. */
static size_t
leave(struct plan_builder *b, size_t n)
{
	size_t at = b->w.len;

	if (!room(b, n))
		return 0;
	digest_run(b);
	(void)writer_skip(&b->w, n);
	b->digested = b->w.len;
	return at;
}

static void
put_be(struct plan_builder *b, uint64_t v, size_t width)
{
	if (room(b, width))
		writer_be(&b->w, v, width);
}

static size_t
clamp(size_t n)
{
	return n > 0xffff ? 0xffff : n;
}

void
plan_begin(struct plan_builder *b, const struct plan_head *h)
{
	*b = (struct plan_builder){0};
	b->rc = secret_reserve(&b->bytes, BYTES_FIRST);
	if (b->rc != RC_OK)
		return;
	if (h->format_count > PLAN_FORMATS_MAX ||
	    h->account_count > PLAN_ACCOUNTS_MAX) {
		fault(b, RC_TOO_LARGE);
		return;
	}
	writer_init(&b->w, b->bytes.bytes, BYTES_FIRST);
	digest_init(&b->digest);
	put_be(b, PLAN_VERSION, 1);
	put_be(b, h->flags, 1);
	put_be(b, clamp(h->max_message), 2);
	put_be(b, clamp(h->block_size), 2);
	put_be(b, h->version, 1);
	put_be(b, h->own, 2);
	put_be(b, h->format_count, 1);
	for (size_t i = 0; i < h->format_count; i++)
		put_be(b, h->formats[i], 2);
	b->digest_at = leave(b, DIGEST_LEN);
	put_be(b, h->account_count, 1);
	for (size_t i = 0; i < h->account_count; i++)
		put_be(b, h->ssids[i], 2);
	b->step_count_at = leave(b, 1);
}

/** The counts stand before what they count; they enter the digest behind it,
 *  so that no two plans share one. */
static void
close_step(struct plan_builder *b)
{
	if (!b->entry_count_at)
		return;
	digest_run(b);
	b->w.buf[b->entry_count_at] = (uint8_t)(b->entries >> 8);
	b->w.buf[b->entry_count_at + 1] = (uint8_t)b->entries;
	digest_put(&b->digest, span_of(b->w.buf + b->entry_count_at, 2));
	b->entry_count_at = 0;
}

void
plan_step(struct plan_builder *b, enum plan_op op, unsigned flags,
    unsigned account, struct lwm2m_path path)
{
	if (b->rc != RC_OK)
		return;
	close_step(b);
	if (b->steps == PLAN_STEPS_MAX || account > 0xff) {
		fault(b, RC_TOO_LARGE);
		return;
	}
	b->steps++;
	b->entries = 0;
	b->account = account;
	put_be(b, op, 1);
	put_be(b, flags, 1);
	put_be(b, account, 1);
	put_be(b, path.object, 2);
	put_be(b, path.instance, 2);
	put_be(b, path.resource, 2);
	b->entry_count_at = leave(b, 2);
}

void
plan_account(struct plan_builder *b, unsigned account)
{
	if (account > 0xff)
		fault(b, RC_TOO_LARGE);
	b->account = account;
}

/** What stands before a value. */
struct head {
	bool secret;
	unsigned resolve;
	uint16_t resolve_object;
	enum lwm2m_type type;
	struct span label;
};

static bool
entry_head(struct plan_builder *b, struct lwm2m_path p, const struct head *h)
{
	struct span label = h->label;

	if (b->rc != RC_OK)
		return false;
	if (!b->entry_count_at) {
		fault(b, RC_BUG);
		return false;
	}
	if (b->entries == PLAN_ENTRIES_MAX || label.len > PLAN_LABEL_MAX) {
		fault(b, RC_TOO_LARGE);
		return false;
	}
	b->entries++;
	put_be(b, h->secret ? PLAN_ENTRY_SECRET : 0, 1);
	put_be(b, b->account, 1);
	put_be(b, h->resolve, 1);
	put_be(b, h->resolve_object, 2);
	put_be(b, p.object, 2);
	put_be(b, p.instance, 2);
	put_be(b, p.resource, 2);
	put_be(b, p.resource_instance, 2);
	put_be(b, h->type, 1);
	put_be(b, label.len, 1);
	put(b, label);
	return true;
}

static void
put_value(
    struct plan_builder *b, const struct lwm2m_entry *e, const struct head *h)
{
	uint8_t scalar[8];
	struct writer w;
	struct span v;

	if (!entry_head(b, e->path, h))
		return;
	writer_init(&w, scalar, sizeof(scalar));
	v = plan_value_bytes(&e->value, &w);
	if (v.len > 0xffff) {
		fault(b, RC_TOO_LARGE);
		return;
	}
	put_be(b, v.len, 2);
	put(b, v);
}

void
plan_put(struct plan_builder *b, const struct lwm2m_entry *e)
{
	put_value(b, e, &(struct head){.type = e->value.type});
}

void
plan_put_instance_of(struct plan_builder *b, const struct lwm2m_entry *e,
    unsigned of, uint16_t object)
{
	if (of > 0xff) {
		fault(b, RC_TOO_LARGE);
		return;
	}
	put_value(b, e,
	    &(struct head){
		.type = e->value.type,
		.resolve = of,
		.resolve_object = object,
	    });
}

void
plan_put_secret(struct plan_builder *b, struct lwm2m_path path,
    const struct secret *value, const char *label)
{
	const struct head h = {
	    .secret = true,
	    .type = LWM2M_OPAQUE,
	    .label = span_str(label),
	};
	struct span v = secret_expose(value);

	if (v.len > 0xffff || label[0] == '\0') {
		fault(b, label[0] ? RC_TOO_LARGE : RC_BUG);
		return;
	}
	if (!entry_head(b, path, &h))
		return;
	if (!room(b, v.len + 2))
		return;
	digest_run(b);
	writer_be(&b->w, v.len, 2);
	writer_put(&b->w, v);
	b->digested = b->w.len;
}

enum rc
plan_end(struct plan_builder *b, struct secret *out, uint8_t *digest)
{
	uint8_t d[DIGEST_LEN];

	close_step(b);
	if (b->rc == RC_OK && b->steps == 0)
		b->rc = RC_BUG;
	if (b->rc == RC_OK) {
		digest_run(b);
		b->w.buf[b->step_count_at] = (uint8_t)b->steps;
		digest_put(&b->digest, span_of(b->w.buf + b->step_count_at, 1));
		digest_final(&b->digest, d);
		memcpy(b->w.buf + b->digest_at, d, sizeof(d));
		if (digest)
			memcpy(digest, d, sizeof(d));
		b->bytes.len = b->w.len;
		secret_move(out, &b->bytes);
	}
	plan_abandon(b);
	return b->rc;
}

void
plan_abandon(struct plan_builder *b)
{
	secret_fini(&b->bytes);
	b->digest_at = b->step_count_at = b->entry_count_at = 0;
}
