/* The Bootstrap-Server Account of a factory image. */
#include "issue/making.h"

#include "issue/mint.h"
#include "issue/rules_internal.h"

uint32_t
making_newest_epoch(const struct identity *id, int64_t now_s)
{
	uint32_t newest = 0;

	for (size_t i = 0; i < id->epoch_count; i++)
		if (identity_accepts(id, i, now_s) && id->epochs[i] > newest)
			newest = id->epochs[i];
	return newest;
}

uint32_t
issue_newest_epoch(const struct identity *id, int64_t now_s)
{
	return making_newest_epoch(id, now_s);
}

static bool
accepts(const struct identity *id, uint32_t epoch, int64_t now_s)
{
	for (size_t i = 0; i < id->epoch_count; i++)
		if (id->epochs[i] == epoch)
			return identity_accepts(id, i, now_s);
	return false;
}

static enum rc
put_psk(struct making *m, struct lwm2m_path at, const struct identity *id,
    struct span endpoint, uint32_t epoch, struct issue_credential *c)
{
	const int64_t now_s = m->issuer->now_s;
	const struct hsm_derivation d = {
	    .master = id->master,
	    .purpose = HSM_PURPOSE_BOOTSTRAP,
	    .epoch = epoch ? epoch : making_newest_epoch(id, now_s),
	    .endpoint = endpoint,
	};
	uint8_t buf[MAKING_TEMPLATE_MAX];
	struct span identity;
	enum rc rc;

	if (!accepts(id, d.epoch, now_s))
		return RC_CONFIG;
	rc = making_identity(
	    id->psk_identity, endpoint, buf, sizeof(buf), &identity);
	if (rc)
		return rc;
	making_put(m, at, SECURITY_IDENTITY, LWM2M_VALUE_OPAQUE(identity));
	making_empty(m, at, SECURITY_SERVER_KEY);
	return making_derived(m, at, SECURITY_SECRET_KEY, &d, c);
}

enum rc
making_proof(struct making *m, struct lwm2m_path at, const struct identity *id,
    struct span endpoint, uint32_t epoch, struct issue_credential *c)
{
	enum security_mode mode = MODE_NOSEC;

	if (id->kind == IDENTITY_PSK)
		mode = MODE_PSK;
	else if (id->kind == IDENTITY_CERTIFICATE)
		mode = MODE_CERTIFICATE;
	making_put(m, at, SECURITY_MODE, LWM2M_VALUE_INTEGER(mode));
	switch (id->kind) {
	case IDENTITY_PSK:
		return put_psk(m, at, id, endpoint, epoch, c);
	case IDENTITY_CERTIFICATE:
		return making_certificate(m, at, &id->issue,
		    rules_identity_key(m->issuer->rules, id), c);
	case IDENTITY_NOSEC:
		making_empty(m, at, SECURITY_IDENTITY);
		making_empty(m, at, SECURITY_SERVER_KEY);
		making_empty(m, at, SECURITY_SECRET_KEY);
		return RC_OK;
	case IDENTITY_IMPORTED:
	case IDENTITY_RPK:
		break;
	}
	return RC_CONFIG;
}

static enum rc
put_account(struct making *m, const struct identity *id, struct span endpoint,
    const struct issue_account *account, struct issue_credential *c)
{
	const struct lwm2m_path at =
	    LWM2M_INSTANCE(OBJECT_SECURITY, account->instance);
	enum rc rc;

	plan_begin(
	    &m->plan, &(struct plan_head){.version = 11, .own = LWM2M_ID_NONE});
	plan_step(&m->plan, PLAN_WRITE, 0, 0, at);
	making_put(
	    m, at, SECURITY_URI, LWM2M_VALUE_STRING(span_str(account->uri)));
	making_put(m, at, SECURITY_BOOTSTRAP, LWM2M_VALUE_BOOLEAN(true));
	rc = making_proof(m, at, id, endpoint, account->epoch, c);
	if (account->hold_off_s >= 0)
		making_put(m, at, SECURITY_HOLD_OFF,
		    LWM2M_VALUE_INTEGER(account->hold_off_s));
	if (id->kind == IDENTITY_CERTIFICATE)
		making_expected(m, at, &id->server);
	return rc;
}

enum rc
issue_account(const struct issuer *i, const struct identity *id,
    struct span endpoint, const struct issue_account *account,
    struct secret *plan, struct issue_credential *credential, char *detail)
{
	struct issue_decision scratch = {0};
	struct making m = {
	    .issuer = i,
	    .fill = i->hsm ? FILL_REAL : FILL_LABEL,
	    .out = &scratch,
	};
	enum rc rc;

	*credential = (struct issue_credential){0};
	making_values(&m, endpoint, NULL);
	detail[0] = '\0';
	if (!identity_fits(id, endpoint))
		return RC_DENIED;
	rc = put_account(&m, id, endpoint, account, credential);
	memcpy(detail, scratch.detail, sizeof(scratch.detail));
	if (rc != RC_OK) {
		plan_abandon(&m.plan);
		return rc;
	}
	return plan_end(&m.plan, plan, NULL);
}
