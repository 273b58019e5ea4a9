#include "issue/image.h"

#include "base/text.h"
#include "issue/san_text.h"

#include <stdio.h>

enum { FIELDS_MAX = 32, PLACE_MAX = 512 };

/** Texts that the fields of a row point into. */
struct texts {
	uint8_t address[ADDRESS_TEXT_MAX];
	struct writer address_w;
	char identity_at[PLACE_MAX], policy_at[PLACE_MAX];
	uint8_t hex[2 * DIGEST_LEN];
	struct writer hex_w;
	uint8_t san[SAN_TEXT_MAX];
	struct writer san_w;
};

struct span
issue_row_cn(struct span cn)
{
	return text_cut(cn, CERT_CN_MAX, (size_t)4 * CERT_CN_MAX);
}

struct span
issue_row_psk_identity(struct span identity)
{
	enum { IDENTITY_MAX = 128 };

	return text_cut(identity, IDENTITY_MAX, IDENTITY_MAX);
}

struct span
issue_row_endpoint(struct span endpoint)
{
	return text_cut(endpoint, LEDGER_NAME_MAX, LEDGER_NAME_MAX);
}

/** What names the credential: a PSK identity, the name in a certificate, or
 *  where there is none its fingerprint. */
static struct span
credential_of(const struct issue_request *rq, const struct issue_peer *peer,
    struct texts *t)
{
	if (rq->proof == PROOF_NONE || rq->proof == PROOF_PSK)
		return issue_row_psk_identity(rq->credential);
	if (peer->cn.len > 0)
		return issue_row_cn(peer->cn);
	writer_init(&t->hex_w, t->hex, sizeof(t->hex));
	text_hex(&t->hex_w, span_of(peer->sha256, DIGEST_LEN));
	return writer_span(&t->hex_w);
}

static const char *
transport(const struct issue_request *rq)
{
	static const char *const schemes[2][2] = {
	    {"coaps", "coaps+tcp"},
	    {"coap", "coap+tcp"},
	};

	return schemes[rq->proof == PROOF_NONE][rq->stream];
}

/** What policies look at in a certificate, where it was verified: so that they
 *  can be matched again without it. */
static size_t
certified_fields(
    struct field *f, const struct issue_peer *peer, struct texts *t)
{
	size_t n = 0;

	f[n++] = F_BYTES("issuer_key", span_of(peer->issuer_key, DIGEST_LEN));
	f[n++] = F_BYTES("anchor_key", span_of(peer->anchor_key, DIGEST_LEN));
	if (peer->issuer_cn.len > 0)
		f[n++] = F_TEXT("issuer", issue_row_cn(peer->issuer_cn));
	writer_init(&t->san_w, t->san, sizeof(t->san));
	san_text(&t->san_w, peer->san);
	if (t->san_w.len > 0)
		f[n++] = F_TEXT("san", writer_span(&t->san_w));
	return n;
}

/** What both kinds of row say of the peer. */
static size_t
peer_fields(struct field *f, const struct issue_request *rq,
    const struct issue_decision *d, const char *instance, struct texts *t)
{
	const struct issue_peer *peer = &d->peer;
	size_t n = 0;

	writer_init(&t->address_w, t->address, sizeof(t->address));
	address_print(&t->address_w, &rq->address);
	f[n++] = F_TEXT("instance", instance);
	f[n++] = F_INT("worker", rq->worker);
	f[n++] = F_TEXT("credential", credential_of(rq, peer, t));
	f[n++] = F_TEXT("kind", issue_proof_name(rq->proof));
	if (rq->proof == PROOF_CERTIFICATE || rq->proof == PROOF_RAW_KEY)
		f[n++] =
		    F_BYTES("fingerprint", span_of(peer->sha256, DIGEST_LEN));
	if (peer->serial.len > 0)
		f[n++] = F_BYTES("serial", peer->serial);
	if (peer->has_issuer_key)
		n += certified_fields(f + n, peer, t);
	if (peer->identity)
		f[n++] = F_TEXT("identity", peer->identity->name);
	f[n++] = F_TEXT("address", writer_span(&t->address_w));
	if (rq->push.len > 0)
		f[n++] = F_BYTES("push", rq->push);
	if (rq->rollout.len > 0) {
		f[n++] = F_BYTES("rollout", rq->rollout);
		f[n++] = F_INT("rollout_stage", rq->rollout_stage);
	}
	f[n++] = F_TEXT("transport", transport(rq));
	return n;
}

