#include "issue/doctor_source.h"

enum {
	EPOCHS_AROUND = 3, /* before and after the accepted ones */
	ACCOUNT_EPOCHS_AROUND = 1,
};

/* Would the token be asked the same? */
static bool
same(const struct source *s, enum source_kind kind,
    const struct hsm_derivation *d)
{
	const struct hsm_derivation *o = &s->derivation;

	return (s->kind == SOURCE_MASTER) == (kind == SOURCE_MASTER) &&
	    strcmp(o->master, d->master) == 0 && o->purpose == d->purpose &&
	    o->short_server_id == d->short_server_id && o->epoch == d->epoch &&
	    span_equal(o->endpoint, d->endpoint);
}

/* What is there already has been tried; what does not fit is not. */
static struct source *
add(struct sources *s, enum source_kind kind, const struct hsm_derivation *d)
{
	struct source *new;

	for (size_t i = 0; i < s->count; i++)
		if (same(&s->all[i], kind, d))
			return NULL;
	if (s->count == SOURCES_MAX)
		return NULL;
	new = &s->all[s->count++];
	*new = (struct source){.kind = kind, .derivation = *d};
	return new;
}

static void
add_epoch(struct sources *s, enum source_kind kind, struct hsm_derivation d,
    int64_t epoch)
{
	if (epoch < 1 || epoch > UINT32_MAX)
		return;
	d.epoch = (uint32_t)epoch;
	(void)add(s, kind, &d);
}

/* The nearest first. */
static void
add_epochs_around(struct sources *s, enum source_kind kind,
    const struct hsm_derivation *d, const uint32_t *epochs, size_t count,
    unsigned around)
{
	for (int64_t by = 1; by <= around; by++) {
		for (size_t i = 0; i < count; i++) {
			add_epoch(s, kind, *d, (int64_t)epochs[i] - by);
			add_epoch(s, kind, *d, (int64_t)epochs[i] + by);
		}
	}
}

static void
add_own(struct sources *s, const struct identity *id, struct hsm_derivation d,
    int64_t now_s)
{
	for (size_t i = 0; i < id->epoch_count; i++) {
		bool accepted = identity_accepts(id, i, now_s);
		struct source *new;

		d.epoch = id->epochs[i];
		new = add(s, accepted ? SOURCE_OWN : SOURCE_ENDED, &d);
		if (new)
			new->until_s = id->epoch_until_s[i];
	}
}

/* --- the endpoint written otherwise --------------------------------------- */

enum letters { AS_THEY_ARE, LOWER, UPPER };

static uint8_t
letter(uint8_t c, enum letters how)
{
	if (how == LOWER && c >= 'A' && c <= 'Z')
		return (uint8_t)(c + ('a' - 'A'));
	if (how == UPPER && c >= 'a' && c <= 'z')
		return (uint8_t)(c - ('a' - 'A'));
	return c;
}

static void
add_name(struct sources *s, const char *code, const char *phrase,
    struct span name, enum letters how, struct span behind)
{
	struct name *n = &s->names[s->name_count];

	if (s->name_count == NAMES_MAX || name.len == 0 ||
	    name.len + behind.len > sizeof(n->bytes))
		return;
	*n = (struct name){.code = code, .phrase = phrase};
	for (size_t i = 0; i < name.len; i++)
		n->bytes[n->len++] = letter(name.p[i], how);
	for (size_t i = 0; i < behind.len; i++)
		n->bytes[n->len++] = behind.p[i];
	s->name_count++;
}

static void
add_names(struct sources *s, const struct identity *id, struct hsm_derivation d,
    struct span psk_identity)
{
	const struct span none = {0};
	struct span ep = d.endpoint;

