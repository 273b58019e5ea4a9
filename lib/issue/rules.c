#include "issue/rules_internal.h"

#include "base/loop.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdlib.h>

static void
rules_free(struct issue_rules *r)
{
	for (struct rules_trust *t = r->trusts; t; t = t->next)
		trust_free(t->trust);
	table_fini(&r->anchor_table);
	arena_free(r->arena);
	policy_set_unref(r->set);
	free(r);
}

static enum rc
reserve(struct issue_rules *r)
{
	const struct policy_set *set = r->set;
	struct arena *a = r->arena;

	r->authorities =
	    arena_array(a, set->authority_count + 1, sizeof(*r->authorities));
	r->identity_trust = arena_array(
	    a, set->identity_count + 1, sizeof(struct rules_trust *));
	r->identity_keys =
	    arena_array(a, set->identity_count + 1, sizeof(struct span));
	r->server_keys =
	    arena_array(a, set->server_count + 1, sizeof(struct span));
	if (!r->authorities || !r->identity_trust || !r->identity_keys ||
	    !r->server_keys)
		return RC_MEMORY;
	return RC_OK;
}

static enum rc
rules_alloc(struct policy_set *set, struct issue_rules **out)
{
	struct issue_rules *r = calloc(1, sizeof(*r));

	if (!r)
		return RC_MEMORY;
	atomic_init(&r->references, 1);
	r->anchor_tail = &r->anchors;
	r->list_tail = &r->lists;
	r->set = policy_set_ref(set);
	r->arena = arena_new(0);
	if (!r->arena || table_init(&r->anchor_table) || reserve(r)) {
		rules_free(r);
		return RC_MEMORY;
	}
	*out = r;
	return RC_OK;
}

/** Who renews a device's account says where it leads to. */
static void
check_homes(struct rules_build *b, const struct policy_set *set,
    const struct issue_rules_config *config)
{
	if (!config || !config->of_daemon || config->server_uri)
		return;
	for (size_t i = 0; i < set->policy_count; i++) {
		const struct policy *p = &set->policies[i];

		if (p->account.change == ACCOUNT_ROTATE && !p->account.uri)
			rules_say(b, DIAG_ERROR, p->place, "issue-home",
			    "bootstrap_account: rotate: neither its `uri:` "
			    "nor `server: {uri: ...}` of bootstrapd.yaml says "
			    "where the device is to come to");
	}
}

enum rc
issue_rules_new(struct policy_set *set, const struct issue_rules_config *config,
    struct diag *d, struct issue_rules **out)
{
	struct rules_build b = {
	    .diag = d,
	    .now_s = config ? config->now_s : clock_wall_ms() / 1000,
	};
	enum rc rc = rules_alloc(set, &b.rules);

	if (rc)
		return rc;
	rules_authorities(&b);
	rules_trusts(&b, config);
	if (b.rc == RC_OK)
		rules_lists(&b, config);
	rules_keys(&b);
	check_homes(&b, set, config);
	if (b.errors == 0 && b.rc == RC_OK)
		rules_check(&b);
	if (b.rc == RC_OK && b.errors > 0)
		b.rc = RC_CONFIG;
	if (b.rc)
		rules_free(b.rules);
	else
		*out = b.rules;
	return b.rc;
}

struct issue_rules *
issue_rules_ref(struct issue_rules *r)
{
	atomic_fetch_add(&r->references, 1);
	return r;
}

void
issue_rules_unref(struct issue_rules *r)
{
	if (r && atomic_fetch_sub(&r->references, 1) == 1)
		rules_free(r);
}

const struct policy_set *
issue_rules_set(const struct issue_rules *r)
{
	return r->set;
}

const struct issue_authority *
issue_rules_authority(const struct issue_rules *r, size_t i)
{
	return &r->authorities[i];
}

enum rc
issue_rules_anchors(const struct issue_rules *r, issue_der_fn each, void *ctx)
{
	enum rc rc = RC_OK;

	for (const struct rules_anchor *a = r->anchors; a && !rc; a = a->next)
		rc = each(ctx, a->cert.der);
	return rc;
}

enum rc
issue_rules_crls(const struct issue_rules *r, issue_der_fn each, void *ctx)
{
	enum rc rc = RC_OK;

	for (const struct rules_list *l = r->lists; l && !rc; l = l->next)
		if (l->holds)
			rc = each(ctx, l->der);
	return rc;
}

const struct trust *
rules_trust(const struct issue_rules *r, const struct identity *id)
{
	const struct rules_trust *t =
	    r->identity_trust[id - r->set->identities];

	return t ? t->trust : NULL;
}

struct span
rules_identity_key(const struct issue_rules *r, const struct identity *id)
{
	return r->identity_keys[id - r->set->identities];
}

struct span
issue_rules_server_key(const struct issue_rules *r, const struct identity *id)
{
	return rules_identity_key(r, id);
}

struct span
rules_server_key(const struct issue_rules *r, const struct policy_server *s)
{
	return r->server_keys[s->number];
}

const struct issue_authority *
rules_issuer(const struct issue_rules *r, const struct policy_issue *issue)
{
	if (!issue->ca || !issue->profile)
		return NULL;
	return &r->authorities[issue->ca - r->set->authorities];
}

/* --- findings ------------------------------------------------------------- */

void
rules_say(struct rules_build *b, enum diag_level level,
    struct policy_place place, const char *code, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	b->errors += level == DIAG_ERROR;
	diag_add(b->diag, level, place.file, place.line, 0, code, "%s", text);
}

struct rules_shown
rules_show(struct span s)
{
	enum { CUT = 24 };
	struct rules_shown q;
	struct writer w;

	writer_init(&w, q.text, sizeof(q.text) - 1);
	text_quote(&w, s);
	if (w.full) {
		writer_init(&w, q.text, sizeof(q.text) - 1);
		writer_str(&w, "...");
		/* the end of a path says more than its begin */
		text_quote(&w, span_from(s, s.len - CUT));
	}
	q.text[w.len] = '\0';
	return q;
}

struct rules_shown
rules_time(int64_t time_s)
{
	struct rules_shown q;
	struct writer w;

	writer_init(&w, q.text, sizeof(q.text) - 1);
	der_print_time(&w, time_s);
	q.text[w.len] = '\0';
	return q;
}