static void
place(char *out, size_t cap, struct policy_place p)
{
	snprintf(out, cap, "%s:%u", p.file, p.line);
}

/** The fields, and the set that was decided by. `f` has room for that. */
static enum rc
append(struct ledger *l, const struct issue_rules *rules, const char *kind,
    const struct issue_request *rq, const struct issue_decision *d,
    struct field *f, size_t n)
{
	const struct policy_set *set = issue_rules_set(rules);

	f[n++] = F_BYTES("policy_set", span_of(set->digest, DIGEST_LEN));
	return ledger_append(l,
	    &(struct ledger_event){
		.kind = kind,
		.session = rq ? span_of(rq->session, LEDGER_SESSION_LEN)
			      : span_of(NULL, 0),
		/* what is granted is of that length already */
		.endpoint = issue_row_endpoint(d->peer.endpoint),
		.fields = f,
		.field_count = n,
	    },
	    NULL);
}

/** Does a sentence alone not say it? */
static bool
has_detail(enum reason why)
{
	return why == REASON_CERTIFICATE_REFUSED || why == REASON_KEY_REVOKED ||
	    why == REASON_NOT_POSSIBLE || why == REASON_DENIED ||
	    why == REASON_QUARANTINED || why == REASON_PROVISIONED ||
	    why == REASON_NO_SERVER || why == REASON_SERVERS_FULL;
}

static enum rc
record_refusal(struct ledger *l, const struct issue_rules *rules,
    const struct issue_request *rq, const struct issue_decision *d,
    const char *instance)
{
	struct field f[FIELDS_MAX];
	struct texts t;
	size_t n = peer_fields(f, rq, d, instance, &t);

	f[n++] = F_TEXT("reason", reason_code(d->reason));
	f[n++] = F_TEXT("sentence", reason_sentence(d->reason));
	f[n++] = F_TEXT("remedy", reason_remedy(d->reason));
	if (has_detail(d->reason))
		f[n++] = F_TEXT("detail", (const char *)d->detail);
	if (d->policy) {
		place(t.policy_at, sizeof(t.policy_at), d->policy->place);
		f[n++] = F_TEXT("policy", d->policy->name);
		f[n++] = F_TEXT("policy_at", t.policy_at);
	}
	if (rq->has_endpoint)
		f[n++] = F_TEXT("claimed", issue_row_endpoint(rq->endpoint));
	return append(l, rules, "bootstrap_refused", rq, d, f, n);
}

static enum rc
record_begin(struct ledger *l, const struct issue_rules *rules,
    const struct issue_request *rq, const struct issue_decision *d,
    const char *instance)
{
	struct field f[FIELDS_MAX];
	struct texts t;
	size_t n = peer_fields(f, rq, d, instance, &t);

	place(t.identity_at, sizeof(t.identity_at), d->peer.identity->place);
	place(t.policy_at, sizeof(t.policy_at), d->policy->place);
	f[n++] = F_TEXT("identity_at", t.identity_at);
	if (rq->proof == PROOF_PSK)
		f[n++] = F_INT("epoch", rq->epoch);
	if (rq->pct >= 0)
		f[n++] = F_INT("pct", rq->pct);
	if (rq->pack)
		f[n++] = F_INT("pack", rq->accept);
	f[n++] = F_TEXT("policy", d->policy->name);
	f[n++] = F_TEXT("policy_at", t.policy_at);
	f[n++] = F_BYTES("plan", span_of(d->plan_digest, DIGEST_LEN));
	f[n++] = F_INT("steps", d->steps);
	if (d->servers[0])
		f[n++] = F_TEXT("servers", (const char *)d->servers);
	if (d->turn > 0)
		f[n++] = F_INT("turn", d->turn);
	if (d->again != AGAIN_FIRST)
		f[n++] = F_TEXT("again", policy_again_name(d->again));
	return append(l, rules, "bootstrap_begin", rq, d, f, n);
}