	add_name(s, "endpoint-lower-case", "in lower case", ep, LOWER, none);
	add_name(s, "endpoint-upper-case", "in capitals", ep, UPPER, none);
	add_name(s, "endpoint-nul", "with a NUL at the end", ep, AS_THEY_ARE,
	    SPAN_LIT("\0"));
	add_name(s, "endpoint-space", "with a space at the end", ep,
	    AS_THEY_ARE, SPAN_LIT(" "));
	add_name(s, "endpoint-newline", "with a newline at the end", ep,
	    AS_THEY_ARE, SPAN_LIT("\n"));
	add_name(s, "identity-for-endpoint", "as in its PSK identity",
	    psk_identity, AS_THEY_ARE, none);
	for (size_t i = 0; i < s->name_count; i++) {
		const struct name *n = &s->names[i];

		d.endpoint = span_of(n->bytes, n->len);
		for (size_t e = 0; e < id->epoch_count; e++) {
			struct source *new;

			d.epoch = id->epochs[e];
			new = add(s, SOURCE_NAME, &d);
			if (new)
				new->name = n;
		}
	}
}

/* --- keys for something else ---------------------------------------------- */

static void
add_accounts(struct sources *s, const struct policy *p, struct hsm_derivation d)
{
	d.purpose = HSM_PURPOSE_SERVER;
	for (size_t i = 0; i < p->server_count; i++) {
		const struct policy_server *server = &p->servers[i];

		if (server->mode != SERVER_PSK || !server->key.master)
			continue;
		d.master = server->key.master;
		d.short_server_id = server->short_server_id;
		add_epoch(s, SOURCE_ACCOUNT, d, server->key.epoch);
		add_epochs_around(s, SOURCE_ACCOUNT, &d, &server->key.epoch, 1,
		    ACCOUNT_EPOCHS_AROUND);
	}
}

/* The device's own policy first. */
static void
add_all_accounts(struct sources *s, const struct policy_set *set,
    const struct identity *id, const struct hsm_derivation *d)
{
	const struct policy_facts facts = {
	    .identity = id, .endpoint = d->endpoint};
	const struct policy *own = policy_for(set, &facts);

	if (own)
		add_accounts(s, own, *d);
	for (size_t i = 0; i < set->policy_count; i++)
		add_accounts(s, &set->policies[i], *d);
}

struct master_ctx {
	struct sources *sources;
	const struct identity *id;
	struct hsm_derivation d;
};

static enum rc
add_other_master(void *ctx, const char *label)
{
	const struct master_ctx *m = ctx;
	struct hsm_derivation d = m->d;

	d.master = label;
	for (size_t i = 0; i < m->id->epoch_count; i++)
		add_epoch(m->sources, SOURCE_OTHER_MASTER, d, m->id->epochs[i]);
	return RC_OK;
}

static enum rc
add_master(void *ctx, const char *label)
{
	const struct master_ctx *m = ctx;
	struct hsm_derivation d = m->d;

	d.master = label;
	(void)add(m->sources, SOURCE_MASTER, &d);
	return RC_OK;
}

void
sources_list(struct sources *s, const struct policy_set *set,
    const struct identity *id, struct span psk_identity, struct span endpoint,
    int64_t now_s)
{
	struct master_ctx m = {
	    .sources = s,
	    .id = id,
	    .d =
		{
		    .master = id->master,
		    .purpose = HSM_PURPOSE_BOOTSTRAP,
		    .endpoint = endpoint,
		},
	};

	s->count = s->name_count = 0;
	add_own(s, id, m.d, now_s);
	(void)add(s, SOURCE_PUBLIC, &(struct hsm_derivation){.master = ""});
	(void)add_master(&m, id->master);
	add_epochs_around(
	    s, SOURCE_EPOCH, &m.d, id->epochs, id->epoch_count, EPOCHS_AROUND);
	add_names(s, id, m.d, psk_identity);
	add_all_accounts(s, set, id, &m.d);
	(void)!policy_masters(set, add_other_master, &m);
	(void)!policy_masters(set, add_master, &m);
}
