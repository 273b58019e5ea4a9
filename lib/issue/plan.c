#include "issue/issue.h"

#include "lwm2m/object.h"

#include <stdio.h>

enum {
	TEMPLATE_MAX = 512, /**< bytes of an expanded identity or URI */
	ENTRIES_MAX = 16, /**< resources that one account writes */
};

static void
put(struct plan_builder *b, struct lwm2m_path at, uint16_t resource,
    struct lwm2m_value value)
{
	struct lwm2m_entry e = {
	    LWM2M_RESOURCE(at.object, at.instance, resource), value};

	plan_put(b, &e);
}

/** A PSK identity from its template. Errors: RC_TOO_LARGE. */
static enum rc
expand(const char *pattern, struct span endpoint, uint8_t *buf, size_t cap,
    struct span *out)
{
	struct writer w;

	writer_init(&w, buf, cap);
	template_expand(&w, pattern, endpoint);
	*out = writer_span(&w);
	/* RFC 4279 5.3: 128 bytes are what every implementation must take */
	return w.full || out->len > 128 ? RC_TOO_LARGE : RC_OK;
}

/** The public name under which a derived key stands in plan and digest. */
static void
key_label(char *out, size_t cap, const struct hsm_derivation *d)
{
	snprintf(out, cap, "psk %s purpose %d ssid %u epoch %u", d->master,
	    (int)d->purpose, d->short_server_id, (unsigned)d->epoch);
}

/**
 * Derive (with an HSM), put the key into the plan and note the credential.
 */
static enum rc
put_derived(struct plan_builder *b, const struct issuer *is,
    const struct hsm_derivation *d, struct lwm2m_path at,
    struct issue_credential *c)
{
	struct secret key = {0};
	char label[PLAN_LABEL_MAX + 1];
	enum rc rc = RC_OK;

	*c = (struct issue_credential){
	    .short_server_id = d->short_server_id,
	    .master = d->master,
	    .epoch = d->epoch,
	};
	if (is->hsm) {
		rc = hsm_derive(is->hsm, d, &key);
		if (rc == RC_OK)
			rc = hsm_fingerprint(&key, c->fingerprint);
	}
	if (rc == RC_OK) {
		key_label(label, sizeof(label), d);
		plan_put_secret(b, at, &key, label);
	}
	secret_fini(&key);
	return rc;
}

static enum rc
put_security(struct plan_builder *b, const struct issuer *is,
    const struct policy *p, const struct policy_server *s, struct span endpoint,
    struct issue_decision *out)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SECURITY, 0);
	uint8_t buf[TEMPLATE_MAX];
	struct span identity = {0};
	enum rc rc = RC_OK;
	bool psk = s->mode == SERVER_PSK;

	if (psk)
		rc = expand(
		    s->psk_identity, endpoint, buf, sizeof(buf), &identity);
	if (rc != RC_OK)
		return rc;
	put(b, at, SECURITY_URI, LWM2M_VALUE_STRING(span_str(s->uri)));
	put(b, at, SECURITY_BOOTSTRAP, LWM2M_VALUE_BOOLEAN(false));
	put(b, at, SECURITY_MODE,
	    LWM2M_VALUE_INTEGER(psk ? MODE_PSK : MODE_NOSEC));
	/* resources without a use are there but empty where the profile wants
	 * them: Leshan's client refuses Finish without (clients.md) */
	if (psk || p->device.empty_keys)
		put(b, at, SECURITY_IDENTITY, LWM2M_VALUE_OPAQUE(identity));
	if (p->device.empty_keys)
		put(b, at, SECURITY_SERVER_KEY,
		    LWM2M_VALUE_OPAQUE(SPAN_LIT("")));
	if (psk) {
		struct hsm_derivation d = {
		    .master = s->key.master,
		    .purpose = HSM_PURPOSE_SERVER,
		    .short_server_id = s->short_server_id,
		    .epoch = s->key.epoch,
		    .endpoint = endpoint,
		};

		if (out->credential_count == ISSUE_CREDENTIALS_MAX)
			return RC_TOO_LARGE;
		rc = put_derived(b, is, &d,
		    LWM2M_RESOURCE(OBJECT_SECURITY, 0, SECURITY_SECRET_KEY),
		    &out->credentials[out->credential_count]);
		if (rc != RC_OK)
			return rc;
		out->credential_count++;
	} else if (p->device.empty_keys) {
		put(b, at, SECURITY_SECRET_KEY,
		    LWM2M_VALUE_OPAQUE(SPAN_LIT("")));
	}
	put(b, at, SECURITY_SSID, LWM2M_VALUE_INTEGER(s->short_server_id));
	return RC_OK;
}

static void
put_server(struct plan_builder *b, const struct policy_server *s)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SERVER, 0);

	put(b, at, SERVER_SSID, LWM2M_VALUE_INTEGER(s->short_server_id));
	put(b, at, SERVER_LIFETIME, LWM2M_VALUE_INTEGER(s->lifetime_s));
	if (s->min_period_s >= 0)
		put(b, at, SERVER_MIN_PERIOD,
		    LWM2M_VALUE_INTEGER(s->min_period_s));
	if (s->max_period_s >= 0)
		put(b, at, SERVER_MAX_PERIOD,
		    LWM2M_VALUE_INTEGER(s->max_period_s));
	if (s->disable_timeout_s >= 0)
		put(b, at, SERVER_DISABLE_TIMEOUT,
		    LWM2M_VALUE_INTEGER(s->disable_timeout_s));
	put(b, at, SERVER_STORING, LWM2M_VALUE_BOOLEAN(s->storing));
	put(b, at, SERVER_BINDING, LWM2M_VALUE_STRING(span_str(s->binding)));
}