static const char *
source_name(enum key_source source)
{
	static const char *const names[] = {
	    [KEY_DERIVED] = "derived",
	    [KEY_RANDOM] = "random",
	    [KEY_IMPORTED] = "imported",
	};

	return names[source];
}

static size_t
psk_fields(struct field *f, const struct issue_credential *c)
{
	static const uint8_t none[HSM_FINGERPRINT_LEN];
	size_t n = 0;

	f[n++] = F_TEXT("source", source_name(c->source));
	if (c->source == KEY_IMPORTED)
		f[n++] = F_TEXT("collection", c->collection);
	else
		f[n++] = F_TEXT("master", c->master);
	f[n++] = F_INT("epoch", c->epoch);
	if (memcmp(c->fingerprint, none, sizeof(none)) != 0)
		f[n++] = F_BYTES("fingerprint",
		    span_of(c->fingerprint, sizeof(c->fingerprint)));
	return n;
}

/** As the number stands in the certificate: without zero bytes in front. */
static struct span
serial_of(const struct issue_credential *c)
{
	struct span s = span_of(c->serial, sizeof(c->serial));

	while (s.len > 1 && s.p[0] == 0)
		s = span_from(s, 1);
	return s;
}

static size_t
certificate_fields(
    struct field *f, const struct issue_credential *c, struct texts *t)
{
	size_t n = 0;

	writer_init(&t->hex_w, t->hex, sizeof(t->hex));
	der_print_time(&t->hex_w, c->not_after_s);
	f[n++] = F_BYTES("fingerprint", span_of(c->sha256, DIGEST_LEN));
	f[n++] = F_BYTES("serial", serial_of(c));
	f[n++] = F_BYTES("issuer_key", span_of(c->issuer_key, DIGEST_LEN));
	f[n++] = F_TEXT("not_after", writer_span(&t->hex_w));
	f[n++] = F_TEXT("ca", c->ca);
	f[n++] = F_TEXT("profile", c->profile);
	return n;
}

/** What it is for, as in the ledger. */
static const char *
purpose_of(const struct issue_credential *c)
{
	if (c->short_server_id == 0)
		return "bootstrap";
	return c->oscore ? "oscore" : "server";
}

/** Fields of one that is named, by these names. */
static size_t
replaced_fields(
    struct field *f, const struct issue_replaced *r, const char *const names[3])
{
	const char *const values[3] = {
	    r->fingerprint, r->serial, r->issuer_key};
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		if (values[i][0])
			f[n++] = F_TEXT(names[i], values[i]);
	return n;
}

static const char *const replaced_by_it[3] = {
    "replaces", "replaces_serial", "replaces_issuer_key"};
static const char *const taken_back[3] = {
    "fingerprint", "serial", "issuer_key"};

static enum rc
record_credential(struct ledger *l, const struct issue_rules *rules,
    const struct issue_request *rq, const struct issue_decision *d,
    const struct issue_credential *c)
{
	static const char *const kinds[] = {
	    [CREDENTIAL_PSK] = "psk",
	    [CREDENTIAL_CERTIFICATE] = "certificate",
	    [CREDENTIAL_RAW_KEY] = "rpk",
	};
	struct field f[FIELDS_MAX];
	struct texts t;
	size_t n = 0;

	f[n++] = F_TEXT("kind", kinds[c->kind]);
	f[n++] = F_TEXT("purpose", purpose_of(c));
	f[n++] = F_INT("short_server_id", c->short_server_id);
	switch (c->kind) {
	case CREDENTIAL_PSK:
		n += psk_fields(f + n, c);
		break;
	case CREDENTIAL_CERTIFICATE:
		n += certificate_fields(f + n, c, &t);
		break;
	case CREDENTIAL_RAW_KEY:
		f[n++] = F_BYTES("fingerprint", span_of(c->sha256, DIGEST_LEN));
		break;
	}
	if (c->short_server_id == 0)
		n += replaced_fields(f + n, &d->replaces, replaced_by_it);
	f[n++] = F_TEXT("policy", d->policy->name);
	return append(l, rules, "credential_issued", rq, d, f, n);
}

