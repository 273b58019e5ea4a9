/* Server accounts: which is which in the two, and what is written otherwise. */
#include "policy/differing.h"

#include "base/text.h"

#include <stdio.h>

/* --- keys ----------------------------------------------------------------- */

/** "derived fleet-2026". */
static const char *
key_text(char out[static DIFFER_TEXT_MAX], const struct policy_key *k)
{
	switch (k->source) {
	case KEY_DERIVED:
		(void)snprintf(out, DIFFER_TEXT_MAX, "derived %s", k->master);
		break;
	case KEY_RANDOM:
		(void)snprintf(out, DIFFER_TEXT_MAX, "random %s, %u bytes",
		    k->master, k->length);
		break;
	case KEY_IMPORTED:
		(void)snprintf(
		    out, DIFFER_TEXT_MAX, "imported %s", k->collection);
		break;
	}
	return out;
}

static void
differ_key(const struct differing *d, enum policy_change kind,
    enum policy_change epoch, const char *name, const struct policy_key *a,
    const struct policy_key *b)
{
	char what[DIFFER_TEXT_MAX], before[DIFFER_TEXT_MAX];
	char after[DIFFER_TEXT_MAX];

	differ_text(d, kind, differ_join(what, name, "key"),
	    key_text(before, a), key_text(after, b));
	if (a->source != KEY_IMPORTED && b->source != KEY_IMPORTED)
		differ_number(d, epoch, differ_join(what, name, "epoch"),
		    a->epoch, b->epoch, -1);
}

/* --- certificates --------------------------------------------------------- */

static void
add_template(struct writer *w, const char *name, const char *value)
{
	if (value)
		writer_fmt(w, " %s=%s", name, value);
}

/** All that a certificate is made by, so that equal texts are equal ones. */
static const char *
issue_text(char out[static DIFFER_TEXT_MAX], const struct policy_issue *i)
{
	const struct policy_certificate *p = i->profile;
	int64_t validity_s = i->validity_s;
	struct writer w;

	if (!i->ca || !p)
		return NULL;
	if (validity_s < 0)
		validity_s = p->validity_s;
	writer_init(&w, out, DIFFER_TEXT_MAX - 1);
	writer_fmt(&w, "%s %s", i->ca->name, p->name);
	if (validity_s == POLICY_FOREVER)
		writer_str(&w, " forever");
	else
		writer_fmt(&w, " %llds", (long long)validity_s);
	for (size_t n = 0; n < p->subject_count; n++)
		add_template(&w, p->subject[n].attribute, p->subject[n].value);
	add_template(&w, "uri", p->san_uri);
	add_template(&w, "dns", p->san_dns);
	writer_fmt(&w, "%s%s%s%s backdate %llds",
	    p->client_auth ? " clientAuth" : "",
	    p->server_auth ? " serverAuth" : "",
	    p->digital_signature ? " digitalSignature" : "",
	    p->key_ids ? " key_ids" : "", (long long)p->backdate_s);
	out[w.len] = '\0';
	return out;
}

static bool
same_bytes(const struct policy_file *a, const struct policy_file *b)
{
	return span_equal(a->bytes, b->bytes);
}

static bool
same_authority(const struct policy_issue *a, const struct policy_issue *b)
{
	if (!a->ca || !b->ca)
		return a->ca == b->ca;
	return same_bytes(&a->ca->certificate, &b->ca->certificate) &&
	    differ_same(a->ca->key, b->ca->key);
}

static void
differ_issue(const struct differing *d, const char *name,
    const struct policy_issue *a, const struct policy_issue *b)
{
	char what[DIFFER_TEXT_MAX], before[DIFFER_TEXT_MAX];
	char after[DIFFER_TEXT_MAX];
	const char *x = issue_text(before, a), *y = issue_text(after, b);

	differ_join(what, name, "certificate");
	if (!differ_same(x, y))
		differ_say(d, CHANGE_CERTIFICATE, what, x, y);
	else if (!same_authority(a, b))
		differ_say(d, CHANGE_CERTIFICATE, what, a->ca->name,
		    "a CA of that name with another certificate or key");
}

