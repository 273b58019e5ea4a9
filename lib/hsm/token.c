/*
 * libp11's part: the module is initialised, and the token found by its names.
 * It opens no session, and so does not log in: up to 0.4.13 it waits for ever
 * where C_OpenSession fails, however soon before another one was opened. Nor
 * does it see the PIN, of which it would keep a copy in memory that is not
 * locked.
 */
#include "hsm/hsm_internal.h"

#include <libp11.h>
#include <stdio.h>
#include <time.h>

enum {
	WAIT_FIRST_MS = 50,
	WAIT_MAX_MS = 500,
	/* Processes that start together see each other's half-written token
	 * files (SoftHSM), and network modules need a moment for their list. */
	WAIT_BROKEN_MS = 5000,
	WAIT_ABSENT_MS = 2000,
	SLOTS_MAX = 256,
};

/* The CKR in OpenSSL's queue; 0 when libp11 has left none. */
static CK_RV
libp11_ckr(void)
{
	CK_RV rv = CKR_OK;
	unsigned long e;

	while ((e = ERR_get_error()) != 0)
		if (ERR_GET_LIB(e) == ERR_get_CKR_code())
			rv = (CK_RV)ERR_GET_REASON(e);
	return rv;
}

static enum rc
module_failed(struct hsm *h, CK_RV rv, const char *call, struct hsm_error *err)
{
	hsm_error_text(err, rv, "module %s: %s: %s", h->config->module, call,
	    rv == CKR_OK ? "failed without a reason" : hsm_ckr_name(rv));
	hsm_error_remedy(err, "%s", hsm_ckr_remedy(rv));
	return rv == CKR_ARGUMENTS_BAD ? RC_CONFIG : RC_TOKEN;
}

static enum rc
initialize(struct hsm *h, struct hsm_error *err)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	char *init_args = NULL;
	CK_RV rv;

	ERR_clear_error();
	h->ctx = PKCS11_CTX_new();
	if (!h->ctx)
		return RC_MEMORY;
	if (h->config->init_args)
		PKCS11_CTX_init_args(h->ctx, h->config->init_args);
	if (PKCS11_CTX_load(h->ctx, h->config->module))
		return module_failed(h, libp11_ckr(), "C_Initialize", err);
	h->initialized = true;

	/* The raw layer's own: nothing to do when both see one module, as
	 * they should; a second copy of it would be ready too. */
	if (h->config->init_args)
		memcpy(&init_args, &h->config->init_args, sizeof(init_args));
	args.pReserved = init_args;
	rv = h->p11->C_Initialize(&args);
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return module_failed(h, rv, "C_Initialize", err);
	return RC_OK;
}

static bool
text_matches(const char *wanted, const char *seen)
{
	return wanted[0] == '\0' || (seen && strcmp(wanted, seen) == 0);
}

static bool
token_matches(const struct hsm_uri *u, const PKCS11_TOKEN *t)
{
	return text_matches(u->token, t->label) &&
	    text_matches(u->serial, t->serialnr) &&
	    text_matches(u->manufacturer, t->manufacturer) &&
	    text_matches(u->model, t->model);
}

/* Names come from the token: no control character reaches a terminal. */
static void
append_name(struct writer *w, const PKCS11_TOKEN *t)
{
	char buf[192];
	int n = snprintf(buf, sizeof(buf), "%s (serial %s, %s)",
	    t->label ? t->label : "", t->serialnr ? t->serialnr : "",
	    t->model ? t->model : "");

	for (int i = 0; i < n && i < (int)sizeof(buf) - 1; i++)
		if ((unsigned char)buf[i] < 0x20 || buf[i] == 0x7f)
			buf[i] = '?';
	writer_str(w, buf);
}

/* What an operator needs to correct the name: all that is there. */
static void
list_tokens(struct hsm *h, struct writer *w)
{
	size_t whole = w->len;
	bool any = false;

	for (unsigned i = 0; i < h->slot_count; i++) {
		const PKCS11_TOKEN *t = h->slots[i].token;

		if (!t || !t->initialized)
			continue;
		writer_str(w, any ? ", " : "");
		append_name(w, t);
		any = true;
		if (!w->full)
			whole = w->len;
	}
	if (!any)
		writer_str(w, "no initialised token");
	else if (w->full)
		w->len = whole;
}

/*
 * Asked before libp11 asks: it gives up on all slots for one that fails, leaks
 * what it has read so far, and does not always say why.
 */
static CK_RV
slots_answer(struct hsm *h, const char **call)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_RV rv;

	*call = "C_GetSlotList";
	rv = h->p11->C_GetSlotList(CK_TRUE, slots, &n);
	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++) {
		CK_SLOT_INFO slot;
		CK_TOKEN_INFO token;

		*call = "C_GetSlotInfo";
		rv = h->p11->C_GetSlotInfo(slots[i], &slot);
		if (rv != CKR_OK)
			break;
		*call = "C_GetTokenInfo";
		rv = h->p11->C_GetTokenInfo(slots[i], &token);
		if (rv == CKR_TOKEN_NOT_PRESENT ||
		    rv == CKR_TOKEN_NOT_RECOGNIZED)
			rv = CKR_OK;
	}
	/* More slots than that: libp11 will find out. */
	return rv == CKR_BUFFER_TOO_SMALL ? CKR_OK : rv;
}

