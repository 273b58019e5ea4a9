/*
 * One image by the policies: what its credential proves is asked of the same
 * code that bootstrapd lets devices in by, and what the document mints is
 * compared with what stands in the image.
 */
#include "verify.h"

#include "policy/match.h"
#include "tool.h"

/** An image and what was found out about it. */
struct judged {
	struct verify_one *one;
	struct issuer issuer;
	const struct image_reader *m;
	struct issue_peer peer;
};

static const struct lwm2m_value *
account(const struct judged *j, uint16_t resource)
{
	return image_reader_account(j->m, resource);
}

static struct span
bytes(const struct judged *j, uint16_t resource)
{
	const struct lwm2m_value *v = account(j, resource);

	return v ? v->bytes : span_of(NULL, 0);
}

/** Why bootstrapd would not let it in. */
static void
refused(struct judged *j)
{
	struct verify_one *one = j->one;
	const char *says = reason_sentence(j->peer.why);

	switch ((int)j->peer.why) {
	case REASON_REVOKED:
	case REASON_KEY_REVOKED:
		/* where the ledger is looked at it says more */
		if (!one->v->ledger)
			verify_find(
			    one, DIAG_ERROR, "image-revoked", "%s", says);
		break;
	case REASON_EXPIRED:
		/* of the certificate itself: a finding of its own */
		break;
	case REASON_UNTRUSTED:
	case REASON_CERTIFICATE:
		verify_find(one, DIAG_ERROR, "image-untrusted", "%s", says);
		break;
	case REASON_KEY_MISSING:
		verify_find(one, DIAG_ERROR, "image-key-differs", "%s", says);
		break;
	default:
		verify_find(one, DIAG_ERROR, "image-not-admitted",
		    "no identity document admits what it proves itself with");
		break;
	}
}

static void
check_whose(struct judged *j)
{
	struct verify_one *one = j->one;
	const struct identity *want = one->v->identity, *id = j->peer.identity;
	struct quoted name, other;

	if (want && id != want)
		verify_find(one, DIAG_ERROR, "image-other-identity",
		    "it is admitted by identity %s, not by %s",
		    quote_str(&name, id->name), quote_str(&other, want->name));
	if (j->m->r.image.endpoint.len > 0 && j->peer.endpoint.len > 0 &&
	    !span_equal(j->m->r.image.endpoint, j->peer.endpoint))
		verify_find(one, DIAG_ERROR, "image-endpoint",
		    "it says that it is of %s, and its credential is of %s",
		    quote(&name, j->m->r.image.endpoint),
		    quote(&other, j->peer.endpoint));
	/* the credential counts, whatever else stands in the image */
	one->endpoint = span_of(NULL, 0);
	verify_whose(one, j->peer.endpoint);
}

/* --- pre-shared keys ------------------------------------------------------ */

/** Is it one of the keys that the document accepts of it now? */
static enum rc
check_key(struct judged *j)
{
	struct secret key = {0};
	enum rc rc = secret_set(&key, bytes(j, SECURITY_SECRET_KEY));
	bool same = false;
	size_t epochs = j->peer.identity->kind == IDENTITY_PSK
	    ? j->peer.identity->epoch_count
	    : 1;

	for (unsigned i = 0; rc == RC_OK && i < epochs && !same; i++) {
		struct issue_psk_answer a;

		rc = issue_psk(
		    &j->issuer, bytes(j, SECURITY_IDENTITY), 0, i, &a);
		same = rc == RC_OK && secret_equal(&a.key, &key);
		secret_fini(&a.key);
	}
	secret_fini(&key);
	if (rc == RC_OK && !same)
		verify_find(j->one, DIAG_ERROR, "image-key-differs",
		    "/0/x/5 is none of the keys that the token derives for it");
	/* all of them were taken back, or none can be made */
	if (rc == RC_NOT_FOUND) {
		verify_find(j->one, DIAG_ERROR, "image-key-differs",
		    "there is no key that is accepted of it");
		return RC_OK;
	}
	return rc == RC_TOO_LARGE ? RC_OK : rc;
}

