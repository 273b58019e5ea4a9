/*
 * The one thing that can do lasting harm: a wrong PIN counts against the
 * token, which locks for good after a few. So the token's own warning is read
 * first, and what it has refused is never sent again.
 */
#include "hsm/hsm_internal.h"

enum rc
login_allowed(struct hsm *h, struct hsm_error *err)
{
	CK_TOKEN_INFO info;
	CK_RV rv = h->p11->C_GetTokenInfo(h->slot_id, &info);

	if (rv != CKR_OK) {
		hsm_error_text(err, rv,
		    "C_GetTokenInfo on token %s: %s (0x%lx)", h->name,
		    hsm_ckr_name(rv), rv);
		hsm_error_remedy(err, "%s", hsm_ckr_remedy(rv));
		return RC_TOKEN;
	}
	if (info.flags & CKF_USER_PIN_LOCKED) {
		hsm_error_text(err, CKR_PIN_LOCKED,
		    "token %s: the user PIN is locked", h->name);
		hsm_error_remedy(err,
		    "the security officer must set it again, with the vendor's "
		    "tool");
	} else if (info.flags & CKF_USER_PIN_FINAL_TRY) {
		hsm_error_text(err, 0,
		    "token %s: one more wrong PIN would lock it; not tried",
		    h->name);
		hsm_error_remedy(err,
		    "log in once by hand with the right PIN (pkcs11-tool "
		    "--login), which clears the count, then start again");
	} else {
		return RC_OK;
	}
	h->pin_refused = true;
	return RC_PIN;
}

/* libp11 does not always say why. Where a session opens, it was the PIN. */
static bool
token_answers(struct hsm *h)
{
	CK_SESSION_HANDLE session;

	if (h->p11->C_OpenSession(
		h->slot_id, h->session_flags, NULL, NULL, &session) != CKR_OK)
		return false;
	(void)h->p11->C_CloseSession(session);
	return true;
}

enum rc
login_failed(struct hsm *h, CK_RV rv, struct hsm_error *err)
{
	char place[128];
	bool refused = rv == CKR_OK ? token_answers(h)
				    : hsm_ckr_class(rv) == CKR_CLASS_PIN;

	if (!refused) {
		hsm_error_text(err, rv, "C_Login on token %s: %s (0x%lx)",
		    h->name, hsm_ckr_name(rv), rv);
		hsm_error_remedy(err, "%s", hsm_ckr_remedy(rv));
		return RC_TOKEN;
	}
	h->pin_refused = true;
	if (h->pin.len)
		hsm_pin_remember_refused(h->name, &h->pin);
	hsm_error_text(err, rv, "token %s refuses the PIN: %s", h->name,
	    rv == CKR_OK ? "no reason given" : hsm_ckr_name(rv));
	if (rv == CKR_USER_PIN_NOT_INITIALIZED)
		hsm_error_remedy(
		    err, "the security officer must set a user PIN first");
	else if (rv == CKR_PIN_EXPIRED)
		hsm_error_remedy(err,
		    "the PIN must be changed first, with the vendor's tool");
	else
		hsm_error_remedy(err,
		    "correct the PIN (%s) and start again; it is not tried "
		    "twice, because the token locks after a few wrong ones",
		    hsm_pin_place(h->config, place, sizeof(place)));
	return RC_PIN;
}

enum rc
login_again(struct hsm *h, CK_SESSION_HANDLE session, struct hsm_error *err)
{
	bool user = false;
	CK_RV rv = raw_session_state(h, session, &user);
	enum rc rc;

	if (rv == CKR_OK && user)
		return RC_OK;
	if (h->pin_refused ||
	    (h->pin.len && hsm_pin_was_refused(h->name, &h->pin))) {
		hsm_error_text(err, CKR_PIN_INCORRECT,
		    "token %s has refused the PIN before", h->name);
		hsm_error_remedy(err, "correct the PIN and start again");
		return RC_PIN;
	}
	rc = login_allowed(h, err);
	if (rc)
		return rc;
	rv = h->p11->C_Login(
	    session, CKU_USER, h->pin.len ? h->pin.bytes : NULL, h->pin.len);
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return RC_OK;
	return login_failed(h, rv, err);
}