static enum rc
find(struct hsm *h, struct hsm_error *err)
{
	const char *call;
	CK_RV rv;
	char seen[200];
	struct writer w;
	unsigned matches = 0;

	rv = slots_answer(h, &call);
	if (rv != CKR_OK)
		return module_failed(h, rv, call, err);
	ERR_clear_error();
	if (PKCS11_enumerate_slots(h->ctx, &h->slots, &h->slot_count))
		return module_failed(h, libp11_ckr(), "C_GetSlotList", err);
	for (unsigned i = 0; i < h->slot_count; i++) {
		const PKCS11_TOKEN *t = h->slots[i].token;

		if (!t || !t->initialized || !token_matches(&h->uri, t))
			continue;
		h->slot = &h->slots[i];
		matches++;
	}
	if (matches == 1)
		return RC_OK;
	h->slot = NULL;
	writer_init(&w, seen, sizeof(seen) - 1);
	list_tokens(h, &w);
	seen[w.len] = '\0';
	if (matches) {
		hsm_error_text(err, 0, "%u tokens match %s; there: %s", matches,
		    h->config->token, seen);
		hsm_error_remedy(err, "add ;serial=... to hsm.token");
		return RC_CONFLICT;
	}
	hsm_error_text(
	    err, 0, "no token %s; there: %s", h->config->token, seen);
	hsm_error_remedy(err,
	    "correct hsm.token, or connect the token; check that this user "
	    "may read the module's configuration (%s)",
	    h->config->module);
	return RC_NOT_FOUND;
}

/* Later epochs want this very token: its keys were checked, not its twin's. */
static void
narrow(struct hsm *h)
{
	const PKCS11_TOKEN *t = h->slot->token;
	struct writer w;

	h->slot_id = PKCS11_get_slotid_from_slot(h->slot);
	if (h->name[0])
		return;
	snprintf(h->uri.token, sizeof(h->uri.token), "%s", t->label);
	snprintf(h->uri.serial, sizeof(h->uri.serial), "%s", t->serialnr);
	writer_init(&w, h->name, sizeof(h->name) - 1);
	append_name(&w, t);
	h->name[w.len] = '\0';
}

static enum rc
discover(struct hsm *h, struct hsm_error *err)
{
	unsigned waited = 0, wait = WAIT_FIRST_MS;

	for (;;) {
		enum rc rc = initialize(h, err);
		unsigned patience;

		if (!rc)
			rc = find(h, err);
		if (!rc) {
			narrow(h);
			rc = login_allowed(h, err);
		}
		if (rc == RC_TOKEN)
			patience = WAIT_BROKEN_MS;
		else if (rc == RC_NOT_FOUND)
			patience = WAIT_ABSENT_MS;
		else
			return rc;
		if (waited >= patience)
			return rc;
		/* A list once read is kept by the module until C_Finalize. */
		token_detach(h);
		nanosleep(&(struct timespec){.tv_nsec = wait * 1000000L}, NULL);
		waited += wait;
		wait = wait * 2 < WAIT_MAX_MS ? wait * 2 : WAIT_MAX_MS;
	}
}

/* Does a session open, and may it write? */
static CK_RV
try_session(struct hsm *h)
{
	CK_SESSION_HANDLE session;
	CK_RV rv;

	h->session_flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
	rv = h->p11->C_OpenSession(
	    h->slot_id, h->session_flags, NULL, NULL, &session);
	if (rv == CKR_TOKEN_WRITE_PROTECTED) {
		h->session_flags = CKF_SERIAL_SESSION;
		rv = h->p11->C_OpenSession(
		    h->slot_id, h->session_flags, NULL, NULL, &session);
	}
	if (rv == CKR_OK)
		rv = h->p11->C_CloseSession(session);
	return rv;
}

/* Nothing is sent to the token here. */
static enum rc
check_pin(struct hsm *h, struct hsm_error *err)
{
	if (!h->pin.len && !h->slot->token->secureLogin) {
		hsm_error_text(err, 0, "token %s needs a PIN", h->name);
		hsm_error_remedy(err, "say in hsm.pin where it is");
		return RC_CONFIG;
	}
	if (h->pin.len && hsm_pin_was_refused(h->name, &h->pin))
		return login_failed(h, CKR_PIN_INCORRECT, err);
	return RC_OK;
}

enum rc
token_attach(struct hsm *h, struct hsm_error *err)
{
	enum rc rc = discover(h, err);
	CK_RV rv;

	if (rc)
		return rc;
	rv = try_session(h);
	if (rv != CKR_OK) {
		hsm_error_text(err, rv, "C_OpenSession on token %s: %s (0x%lx)",
		    h->name, hsm_ckr_name(rv), rv);
		hsm_error_remedy(err, "%s", hsm_ckr_remedy(rv));
		return RC_TOKEN;
	}
	return check_pin(h, err);
}

void
token_detach(struct hsm *h)
{
	if (!h->ctx)
		return;
	if (h->slots)
		PKCS11_release_all_slots(h->ctx, h->slots, h->slot_count);
	h->slots = NULL;
	h->slot_count = 0;
	h->slot = NULL;
	if (h->initialized)
		PKCS11_CTX_unload(h->ctx);
	h->initialized = false;
	PKCS11_CTX_free(h->ctx);
	h->ctx = NULL;
	ERR_clear_error();
}
