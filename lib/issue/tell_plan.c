/* A plan, step by step: key bytes are their labels and their length. */
#include "issue/tell.h"

#include "base/digest.h"
#include "base/text.h"
#include "hsm/cert.h"
#include "hsm/p256.h"
#include "lwm2m/object.h"

enum {
	PATH_COLUMN = 12,
	NAME_COLUMN = 24,
	LONG_VALUE = 64, /**< bytes; the digests of Matching Type are shorter */
	PATH_TEXT_MAX = LWM2M_PATH_TEXT_MAX + 8,
};

/** "/0/x/3": an instance that is chosen for the device is an x. */
static struct span
path_text(struct lwm2m_path p, bool chosen, char room[static PATH_TEXT_MAX])
{
	struct writer w;

	writer_init(&w, room, PATH_TEXT_MAX);
	if (!chosen) {
		path_print(&w, p);
		return writer_span(&w);
	}
	writer_fmt(&w, "/%u/x", p.object);
	if (p.resource != LWM2M_ID_NONE)
		writer_fmt(&w, "/%u", p.resource);
	if (p.resource_instance != LWM2M_ID_NONE)
		writer_fmt(&w, "/%u", p.resource_instance);
	return writer_span(&w);
}

static bool
is_text(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] >= 0x7f)
			return false;
	return s.len > 0;
}

static void
put_bytes(FILE *f, struct span s)
{
	if (s.len == 0) {
		fputs("(empty)", f);
	} else if (is_text(s)) {
		put_quoted(f, s);
	} else {
		fputs("hex:", f);
		for (size_t i = 0; i < s.len; i++)
			fprintf(f, "%02x", s.p[i]);
	}
}

/** What a long value is: what stands in `/0/x/4`, or only how long. */
static void
put_long(FILE *f, struct span s)
{
	uint8_t sha256[DIGEST_LEN];
	struct der_fault fault;
	char name[1024];
	struct writer w;
	struct cert c;

	digest_of(s, sha256);
	writer_init(&w, name, sizeof(name));
	if (cert_parse(s, &c, &fault) == RC_OK) {
		cert_print_dn(c.subject, &w);
		fprintf(f, "certificate of %.*s, ", SPAN_FMT(writer_span(&w)));
	} else if (p256_spki_check(s) == RC_OK) {
		fputs("public key, ", f);
	}
	writer_init(&w, name, sizeof(name));
	text_hex(&w, span_of(sha256, 8));
	fprintf(
	    f, "%zu bytes, SHA-256 %.*s...", s.len, SPAN_FMT(writer_span(&w)));
}

/** The word for a number, where people know it by that; NULL: none. */
static const char *
word_for(struct lwm2m_path at, int64_t number)
{
	static const char *const modes[] = {"pre-shared key", "raw public key",
	    "certificate", "no security", "EST"};
	static const char *const matches[] = {
	    "exact", "SHA-256", "SHA-384", "SHA-512"};
	static const char *const usages[] = {"CA constraint",
	    "service certificate constraint", "trust anchor", "domain-issued"};

	if (at.object != OBJECT_SECURITY || number < 0)
		return NULL;
	if (at.resource == SECURITY_MODE && number <= 4)
		return modes[number];
	if (at.resource == SECURITY_MATCHING_TYPE && number <= 3)
		return matches[number];
	if (at.resource == SECURITY_CERTIFICATE_USAGE && number <= 3)
		return usages[number];
	return NULL;
}

static void
put_word(FILE *f, struct lwm2m_path at, int64_t number)
{
	const char *word = word_for(at, number);

	if (word)
		fprintf(f, " (%s)", word);
}

/** What is made for this device alone has its length by chance: a certificate,
 *  by the signature in it. */
static bool
may_be_shorter(const struct plan_entry *e)
{
	return span_starts(e->label, SPAN_LIT("certificate "));
}

/** Its label, and its length where there is something in its place. */
static void
put_secret(FILE *f, const struct plan_entry *e)
{
	fprintf(f, "<%.*s", SPAN_FMT(e->label));
	if (e->entry.value.bytes.len > 0)
		fprintf(f, ", %s%zu bytes", may_be_shorter(e) ? "at most " : "",
		    e->entry.value.bytes.len);
	putc('>', f);
}