/** Discover, Delete, /0 of all, /1 of all, other objects, verify, Finish: the
 *  order that all clients take (bootstrap.md section 7). */
static enum rc
put_steps(struct plan_builder *b, const struct issuer *is,
    const struct policy *p, struct span endpoint, struct issue_decision *out)
{
	enum rc rc;

	if (p->device.discover)
		plan_step(b, PLAN_DISCOVER, 0, 0, 0, LWM2M_ROOT);
	for (size_t i = 0; i < p->clean_count; i++)
		plan_step(b, PLAN_DELETE,
		    p->device.strict_delete ? PLAN_STRICT : 0, 0, 0,
		    p->clean[i]);
	for (size_t i = 0; i < p->server_count; i++) {
		const struct policy_server *s = &p->servers[i];

		plan_step(b, PLAN_WRITE, 0, (unsigned)i + 1, s->short_server_id,
		    LWM2M_INSTANCE(OBJECT_SECURITY, 0));
		rc = put_security(b, is, p, s, endpoint, out);
		if (rc != RC_OK)
			return rc;
	}
	for (size_t i = 0; i < p->server_count; i++) {
		plan_step(b, PLAN_WRITE, 0, (unsigned)i + 1,
		    p->servers[i].short_server_id,
		    LWM2M_INSTANCE(OBJECT_SERVER, 0));
		put_server(b, &p->servers[i]);
	}
	for (size_t i = 0; i < p->object_count; i++) {
		plan_step(b, PLAN_WRITE, 0, 0, 0, p->objects[i].path);
		for (size_t n = 0; n < p->objects[i].entry_count; n++)
			plan_put(b, &p->objects[i].entries[n]);
	}
	if (p->verify == VERIFY_DISCOVER)
		plan_step(b, PLAN_VERIFY, 0, 0, 0, LWM2M_ROOT);
	plan_step(b, PLAN_FINISH, 0, 0, 0, LWM2M_ROOT);
	return RC_OK;
}

enum rc
issue_plan(const struct issuer *i, const struct policy *policy,
    struct span endpoint, struct issue_decision *out)
{
	struct plan_builder b;
	enum rc rc;

	plan_begin(&b,
	    policy->on_failure == FAILURE_CLEAN ? PLAN_CLEAN_ON_FAILURE : 0,
	    policy->device.max_message);
	rc = put_steps(&b, i, policy, endpoint, out);
	out->steps = (unsigned)b.steps;
	if (rc != RC_OK) {
		plan_abandon(&b);
		return rc;
	}
	return plan_end(&b, &out->plan, out->plan_digest);
}

static uint32_t
newest_epoch(const struct identity *id)
{
	uint32_t newest = 0;

	for (size_t i = 0; i < id->epoch_count; i++)
		if (id->epochs[i] > newest)
			newest = id->epochs[i];
	return newest;
}

static bool
has_epoch(const struct identity *id, uint32_t epoch)
{
	for (size_t i = 0; i < id->epoch_count; i++)
		if (id->epochs[i] == epoch)
			return true;
	return false;
}

enum rc
issue_account(const struct issuer *i, const struct identity *id,
    struct span endpoint, const struct issue_account *account,
    struct secret *plan, struct issue_credential *credential, char *detail)
{
	const struct lwm2m_path at =
	    LWM2M_INSTANCE(OBJECT_SECURITY, account->instance);
	struct plan_builder b;
	uint8_t buf[TEMPLATE_MAX];
	struct span identity = {0};
	enum rc rc = RC_OK;
	bool psk = id->kind == IDENTITY_PSK;
	struct hsm_derivation d = {
	    .master = id->master,
	    .purpose = HSM_PURPOSE_BOOTSTRAP,
	    .epoch = account->epoch ? account->epoch : newest_epoch(id),
	    .endpoint = endpoint,
	};

	*credential = (struct issue_credential){0};
	detail[0] = '\0';
	if (endpoint.len == 0 || endpoint.len > POLICY_ENDPOINT_MAX ||
	    !glob_match(id->endpoint, endpoint))
		return RC_DENIED;
	if (psk && !has_epoch(id, d.epoch))
		return RC_CONFIG;
	if (psk)
		rc = expand(
		    id->psk_identity, endpoint, buf, sizeof(buf), &identity);
	if (rc != RC_OK)
		return rc;

	plan_begin(&b, 0, 0);
	plan_step(&b, PLAN_WRITE, 0, 0, 0, at);
	put(&b, at, SECURITY_URI, LWM2M_VALUE_STRING(span_str(account->uri)));
	put(&b, at, SECURITY_BOOTSTRAP, LWM2M_VALUE_BOOLEAN(true));
	put(&b, at, SECURITY_MODE,
	    LWM2M_VALUE_INTEGER(psk ? MODE_PSK : MODE_NOSEC));
	if (psk) {
		put(&b, at, SECURITY_IDENTITY, LWM2M_VALUE_OPAQUE(identity));
		rc = put_derived(&b, i, &d,
		    LWM2M_RESOURCE(OBJECT_SECURITY, account->instance,
			SECURITY_SECRET_KEY),
		    credential);
	}
	if (account->hold_off_s >= 0)
		put(&b, at, SECURITY_HOLD_OFF,
		    LWM2M_VALUE_INTEGER(account->hold_off_s));
	if (rc != RC_OK) {
		plan_abandon(&b);
		return rc;
	}
	return plan_end(&b, plan, NULL);
}