/** The device has come with the credential that was to take its place. */
static enum rc
record_taken_back(struct ledger *l, const struct issue_rules *rules,
    const struct issue_request *rq, const struct issue_decision *d)
{
	struct field f[FIELDS_MAX];
	size_t n = replaced_fields(f, &d->takes_back, taken_back);

	if (n == 0)
		return RC_OK;
	f[n++] = F_TEXT("reason", "superseded");
	return append(l, rules, "credential_revoked", rq, d, f, n);
}

/** Before the rows: where one of them is there already, with other bytes, no
 *  row tells of this decision. */
static enum rc
store_sealed(struct ledger *l, const struct issue_decision *d)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < d->sealed_count; i++) {
		const struct issue_sealed *s = &d->sealed[i];
		const struct ledger_secret secret = {
		    .collection = span_str(s->collection),
		    .name = d->peer.endpoint,
		    .epoch = s->epoch,
		    .endpoint = d->peer.endpoint,
		    .master = span_str(s->master),
		    .sealed = span_of(s->sealed, s->sealed_len),
		};

		rc = ledger_secret_put(l, &secret, NULL);
	}
	return rc;
}

/** A pre-shared key is the same each time; what was made anew is said anew. */
static bool
is_news(const struct issue_credential *c, bool again)
{
	return !again || c->kind != CREDENTIAL_PSK;
}

/** Under the lock: who was decided about at the same time may have taken the
 *  last room. A device that is there already takes none. */
static enum rc
check_room(struct ledger *l, const struct issue_decision *d)
{
	struct issue_history h;
	uint64_t devices;
	bool known;
	enum rc rc;

	if (d->limit_count == 0)
		return RC_OK;
	rc = issue_history_read(l, d->peer.endpoint, &h, &known);
	for (size_t i = 0; rc == RC_OK && i < d->limit_count; i++) {
		const struct issue_limit *limit = &d->limits[i];

		if (policy_is_there(&h.value, limit->server))
			continue;
		rc = ledger_placement(l, limit->server, &devices);
		if (rc == RC_OK && devices >= limit->capacity)
			rc = RC_CONFLICT;
	}
	return rc;
}

enum rc
issue_record(struct ledger *l, const struct issue_rules *rules,
    const struct issue_request *rq, const struct issue_decision *d,
    const char *instance, bool again)
{
	enum rc rc;

	if (!d->granted)
		return again ? RC_OK
			     : record_refusal(l, rules, rq, d, instance);
	rc = again ? RC_OK : check_room(l, d);
	if (rc == RC_OK)
		rc = store_sealed(l, d);
	if (rc == RC_OK && !again)
		rc = record_begin(l, rules, rq, d, instance);
	if (rc == RC_OK && !again)
		rc = record_taken_back(l, rules, rq, d);
	for (size_t i = 0; rc == RC_OK && i < d->credential_count; i++)
		if (is_news(&d->credentials[i], again))
			rc = record_credential(
			    l, rules, rq, d, &d->credentials[i]);
	return rc;
}

enum rc
issue_servers_record(struct ledger *l, const struct issue_rules *rules,
    const struct issue_servers *s, bool again)
{
	const struct issue_decision *d = &s->decision;
	enum rc rc = store_sealed(l, d);

	for (size_t i = 0; rc == RC_OK && i < d->credential_count; i++)
		if (is_news(&d->credentials[i], again))
			rc = record_credential(
			    l, rules, NULL, d, &d->credentials[i]);
	return rc;
}