/** A key that a policy gives in clear is still a key. */
static bool
is_key(const struct plan_entry *e, const struct lwm2m_resource *r)
{
	return r && r->flags & RES_SECRET &&
	    e->entry.value.type == LWM2M_OPAQUE && e->entry.value.bytes.len > 0;
}

static void
put_value(FILE *f, const struct plan *p, const struct plan_entry *e,
    const struct lwm2m_resource *r)
{
	const struct lwm2m_value *v = &e->entry.value;

	if (e->secret) {
		put_secret(f, e);
		return;
	}
	if (e->resolve) {
		fprintf(f, "the instance of /%u for Short Server ID %u",
		    e->resolve_object, p->head.ssids[e->resolve - 1]);
		return;
	}
	switch (v->type) {
	case LWM2M_OPAQUE:
		if (is_key(e, r))
			fprintf(f, "<%zu bytes>", v->bytes.len);
		else if (v->bytes.len > LONG_VALUE)
			put_long(f, v->bytes);
		else
			put_bytes(f, v->bytes);
		break;
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		put_quoted(f, v->bytes);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		fprintf(f, "%lld", (long long)v->integer);
		put_word(f, e->entry.path, v->integer);
		break;
	case LWM2M_UNSIGNED:
		fprintf(f, "%llu", (unsigned long long)v->number);
		put_word(f, e->entry.path, (int64_t)v->number);
		break;
	case LWM2M_FLOAT:
		fprintf(f, "%g", v->real);
		break;
	case LWM2M_BOOLEAN:
		fputs(v->boolean ? "true" : "false", f);
		break;
	case LWM2M_OBJLNK:
		fprintf(f, "%u:%u", v->link.object, v->link.instance);
		break;
	case LWM2M_NONE:
		break;
	}
}

/** Whose instance is chosen: ", Short Server ID 101". */
static void
put_account(FILE *f, const struct plan *p, unsigned account)
{
	if (account == PLAN_ACCOUNT_OURS)
		fputs(", the account for this bootstrap server", f);
	else if (account != 0)
		fprintf(f, ", Short Server ID %u", p->head.ssids[account - 1]);
}

static void
tell_entry(FILE *f, const struct plan *p, const struct plan_entry *e)
{
	const struct lwm2m_path at = e->entry.path;
	const struct lwm2m_resource *r = resource_find(at.object, at.resource);
	char room[PATH_TEXT_MAX];
	struct span path = path_text(at, e->account != 0, room);

	fprintf(f, "       %.*s%*s ", SPAN_FMT(path),
	    path.len < PATH_COLUMN ? PATH_COLUMN - (int)path.len : 0, "");
	fprintf(f, "%-*s ", NAME_COLUMN, r ? r->name : "");
	put_value(f, p, e, r);
	putc('\n', f);
}

static void
tell_step(FILE *f, const struct plan *p, size_t i)
{
	const struct plan_step *s = &p->steps[i];
	const struct lwm2m_object *o = object_find(s->path.object);
	char room[PATH_TEXT_MAX];

	fprintf(f, "  %2zu  %s", i + 1, plan_op_name(s->op));
	if (s->op != PLAN_FINISH)
		fprintf(f, " %.*s",
		    SPAN_FMT(path_text(s->path, s->account != 0, room)));
	if (o && s->path.object != LWM2M_ID_NONE)
		fprintf(f, " (%s)", o->name);
	put_account(f, p, s->account);
	if (s->flags & PLAN_STRICT)
		fputs(", must succeed", f);
	putc('\n', f);
	for (size_t n = 0; n < s->entry_count; n++) {
		const struct plan_entry *e = &p->entries[s->entry_first + n];

		/* a Write of a whole object has several */
		if (s->account == 0 && e->account != 0 &&
		    (n == 0 || e[-1].account != e->account)) {
			fprintf(f, "      /%u/x", e->entry.path.object);
			put_account(f, p, e->account);
			putc('\n', f);
		}
		tell_entry(f, p, e);
	}
}

