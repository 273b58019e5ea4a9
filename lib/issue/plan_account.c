/* What becomes of the device's own Bootstrap-Server Account: a newer key for
 * the same server, or another server (bootstrap.md section 9). */
#include "issue/making.h"

#include "issue/rules_internal.h"

static const struct identity *
first_of(const struct policy_set *set, const struct policy *p)
{
	for (size_t i = 0; p->identities && i < set->identity_count; i++)
		if (strcmp(set->identities[i].name, p->identities[0]) == 0)
			return &set->identities[i];
	return NULL;
}

/** By which it comes the next time. */
static const struct identity *
identity_of(struct making *m, const struct policy *p)
{
	if (p->account.identity)
		return p->account.identity;
	if (m->out->peer.identity)
		return m->out->peer.identity;
	/* nobody has come: a sample, or an explanation */
	return m->fill == FILL_REAL
	    ? NULL
	    : first_of(issue_rules_set(m->issuer->rules), p);
}

static const char *
uri_of(struct making *m, const struct policy *p)
{
	if (p->account.uri)
		return p->account.uri;
	if (m->issuer->server_uri)
		return m->issuer->server_uri;
	return m->fill == FILL_REAL ? NULL : "{server.uri}";
}

/** It has come by just the key that it would get. */
static bool
is_up_to_date(struct making *m, const struct identity *id, uint32_t epoch)
{
	const struct issue_peer *peer = &m->out->peer;

	return id->kind == IDENTITY_PSK && peer->identity == id &&
	    peer->epoch == epoch && epoch != 0;
}

static void
put_timers(struct making *m, struct lwm2m_path at, const struct policy *p)
{
	if (p->account.hold_off_s >= 0)
		making_put(m, at, SECURITY_HOLD_OFF,
		    LWM2M_VALUE_INTEGER(p->account.hold_off_s));
	if (p->account.timeout_s >= 0)
		making_put(m, at, SECURITY_ACCOUNT_TIMEOUT,
		    LWM2M_VALUE_INTEGER(p->account.timeout_s));
}

/** Its instance of /0. */
static struct lwm2m_path
open_account(struct making *m)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SECURITY, 0);

	making_object(m, OBJECT_SECURITY);
	making_instance(m, PLAN_ACCOUNT_OURS, at);
	return at;
}

static enum rc
rotate(struct making *m, const struct policy *p, struct span endpoint)
{
	const struct identity *id = identity_of(m, p);
	const char *uri = uri_of(m, p);
	uint32_t epoch = p->account.epoch;
	struct issue_credential *c;
	struct lwm2m_path at;
	enum rc rc;

	/* where nobody has come it is not known by what */
	if (!id && m->fill != FILL_REAL)
		return RC_OK;
	if (!id)
		return making_impossible(
		    m, "bootstrap_account: rotate: there is no identity");
	if (!uri)
		return making_impossible(m,
		    "bootstrap_account: rotate: neither the policy nor "
		    "server.uri says where the device is to come to");
	if (epoch == 0)
		epoch = making_newest_epoch(id, m->issuer->now_s);
	if (is_up_to_date(m, id, epoch))
		return RC_OK;
	c = making_credential(m, 0);
	if (!c)
		return RC_TOO_LARGE;
	at = open_account(m);
	making_put(m, at, SECURITY_URI, LWM2M_VALUE_STRING(span_str(uri)));
	making_put(m, at, SECURITY_BOOTSTRAP, LWM2M_VALUE_BOOLEAN(true));
	rc = making_proof(m, at, id, endpoint, epoch, c);
	if (rc == RC_CONFIG)
		return making_impossible(m,
		    "bootstrap_account: rotate: nothing is minted by identity "
		    "%s, or not of epoch %u now",
		    id->name, (unsigned)epoch);
	if (rc != RC_OK)
		return rc;
	m->out->credential_count += id->kind != IDENTITY_NOSEC;
	put_timers(m, at, p);
	if (id->kind == IDENTITY_CERTIFICATE)
		making_expected(m, at, &id->server);
	return RC_OK;
}

static enum rc
hand_over(struct making *m, const struct policy *p, struct span endpoint)
{
	const struct lwm2m_path at = open_account(m);
	enum rc rc = making_security(m, at, &p->account.server,
	    rules_server_key(m->issuer->rules, &p->account.server), endpoint);

	if (rc == RC_OK)
		put_timers(m, at, p);
	return rc;
}

enum rc
making_account(struct making *m, const struct policy *p, struct span endpoint)
{
	switch (p->account.change) {
	case ACCOUNT_KEEP:
		break;
	case ACCOUNT_ROTATE:
		return rotate(m, p, endpoint);
	case ACCOUNT_HAND_OVER:
		return hand_over(m, p, endpoint);
	}
	return RC_OK;
}