static void
differ_expected(const struct differing *d, const char *name,
    const struct policy_server_key *a, const struct policy_server_key *b)
{
	const enum policy_change kind = CHANGE_SERVER_KEY;
	char what[DIFFER_TEXT_MAX];

	if (!same_bytes(&a->file, &b->file))
		differ_say(d, kind, differ_join(what, name, "server key"),
		    a->file.name, b->file.name);
	differ_number(
	    d, kind, differ_join(what, name, "usage"), a->usage, b->usage, -1);
	differ_number(d, kind, differ_join(what, name, "matching"), a->matching,
	    b->matching, -1);
	differ_text(d, kind, differ_join(what, name, "sni"), a->sni, b->sni);
}

/* --- one account ---------------------------------------------------------- */

static const char *
mode_text(enum server_mode m)
{
	static const char *const names[] = {
	    [SERVER_PSK] = "psk",
	    [SERVER_NOSEC] = "nosec",
	    [SERVER_CERTIFICATE] = "certificate",
	    [SERVER_RPK] = "rpk",
	};

	return names[m];
}

static void
differ_oscore(const struct differing *d, const char *name,
    const struct policy_oscore *a, const struct policy_oscore *b)
{
	const enum policy_change kind = CHANGE_OSCORE;
	char what[DIFFER_TEXT_MAX];

	if (a->present != b->present) {
		differ_say(d, kind, differ_join(what, name, "oscore"),
		    a->present ? "present" : NULL,
		    b->present ? "present" : NULL);
		return;
	}
	if (!a->present)
		return;
	differ_join(what, name, "oscore");
	differ_key(d, kind, kind, what, &a->key, &b->key);
	differ_text(d, kind, what, a->sender_id, b->sender_id);
	differ_text(d, kind, what, a->recipient_id, b->recipient_id);
}

static void
differ_settings(const struct differing *d, const char *name,
    const struct policy_server *a, const struct policy_server *b)
{
	const enum policy_change kind = CHANGE_SERVER_SETTINGS;
	char what[DIFFER_TEXT_MAX];

	differ_number(d, kind, differ_join(what, name, "lifetime"),
	    a->lifetime_s, b->lifetime_s, -1);
	differ_text(d, kind, differ_join(what, name, "binding"), a->binding,
	    b->binding);
	differ_text(d, kind, differ_join(what, name, "storing"),
	    a->storing ? "true" : "false", b->storing ? "true" : "false");
	differ_number(d, kind, differ_join(what, name, "min_period"),
	    a->min_period_s, b->min_period_s, -1);
	differ_number(d, kind, differ_join(what, name, "max_period"),
	    a->max_period_s, b->max_period_s, -1);
	differ_number(d, kind, differ_join(what, name, "disable_timeout"),
	    a->disable_timeout_s, b->disable_timeout_s, -1);
	differ_join(what, name, "");
	differ_entries(d, kind, what,
	    (struct differ_entries){a->server_entries, a->server_entry_count},
	    (struct differ_entries){b->server_entries, b->server_entry_count});
	differ_entries(d, kind, what,
	    (struct differ_entries){
		a->security_entries, a->security_entry_count},
	    (struct differ_entries){
		b->security_entries, b->security_entry_count});
}

static void
differ_security(const struct differing *d, const char *name,
    const struct policy_server *a, const struct policy_server *b)
{
	char what[DIFFER_TEXT_MAX];

	if (a->mode != b->mode) {
		differ_say(d, CHANGE_MODE, differ_join(what, name, "mode"),
		    mode_text(a->mode), mode_text(b->mode));
		return;
	}
	switch (a->mode) {
	case SERVER_PSK:
		differ_text(d, CHANGE_PSK_IDENTITY,
		    differ_join(what, name, "psk identity"), a->psk_identity,
		    b->psk_identity);
		differ_key(
		    d, CHANGE_KEY, CHANGE_KEY_EPOCH, name, &a->key, &b->key);
		break;
	case SERVER_CERTIFICATE:
		differ_issue(d, name, &a->issue, &b->issue);
		differ_expected(d, name, &a->server, &b->server);
		break;
	case SERVER_RPK:
		differ_expected(d, name, &a->server, &b->server);
		break;
	case SERVER_NOSEC:
		break;
	}
}

