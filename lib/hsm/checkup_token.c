/* What the token says of itself: its flags, its sessions, its mechanisms. */
#include "hsm/checkup.h"

#ifndef CKF_ERROR_STATE /* of PKCS#11 2.30 */
#define CKF_ERROR_STATE 0x01000000UL
#endif

static CK_RV
run_info(struct hsm_session *s, void *arg, const char **call)
{
	*call = "C_GetTokenInfo";
	return s->hsm->p11->C_GetTokenInfo(s->hsm->slot_id, arg);
}

static enum rc
say_token(struct checkup *d, const CK_TOKEN_INFO *info)
{
	enum hsm_verdict verdict = HSM_OK;
	const char *remedy = NULL, *also = "";

	if (info->flags & CKF_ERROR_STATE) {
		verdict = HSM_FAIL;
		also = "; it says that its self-test has failed";
		remedy = "see the vendor's manual: it must not be used like "
			 "this";
	} else if (!(d->s->hsm->session_flags & CKF_RW_SESSION)) {
		also = "; write-protected";
	}
	return checkup_say(d, "token", "", verdict, remedy,
	    "%s, firmware %u.%u%s", d->s->hsm->name,
	    info->firmwareVersion.major, info->firmwareVersion.minor, also);
}

static enum rc
say_pin(struct checkup *d, CK_FLAGS flags)
{
	if (!(flags & CKF_LOGIN_REQUIRED))
		return checkup_say(d, "pin", "", HSM_WARN,
		    "set a user PIN with the vendor's tool",
		    "the token wants no login: whoever loads the module uses "
		    "its keys");
	if (flags & CKF_USER_PIN_TO_BE_CHANGED)
		return checkup_say(d, "pin", "", HSM_FAIL,
		    "set another user PIN with the vendor's tool",
		    "the user PIN is one that must be changed before use");
	if (flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY))
		return checkup_say(d, "pin", "", HSM_WARN,
		    "find out who logs in with a wrong one; the token locks "
		    "after a few",
		    "a wrong user PIN was tried since the last login");
	if (flags &
	    (CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED))
		return checkup_say(d, "pin", "", HSM_WARN,
		    "find out who tried it, before a user PIN needs to be set "
		    "again",
		    "a wrong security officer's PIN was tried%s",
		    flags & CKF_SO_PIN_LOCKED ? ": it is locked" : "");
	if (flags & CKF_SO_PIN_TO_BE_CHANGED)
		return checkup_say(d, "pin", "", HSM_WARN,
		    "change it with the vendor's tool: everyone knows the "
		    "vendor's",
		    "the security officer's PIN is the vendor's");
	return checkup_say(d, "pin", "", HSM_OK, NULL,
	    flags & CKF_PROTECTED_AUTHENTICATION_PATH
		? "accepted, no wrong try counted; it can also be given at the "
		  "token"
		: "accepted, no wrong try counted");
}

/* The one that is not the pool's: the anchor. */
enum { SESSIONS_BESIDE = 1 };

static enum rc
say_sessions(struct checkup *d, const CK_TOKEN_INFO *info, unsigned wanted)
{
	CK_ULONG max = info->ulMaxSessionCount;

	if (d->s->hsm->session_flags & CKF_RW_SESSION &&
	    info->ulMaxRwSessionCount != CK_EFFECTIVELY_INFINITE &&
	    info->ulMaxRwSessionCount != CK_UNAVAILABLE_INFORMATION &&
	    (max == CK_EFFECTIVELY_INFINITE || info->ulMaxRwSessionCount < max))
		max = info->ulMaxRwSessionCount;
	/* opencryptoki says it with the largest number but one. */
	if (max == CK_EFFECTIVELY_INFINITE || max > UINT32_MAX)
		return checkup_say(d, "sessions", "", HSM_OK, NULL,
		    "no limit stated; %u wanted, and %d beside them", wanted,
		    SESSIONS_BESIDE);
	if (max < wanted + SESSIONS_BESIDE)
		return checkup_say(d, "sessions", "", HSM_WARN,
		    "lower hsm.sessions, or have the token allow more",
		    "at most %lu; %u wanted, and %d beside them: the pool will "
		    "be smaller",
		    max, wanted, SESSIONS_BESIDE);
	return checkup_say(d, "sessions", "", HSM_OK, NULL,
	    "at most %lu; %u wanted, and %d beside them", max, wanted,
	    SESSIONS_BESIDE);
}

enum rc
checkup_token(struct checkup *d, unsigned sessions)
{
	CK_TOKEN_INFO info;
	enum rc rc = checkup_run(d, "token", "", run_info, &info);

	if (rc)
		return rc == RC_UNSUPPORTED ? RC_OK : rc;
	rc = say_token(d, &info);
	if (!rc)
		rc = say_pin(d, info.flags);
	if (!rc)
		rc = say_sessions(d, &info, sessions);
	return rc;
}

static const struct mechanism {
	CK_MECHANISM_TYPE type;
	const char *name;
	CK_FLAGS needs;
	enum hsm_verdict without;
	const char *remedy;
} mechanisms[] = {
    {CKM_SHA256_HMAC, "CKM_SHA256_HMAC", CKF_SIGN, HSM_FAIL,
	"no key can be derived here: allow it in the token's policy, or use "
	"another token for masters"},
    {CKM_GENERIC_SECRET_KEY_GEN, "CKM_GENERIC_SECRET_KEY_GEN", CKF_GENERATE,
	HSM_WARN,
	"make masters with the vendor's tool (TPM: tpm2_ptool addkey "
	"--algorithm=hmac:sha256)"},
    {CKM_ECDSA, "CKM_ECDSA", CKF_SIGN, HSM_WARN,
	"keep the keys of CA and server in another token; masters are not "
	"concerned"},
    {CKM_EC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN", CKF_GENERATE_KEY_PAIR,
	HSM_WARN,
	"make the keys of CA and server with the vendor's tool, or keep them "
	"in another token"},
};

struct mechanism_op {
	const struct mechanism *m;
	CK_RV rv;
	CK_MECHANISM_INFO info;
};

static CK_RV
run_mechanism(struct hsm_session *s, void *arg, const char **call)
{
	struct mechanism_op *op = arg;

	*call = "C_GetMechanismInfo";
	op->rv = s->hsm->p11->C_GetMechanismInfo(
	    s->hsm->slot_id, op->m->type, &op->info);
	return op->rv == CKR_MECHANISM_INVALID ? CKR_OK : op->rv;
}

enum rc
checkup_mechanisms(struct checkup *d)
{
	const size_t n = sizeof(mechanisms) / sizeof(mechanisms[0]);
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && !rc; i++) {
		struct mechanism_op op = {.m = &mechanisms[i]};
		const char *name = op.m->name;

		rc = checkup_run(d, "mechanism", name, run_mechanism, &op);
		if (rc == RC_UNSUPPORTED) {
			rc = RC_OK;
			continue;
		}
		if (rc)
			return rc;
		if (op.rv != CKR_OK || !(op.info.flags & op.m->needs))
			rc = checkup_say(d, "mechanism", name, op.m->without,
			    op.m->remedy, "not offered");
		else
			rc = checkup_say(d, "mechanism", name, HSM_OK, NULL,
			    op.info.flags & CKF_HW ? "offered, in hardware"
						   : "offered");
	}
	return rc;
}
