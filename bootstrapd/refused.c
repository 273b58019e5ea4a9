/* Who was turned away at the handshake, for a reason that an operator should
 * read: certificates and raw public keys that a worker has not let in, and
 * pre-shared keys that are known and revoked. The peer is told nothing of it. */
#include "keeper_state.h"

#include "hsm/cert.h"

#include <stdlib.h>

enum { FIELDS_MAX = 16 };

/** One that waits for the next commit. */
struct refused {
	struct refused *next;
	unsigned worker;
	struct policy_set *set; /**< one reference: in force at the time */
	struct q_refused said; /**< `peer` points to `bytes` */
	uint8_t bytes[];
};

void
refused_note(struct link *l, const struct q_refused *q)
{
	struct keeper *k = l->keeper;
	struct refused *r;

	if (l->refusals <= REFUSALS_KEPT) {
		l->suppressed++;
		return;
	}
	r = calloc(1, sizeof(*r) + q->peer.len);
	if (!r)
		return;
	l->refusals--;
	r->worker = l->worker;
	r->set = policy_set_ref(k->policies.set);
	r->said = *q;
	if (q->peer.len)
		memcpy(r->bytes, q->peer.p, q->peer.len);
	r->said.peer = span_of(r->bytes, q->peer.len);
	*k->refused_last = r;
	k->refused_last = &r->next;
	record_soon(k);
}

/** What a certificate says, and who has signed it. */
struct looked {
	struct cert cert;
	bool has_issuer;
	uint8_t issuer_key[DIGEST_LEN];
};

static enum rc
is_issuer(void *ctx, struct span der)
{
	struct looked *l = ctx;
	struct der_fault fault;
	struct cert anchor;

	if (cert_parse(der, &anchor, &fault) != RC_OK ||
	    !span_equal(anchor.subject, l->cert.issuer) ||
	    cert_signed_by(&l->cert, anchor.spki) != RC_OK)
		return RC_OK;
	digest_of(anchor.spki, l->issuer_key);
	l->has_issuer = true;
	return RC_CONFLICT; /* found: stop here */
}

/** By a table, or by what the certificate itself says. It has proved neither. */
static struct span
claimed(
    const struct policy_set *set, const struct refused *r, const struct cert *c)
{
	uint8_t digest[DIGEST_LEN];
	struct span found = {0};

	digest_of(r->said.peer, digest);
	for (size_t i = 0; found.len == 0 && i < set->identity_count; i++)
		if (set->identities[i].table_count > 0)
			found =
			    identity_table_find(&set->identities[i], digest);
	if (found.len == 0 && c && cert_san_uri(c, "urn:", &found) != RC_OK)
		found = issue_row_cn(c->cn);
	return issue_row_endpoint(found);
}

static enum rc
append(struct keeper *k, const struct refused *r)
{
	const struct q_refused *q = &r->said;
	uint8_t text[ADDRESS_TEXT_MAX], digest[DIGEST_LEN];
	struct looked looked = {0};
	struct der_fault fault;
	struct span endpoint = {0};
	struct writer address;
	struct field f[FIELDS_MAX];
	bool read = q->kind == Q_BY_CERTIFICATE && q->peer.len > 0 &&
	    cert_parse(q->peer, &looked.cert, &fault) == RC_OK;
	size_t n = 0;

	writer_init(&address, text, sizeof(text));
	address_print(&address, &q->address);
	f[n++] = F_TEXT("kind",
	    issue_proof_name(
		q->kind == Q_BY_RAW_KEY ? PROOF_RAW_KEY : PROOF_CERTIFICATE));
	f[n++] = F_TEXT("reason", reason_code(q->reason));
	f[n++] = F_TEXT("sentence", reason_sentence(q->reason));
	f[n++] = F_TEXT("remedy", reason_remedy(q->reason));
	f[n++] = F_TEXT("address", writer_span(&address));
	if (q->peer.len > 0) {
		digest_of(q->peer, digest);
		f[n++] =
		    F_BYTES("fingerprint", span_of(digest, sizeof(digest)));
		endpoint = claimed(r->set, r, read ? &looked.cert : NULL);
	}
	if (read) {
		f[n++] = F_TEXT("credential", issue_row_cn(looked.cert.cn));
		f[n++] = F_BYTES("serial", looked.cert.serial);
		(void)!issue_rules_anchors(
		    k->policies.rules, is_issuer, &looked);
	}
	if (looked.has_issuer)
		f[n++] = F_BYTES("issuer_key",
		    span_of(looked.issuer_key, sizeof(looked.issuer_key)));
	if (endpoint.len > 0)
		f[n++] = F_TEXT("claimed", endpoint);
	f[n++] = F_INT("worker", r->worker);
	f[n++] = F_TEXT("instance", k->args->instance);
	log_event(LOG_NOTICE, "handshake_refused", f, n);
	return record_append(k,
	    &(struct ledger_event){
		.kind = "handshake_refused",
		.fields = f,
		.field_count = n,
	    },
	    r->set);
}

enum rc
refused_append_all(struct keeper *k)
{
	enum rc rc = RC_OK;

	for (const struct refused *r = k->refused; r && rc == RC_OK;
	     r = r->next)
		rc = record_but_too_large(append(k, r), "handshake_refused");
	return rc;
}

void
refused_settle(struct keeper *k)
{
	struct refused *r;

	while ((r = k->refused)) {
		k->refused = r->next;
		policy_set_unref(r->set);
		free(r);
	}
	k->refused_last = &k->refused;
}

bool
refused_psk(const struct job *j)
{
	const struct issue_peer *p = &j->psk.peer;

	/* one that was taken back while others are accepted is known when the
	 * doctor has looked */
	if (j->kind == JOB_DOCTOR)
		return j->rc == RC_OK && p->why == REASON_REVOKED;
	return j->kind == JOB_PSK && j->rc == RC_NOT_FOUND && p->identity &&
	    p->why != REASON_NONE && p->why != REASON_NO_IDENTITY;
}

enum rc
refused_append_psk(struct keeper *k, const struct job *j)
{
	const struct issue_peer *p = &j->psk.peer;
	struct link *l = &k->links[j->worker];
	uint8_t text[ADDRESS_TEXT_MAX];
	struct writer address;
	struct field f[FIELDS_MAX];
	size_t n = 0;

	if (l->refusals <= REFUSALS_KEPT) {
		l->suppressed++;
		return RC_OK;
	}
	l->refusals--;
	writer_init(&address, text, sizeof(text));
	address_print(&address, &j->request.address);
	f[n++] = F_TEXT("kind", issue_proof_name(PROOF_PSK));
	f[n++] = F_TEXT("reason", reason_code(p->why));
	f[n++] = F_TEXT("sentence", reason_sentence(p->why));
	f[n++] = F_TEXT("remedy", reason_remedy(p->why));
	f[n++] = F_TEXT("address", writer_span(&address));
	f[n++] =
	    F_TEXT("credential", issue_row_psk_identity(j->request.credential));
	f[n++] = F_TEXT("identity", p->identity->name);
	if (j->psk.epoch)
		f[n++] = F_INT("epoch", j->psk.epoch);
	f[n++] = F_INT("worker", j->worker);
	f[n++] = F_TEXT("instance", k->args->instance);
	log_event(LOG_NOTICE, "handshake_refused", f, n);
	return record_append(k,
	    &(struct ledger_event){
		.kind = "handshake_refused",
		/* whose key it is; that it was there nobody has proved */
		.endpoint = p->endpoint,
		.fields = f,
		.field_count = n,
	    },
	    issue_rules_set(j->rules));
}