void
differ_server(const struct differing *d, const char *name,
    const struct policy_server *a, const struct policy_server *b)
{
	char what[DIFFER_TEXT_MAX];

	differ_number(d, CHANGE_SSID, differ_join(what, name, "ssid"),
	    a->short_server_id, b->short_server_id, 0);
	differ_security(d, name, a, b);
	differ_oscore(d, name, &a->oscore, &b->oscore);
	differ_settings(d, name, a, b);
}

/* --- which is which ------------------------------------------------------- */

struct pairs {
	/** By place after: the place before it, or POLICY_SERVERS_MAX. */
	size_t of[POLICY_SERVERS_MAX];
	bool taken[POLICY_SERVERS_MAX]; /**< by place before */
	size_t before, after; /**< how many are looked at */
};

typedef bool (*same_fn)(const struct policy_server *a, size_t i,
    const struct policy_server *b, size_t n);

static bool
same_name(const struct policy_server *a, size_t i,
    const struct policy_server *b, size_t n)
{
	(void)i;
	(void)n;
	return differ_same(a->name, b->name);
}

static bool
same_ssid(const struct policy_server *a, size_t i,
    const struct policy_server *b, size_t n)
{
	(void)i;
	(void)n;
	return a->short_server_id == b->short_server_id;
}

/** As where a pool gives another of its members. */
static bool
same_place(const struct policy_server *a, size_t i,
    const struct policy_server *b, size_t n)
{
	(void)a;
	(void)b;
	return i == n;
}

static void
pair(struct pairs *p, const struct policy *before, const struct policy *after,
    same_fn same)
{
	for (size_t n = 0; n < p->after; n++)
		for (size_t i = 0;
		     i < p->before && p->of[n] == POLICY_SERVERS_MAX; i++) {
			if (p->taken[i] ||
			    !same(
				&before->servers[i], i, &after->servers[n], n))
				continue;
			p->of[n] = i;
			p->taken[i] = true;
		}
}

static size_t
at_most(size_t count)
{
	return count < POLICY_SERVERS_MAX ? count : POLICY_SERVERS_MAX;
}

static void
pair_all(
    struct pairs *p, const struct policy *before, const struct policy *after)
{
	*p = (struct pairs){
	    .before = at_most(before->server_count),
	    .after = at_most(after->server_count),
	};
	for (size_t n = 0; n < POLICY_SERVERS_MAX; n++)
		p->of[n] = POLICY_SERVERS_MAX;
	pair(p, before, after, same_name);
	pair(p, before, after, same_ssid);
	pair(p, before, after, same_place);
}

/** "eu-1 coaps://eu1.example"; the URI alone where the name stays. */
static const char *
server_text(char out[static DIFFER_TEXT_MAX], const struct policy_server *s,
    bool renamed)
{
	(void)snprintf(out, DIFFER_TEXT_MAX, "%s%s%s", renamed ? s->name : "",
	    renamed ? " " : "", s->uri);
	return out;
}

/** A name alone is nothing that a device is told. */
static void
differ_uri(const struct differing *d, const struct policy_server *a,
    const struct policy_server *b)
{
	bool renamed = !differ_same(a->name, b->name);
	char before[DIFFER_TEXT_MAX], after[DIFFER_TEXT_MAX];

	if (!differ_same(a->uri, b->uri))
		differ_say(d, CHANGE_SERVER_MOVED, a->name,
		    server_text(before, a, renamed),
		    server_text(after, b, renamed));
}

void
differ_servers(const struct differing *d, const struct policy *before,
    const struct policy *after)
{
	struct pairs p;
	bool ordered = true;
	size_t last = 0;

	pair_all(&p, before, after);
	for (size_t i = 0; i < p.before; i++)
		if (!p.taken[i])
			differ_say(d, CHANGE_SERVER_REMOVED,
			    before->servers[i].name, before->servers[i].uri,
			    NULL);
	for (size_t n = 0; n < p.after; n++) {
		const struct policy_server *b = &after->servers[n];

		if (p.of[n] == POLICY_SERVERS_MAX) {
			differ_say(
			    d, CHANGE_SERVER_ADDED, b->name, NULL, b->uri);
			continue;
		}
		ordered = ordered && p.of[n] >= last;
		last = p.of[n];
		differ_uri(d, &before->servers[p.of[n]], b);
		differ_server(d, b->name, &before->servers[p.of[n]], b);
	}
	if (!ordered)
		differ_say(d, CHANGE_SERVER_ORDER, "servers", NULL, NULL);
}