static enum rc
by_psk(struct judged *j)
{
	const struct issue_request rq = {
	    .proof = PROOF_PSK,
	    .credential = bytes(j, SECURITY_IDENTITY),
	};
	struct issuer labels = j->issuer;
	enum rc rc;

	/* which key it is shows in a moment, whose it is does not need one */
	labels.hsm = NULL;
	rc = issue_identify(&labels, &rq, &j->peer);
	if (rc != RC_OK)
		return rc;
	if (!j->peer.identity) {
		refused(j);
		return RC_OK;
	}
	check_whose(j);
	return j->issuer.hsm ? check_key(j) : RC_OK;
}

/* --- certificates --------------------------------------------------------- */

/** Does it expect the server that the document says? */
static void
check_server(struct judged *j)
{
	const struct policy_server_key *want = &j->peer.identity->server;
	const struct lwm2m_value *usage =
	    account(j, SECURITY_CERTIFICATE_USAGE);
	const struct lwm2m_value *type = account(j, SECURITY_MATCHING_TYPE);
	struct span der =
	    issue_rules_server_key(j->one->v->rules, j->peer.identity);

	if (der.len > 0 && !span_equal(der, bytes(j, SECURITY_SERVER_KEY)))
		verify_find(j->one, DIAG_ERROR, "image-server-key",
		    "/0/x/4 is not what identity %s says of the server",
		    j->peer.identity->name);
	/* where the format holds them */
	if (image_reader_credentials_only(j->m) || der.len == 0)
		return;
	if ((usage ? (int64_t)usage->number : -1) != want->usage)
		verify_find(j->one, DIAG_ERROR, "image-server-key",
		    "/0/x/15 is not what identity %s says of the server",
		    j->peer.identity->name);
	if ((type ? (int64_t)type->number : -1) != want->matching)
		verify_find(j->one, DIAG_ERROR, "image-server-key",
		    "/0/x/13 is not what identity %s says of the server",
		    j->peer.identity->name);
}

static enum rc
by_certificate(struct judged *j)
{
	const struct issue_request rq = {
	    .proof = PROOF_CERTIFICATE,
	    .peer = bytes(j, SECURITY_IDENTITY),
	};
	enum rc rc = issue_identify(&j->issuer, &rq, &j->peer);

	if (rc != RC_OK)
		return rc;
	if (j->peer.why != REASON_NONE)
		refused(j);
	if (!j->peer.identity)
		return RC_OK;
	check_whose(j);
	check_server(j);
	return RC_OK;
}

/* --- without any ---------------------------------------------------------- */

static void
by_nothing(struct judged *j)
{
	const struct verify *v = j->one->v;
	struct span endpoint = j->m->r.image.endpoint;

	/* a device without security says its name itself; most formats have
	 * none of it */
	for (size_t i = 0; i < v->set->identity_count; i++) {
		const struct identity *id = &v->set->identities[i];

		if (id->kind == IDENTITY_NOSEC &&
		    (!v->identity || id == v->identity) &&
		    (endpoint.len == 0 || identity_fits(id, endpoint)))
			return;
	}
	verify_find(j->one, DIAG_ERROR, "image-not-admitted",
	    "no identity document admits a device without security%s",
	    endpoint.len > 0 ? " by that name" : "");
}

enum rc
verify_identity(struct verify_one *one)
{
	struct verify *v = one->v;
	struct judged j = {
	    .one = one,
	    .m = &v->reader,
	    .issuer =
		{
		    .hsm = v->token.session,
		    .store = v->ledger,
		    .rules = v->rules,
		    .now_s = v->now_s,
		},
	};
	const struct lwm2m_value *uri = account(&j, SECURITY_URI);
	const struct lwm2m_value *mode = account(&j, SECURITY_MODE);
	struct quoted have, want;

	if (v->uri && uri && !span_is(uri->bytes, v->uri))
		verify_find(one, DIAG_ERROR, "image-uri", "%s, not %s",
		    quote(&have, uri->bytes), quote_str(&want, v->uri));
	if (mode->integer == MODE_PSK)
		return by_psk(&j);
	if (mode->integer == MODE_CERTIFICATE)
		return by_certificate(&j);
	if (mode->integer == MODE_NOSEC)
		by_nothing(&j);
	return RC_OK;
}
