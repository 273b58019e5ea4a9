#include "plan_text.h"

#include "base/digest.h"
#include "hsm/cert.h"
#include "hsm/p256.h"
#include "lwm2m/object.h"
#include "tool.h"

#include <stdio.h>

enum {
	PATH_COLUMN = 12,
	NAME_COLUMN = 24,
	LONG_VALUE = 64, /**< bytes; the digests of Matching Type are shorter */
};

static int
print_path(struct lwm2m_path p, bool instance_chosen)
{
	char text[LWM2M_PATH_TEXT_MAX];
	struct writer w;

	if (instance_chosen) {
		int n = printf("/%u/x", p.object);

		if (p.resource != LWM2M_ID_NONE)
			n += printf("/%u", p.resource);
		if (p.resource_instance != LWM2M_ID_NONE)
			n += printf("/%u", p.resource_instance);
		return n;
	}
	writer_init(&w, text, sizeof(text));
	path_print(&w, p);
	print_span(writer_span(&w));
	return (int)w.len;
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
print_bytes(struct span s)
{
	struct quoted q;

	if (s.len == 0) {
		fputs("(empty)", stdout);
	} else if (is_text(s)) {
		fputs(quote(&q, s), stdout);
	} else {
		fputs("hex:", stdout);
		for (size_t i = 0; i < s.len; i++)
			printf("%02x", s.p[i]);
	}
}

/** What a long value is: what stands in `/0/x/4`, or only how long. */
static void
print_long(struct span s)
{
	uint8_t sha256[DIGEST_LEN];
	char name[1024], hex[HEX_TEXT_MAX];
	struct der_fault fault;
	struct writer w;
	struct cert c;

	digest_of(s, sha256);
	writer_init(&w, name, sizeof(name));
	if (cert_parse(s, &c, &fault) == RC_OK) {
		fputs("certificate of ", stdout);
		cert_print_dn(c.subject, &w);
		print_span(writer_span(&w));
		fputs(", ", stdout);
	} else if (p256_spki_check(s) == RC_OK) {
		fputs("public key, ", stdout);
	}
	printf("%zu bytes, SHA-256 %.16s...", s.len,
	    hex_text(hex, span_of(sha256, sizeof(sha256))));
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
print_word(struct lwm2m_path at, int64_t number)
{
	const char *word = word_for(at, number);

	if (word)
		printf(" (%s)", word);
}

/** The instance that is chosen for an account, as a value. */
static void
print_instance_of(const struct plan *p, const struct plan_entry *e)
{
	printf("the instance of /%u for Short Server ID %u", e->resolve_object,
	    p->head.ssids[e->resolve - 1]);
}

static void
print_value(const struct plan *p, const struct plan_entry *e,
    const struct lwm2m_resource *r)
{
	const struct lwm2m_value *v = &e->entry.value;
	struct quoted q;

	if (e->secret) {
		printf("<%.*s>", SPAN_FMT(e->label));
		return;
	}
	if (e->resolve) {
		print_instance_of(p, e);
		return;
	}
	switch (v->type) {
	case LWM2M_OPAQUE:
		/* a key that a policy gives in clear is still a key */
		if (r && r->flags & RES_SECRET && v->bytes.len > 0)
			printf("<%zu bytes>", v->bytes.len);
		else if (v->bytes.len > LONG_VALUE)
			print_long(v->bytes);
		else
			print_bytes(v->bytes);
		break;
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		fputs(quote(&q, v->bytes), stdout);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		printf("%lld", (long long)v->integer);
		print_word(e->entry.path, v->integer);
		break;
	case LWM2M_UNSIGNED:
		printf("%llu", (unsigned long long)v->number);
		print_word(e->entry.path, (int64_t)v->number);
		break;
	case LWM2M_FLOAT:
		printf("%g", v->real);
		break;
	case LWM2M_BOOLEAN:
		fputs(v->boolean ? "true" : "false", stdout);
		break;
	case LWM2M_OBJLNK:
		printf("%u:%u", v->link.object, v->link.instance);
		break;
	case LWM2M_NONE:
		break;
	}
}

/** Whose instance is chosen: ", Short Server ID 101". */
static void
print_account(const struct plan *p, unsigned account)
{
	if (account == PLAN_ACCOUNT_OURS)
		fputs(", the account for this bootstrap server", stdout);
	else if (account != 0)
		printf(", Short Server ID %u", p->head.ssids[account - 1]);
}

static void
print_entry(const struct plan *p, const struct plan_entry *e)
{
	const struct lwm2m_path at = e->entry.path;
	const struct lwm2m_resource *r = resource_find(at.object, at.resource);
	int n;

	fputs("       ", stdout);
	n = print_path(at, e->account != 0);
	printf("%*s ", n < PATH_COLUMN ? PATH_COLUMN - n : 0, "");
	printf("%-*s ", NAME_COLUMN, r ? r->name : "");
	print_value(p, e, r);
	putchar('\n');
}

static void
print_step(const struct plan *p, size_t i)
{
	const struct plan_step *s = &p->steps[i];
	const struct lwm2m_object *o = object_find(s->path.object);

	printf("  %2zu  %s", i + 1, plan_op_name(s->op));
	if (s->op != PLAN_FINISH) {
		putchar(' ');
		print_path(s->path, s->account != 0);
	}
	if (o && s->path.object != LWM2M_ID_NONE)
		printf(" (%s)", o->name);
	print_account(p, s->account);
	if (s->flags & PLAN_STRICT)
		fputs(", must succeed", stdout);
	putchar('\n');
	for (size_t n = 0; n < s->entry_count; n++) {
		const struct plan_entry *e = &p->entries[s->entry_first + n];

		/* a Write of a whole object has several */
		if (s->account == 0 && e->account != 0 &&
		    (n == 0 || e[-1].account != e->account)) {
			printf("      /%u/x", e->entry.path.object);
			print_account(p, e->account);
			putchar('\n');
		}
		print_entry(p, e);
	}
}

void
plan_print(const struct plan *p)
{
	size_t finish = plan_first_finish(p);

	for (size_t i = 0; i < p->step_count; i++) {
		if (i == finish + 1)
			puts("      if Finish is answered 4.06, once:");
		print_step(p, i);
	}
	if (p->head.flags & PLAN_CLEAN_ON_FAILURE)
		puts("      if a Write is refused, what was written is "
		     "deleted");
}
