/*
 * Sessions, and the login: PKCS#11 keeps that per application and token, until
 * the last session ends; so one session, the anchor, stays open and does
 * nothing.
 */
#include "hsm/hsm_internal.h"

CK_RV
raw_session_state(struct hsm *h, CK_SESSION_HANDLE session, bool *user)
{
	CK_SESSION_INFO info = {0};
	CK_RV rv = h->p11->C_GetSessionInfo(session, &info);

	*user = rv == CKR_OK &&
	    (info.state == CKS_RW_USER_FUNCTIONS ||
		info.state == CKS_RO_USER_FUNCTIONS);
	return rv;
}

void
session_close(struct hsm_session *s)
{
	struct hsm *h = s->hsm;

	/* A handle of an earlier generation may name someone's new session. */
	if (s->open && h->up && s->generation == h->generation)
		(void)h->p11->C_CloseSession(s->handle);
	s->open = false;
	s->broken = false;
}

/* Under hsm.lock, so that the generation is the session's own. */
static CK_RV
session_open(struct hsm_session *s)
{
	struct hsm *h = s->hsm;
	CK_RV rv = h->p11->C_OpenSession(
	    h->slot_id, h->session_flags, NULL, NULL, &s->handle);

	if (rv != CKR_OK)
		return rv;
	s->generation = h->generation;
	s->open = true;
	s->broken = false;
	return CKR_OK;
}

CK_RV
session_ready(struct hsm_session *s)
{
	struct hsm *h = s->hsm;
	CK_RV rv;

	if (s->open && !s->broken && s->generation == h->generation)
		return CKR_OK;
	pthread_mutex_lock(&h->lock);
	session_close(s);
	rv = session_open(s);
	pthread_mutex_unlock(&h->lock);
	return rv;
}

/* The token may allow fewer sessions than configured; one is not the pool's:
 * the anchor. */
static unsigned
session_limit(struct hsm *h)
{
	CK_ULONG limit = h->config->sessions;
	CK_TOKEN_INFO info;
	CK_ULONG max[2];

	if (h->p11->C_GetTokenInfo(h->slot_id, &info) != CKR_OK)
		return h->config->sessions;
	max[0] = info.ulMaxSessionCount;
	max[1] = h->session_flags & CKF_RW_SESSION ? info.ulMaxRwSessionCount
						   : CK_EFFECTIVELY_INFINITE;
	for (int i = 0; i < 2; i++) {
		if (max[i] == CK_EFFECTIVELY_INFINITE ||
		    max[i] == CK_UNAVAILABLE_INFORMATION)
			continue;
		if (max[i] < limit + 1)
			limit = max[i] > 2 ? max[i] - 1 : 1;
	}
	return (unsigned)limit;
}

/* Some tokens take a PIN that must be changed first, and then refuse all that
 * it is for. */
static bool
pin_expired(struct hsm *h)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	CK_RV rv = h->p11->C_FindObjectsInit(h->anchor, &template, 1);

	if (rv == CKR_OK)
		(void)h->p11->C_FindObjectsFinal(h->anchor);
	return rv == CKR_PIN_EXPIRED;
}

enum rc
raw_attach(struct hsm *h, struct hsm_error *err)
{
	CK_RV rv;
	enum rc rc = RC_OK;

	pthread_mutex_lock(&h->lock);
	h->generation++;
	object_cache_clear(h);
	h->limit = session_limit(h);
	rv = h->p11->C_OpenSession(
	    h->slot_id, h->session_flags, NULL, NULL, &h->anchor);
	if (rv == CKR_OK)
		rc = login_again(h, h->anchor, err);
	if (rv == CKR_OK && rc == RC_OK && pin_expired(h))
		rc = login_failed(h, CKR_PIN_EXPIRED, err);
	if (rv == CKR_OK && rc == RC_OK)
		rv = session_open(&h->sessions[0]);
	pthread_mutex_unlock(&h->lock);
	if (rv != CKR_OK) {
		hsm_error_text(err, rv, "C_OpenSession on token %s: %s (0x%lx)",
		    h->name, hsm_ckr_name(rv), rv);
		hsm_error_remedy(err, "%s", hsm_ckr_remedy(rv));
		return RC_TOKEN;
	}
	return rc;
}

/* All sessions are gone, or nobody is logged in: one thread mends it for all. */
static bool
login_revive(struct hsm *h, struct hsm_error *err)
{
	bool user = false;
	CK_RV rv = raw_session_state(h, h->anchor, &user);

	if (hsm_ckr_class(rv) == CKR_CLASS_SESSION) {
		h->generation++;
		rv = h->p11->C_OpenSession(
		    h->slot_id, h->session_flags, NULL, NULL, &h->anchor);
	}
	if (rv != CKR_OK)
		return false;
	if (user)
		return true;
	/* Private objects have new handles after a login. */
	object_cache_clear(h);
	return login_again(h, h->anchor, err) == RC_OK;
}

/* A module may give a handle out again: does it name another one's session? */
static bool
shares_handle(const struct hsm_session *s)
{
	const struct hsm *h = s->hsm;

	for (unsigned i = 0; i < h->config->sessions; i++) {
		const struct hsm_session *other = &h->sessions[i];

		if (other != s && other->open && other->handle == s->handle)
			return true;
	}
	return h->anchor == s->handle;
}

static bool
revive(struct hsm_session *s, CK_RV failed)
{
	struct hsm *h = s->hsm;
	enum ckr_class class = hsm_ckr_class(failed);
	bool user = false;
	CK_RV rv;

	if (s->generation != h->generation) {
		/* Someone else has mended it for all. */
		session_close(s);
		return session_open(s) == CKR_OK;
	}
	rv = raw_session_state(h, s->handle, &user);
	if (rv != CKR_OK && hsm_ckr_class(rv) != CKR_CLASS_SESSION)
		return false;
	if (!user && !login_revive(h, &s->error))
		return false;
	/* Opened after all others were lost: else nobody would close it. */
	if (rv == CKR_OK && !shares_handle(s))
		s->generation = h->generation;
	if (class == CKR_CLASS_HANDLE)
		object_cache_clear(h);
	if (rv != CKR_OK)
		s->open = false; /* nothing to close */
	if (rv != CKR_OK || class == CKR_CLASS_SESSION ||
	    class == CKR_CLASS_OPERATION) {
		session_close(s);
		return session_open(s) == CKR_OK;
	}
	return !user || class == CKR_CLASS_HANDLE;
}

bool
session_revive(struct hsm_session *s, CK_RV rv)
{
	struct hsm *h = s->hsm;
	enum ckr_class class = hsm_ckr_class(rv);
	bool again;

	/* Of the rest nothing is believed before the session was asked: who
	 * was logged out gets CKR_KEY_SIZE_RANGE of NSS, for one. */
	if (class == CKR_CLASS_PIN)
		return false;
	pthread_mutex_lock(&h->lock);
	again = revive(s, rv);
	pthread_mutex_unlock(&h->lock);
	return again;
}