void
tell_plan(FILE *f, const struct plan *p)
{
	size_t finish = plan_first_finish(p);

	for (size_t i = 0; i < p->step_count; i++) {
		if (i == finish + 1)
			fputs("      if Finish is answered 4.06, once:\n", f);
		tell_step(f, p, i);
	}
	if (p->head.flags & PLAN_CLEAN_ON_FAILURE)
		fputs("      if a Write is refused, what was written is "
		      "deleted\n",
		    f);
}

/* --- for machines --------------------------------------------------------- */

static void
value_json(struct json_out *j, const struct plan *p, const struct plan_entry *e,
    const struct lwm2m_resource *r)
{
	const struct lwm2m_value *v = &e->entry.value;

	if (e->secret) {
		jout_text(j, "label", e->label);
		if (v->bytes.len > 0)
			jout_int(j, may_be_shorter(e) ? "bytes_max" : "bytes",
			    (int64_t)v->bytes.len);
		return;
	}
	if (e->resolve) {
		jout_int(j, "instance_of", e->resolve_object);
		jout_int(
		    j, "of_short_server_id", p->head.ssids[e->resolve - 1]);
		return;
	}
	switch (v->type) {
	case LWM2M_OPAQUE:
		if (is_key(e, r))
			jout_int(j, "bytes", (int64_t)v->bytes.len);
		else
			jout_hex(j, "hex", v->bytes);
		break;
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		jout_text(j, "value", v->bytes);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		jout_int(j, "value", v->integer);
		break;
	case LWM2M_UNSIGNED:
		jout_int(j, "value", (int64_t)v->number);
		break;
	case LWM2M_FLOAT:
		jout_real(j, "value", v->real);
		break;
	case LWM2M_BOOLEAN:
		jout_bool(j, "value", v->boolean);
		break;
	case LWM2M_OBJLNK: {
		char room[16];
		struct writer w;

		writer_init(&w, room, sizeof(room));
		writer_fmt(&w, "%u:%u", v->link.object, v->link.instance);
		jout_text(j, "value", writer_span(&w));
		break;
	}
	case LWM2M_NONE:
		break;
	}
}

static void
entry_json(struct json_out *j, const struct plan *p, const struct plan_entry *e)
{
	const struct lwm2m_path at = e->entry.path;
	const struct lwm2m_resource *r = resource_find(at.object, at.resource);
	char room[PATH_TEXT_MAX];

	jout_begin(j, NULL, '{');
	jout_text(j, "path", path_text(at, e->account != 0, room));
	if (r)
		jout_str(j, "name", r->name);
	jout_bool(j, "secret", e->secret || is_key(e, r));
	value_json(j, p, e, r);
	jout_end(j, '}');
}

static void
step_json(struct json_out *j, const struct plan *p, size_t i)
{
	const struct plan_step *s = &p->steps[i];
	char room[PATH_TEXT_MAX];

	jout_begin(j, NULL, '{');
	jout_int(j, "step", (int64_t)i + 1);
	jout_str(j, "op", plan_op_name(s->op));
	if (s->op != PLAN_FINISH)
		jout_text(j, "path", path_text(s->path, s->account != 0, room));
	if (s->account == PLAN_ACCOUNT_OURS)
		jout_bool(j, "bootstrap_account", true);
	else if (s->account != 0)
		jout_int(j, "short_server_id", p->head.ssids[s->account - 1]);
	jout_bool(j, "must_succeed", s->flags & PLAN_STRICT);
	jout_bool(j, "correction", i > plan_first_finish(p));
	if (s->entry_count > 0) {
		jout_begin(j, "values", '[');
		for (size_t n = 0; n < s->entry_count; n++)
			entry_json(j, p, &p->entries[s->entry_first + n]);
		jout_end(j, ']');
	}
	jout_end(j, '}');
}

void
tell_plan_json(struct json_out *j, const struct plan *p)
{
	jout_begin(j, "steps", '[');
	for (size_t i = 0; i < p->step_count; i++)
		step_json(j, p, i);
	jout_end(j, ']');
	jout_bool(j, "clean_on_failure", p->head.flags & PLAN_CLEAN_ON_FAILURE);
}
