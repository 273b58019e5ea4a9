/*
 * The one thing that can do lasting harm: a wrong PIN counts against the
 * token, which locks for good after a few. So the token's own warning is read
 * first, and what it has refused is never sent again.
 */
#include "hsm/hsm_internal.h"

/*
 * No PIN is set, and none is asked for: it is not the token that was meant. NSS,
 * when it is not told its folder, shows an empty one of the same name (from
 * 3.110 on; before, it refuses to start), to which any PIN is a wrong one.
 */
static enum rc
no_pin_there(struct hsm *h, struct hsm_error *err)
{
	hsm_error_text(err, 0,
	    "token %s has no user PIN and asks for none: no PIN is sent to it",
	    h->name);
	if (h->config->init_args)
		hsm_error_remedy(err,
		    "is hsm.init_args right, and the token initialised, with "
		    "a user PIN?");
	else
		hsm_error_remedy(err,
		    "does the module want hsm.init_args to find its token? "
		    "Else set a user PIN with the vendor's tool");
	return RC_CONFIG;
}

enum rc
login_allowed(struct hsm *h, struct hsm_error *err)
{
	const CK_FLAGS wants_pin = CKF_LOGIN_REQUIRED |
	    CKF_USER_PIN_INITIALIZED | CKF_PROTECTED_AUTHENTICATION_PATH;
	CK_TOKEN_INFO info;
	CK_RV rv = h->p11->C_GetTokenInfo(h->slot_id, &info);

	if (rv != CKR_OK) {
		hsm_error_text(err, rv,
		    "C_GetTokenInfo on token %s: %s (0x%lx)", h->name,
		    hsm_ckr_name(rv), rv);
		hsm_error_remedy(err, "%s", hsm_ckr_remedy(rv));
		return RC_TOKEN;
	}
	if (!(info.flags & wants_pin))
		return no_pin_there(h, err);
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

enum rc
login_failed(struct hsm *h, CK_RV rv, struct hsm_error *err)
{
	char place[128];

	if (hsm_ckr_class(rv) != CKR_CLASS_PIN) {
		hsm_error_text(err, rv, "C_Login on token %s: %s (0x%lx)",
		    h->name, hsm_ckr_name(rv), rv);
		hsm_error_remedy(err, "%s", hsm_ckr_remedy(rv));
		return RC_TOKEN;
	}
	h->pin_refused = true;
	if (h->pin.len)
		hsm_pin_remember_refused(h->name, &h->pin);
	hsm_error_text(
	    err, rv, "token %s refuses the PIN: %s", h->name, hsm_ckr_name(rv));
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
