/*
 * Each key: what the token says of it, what it can do, and that it does not
 * come out.
 */
#include "hsm/checkup.h"

#include <stdlib.h>

enum { KEYS_MAX = 256 /* looked at; more is a mistake of its own */ };

/** What a key of ours must not be usable for, beside its one task. */
static const struct {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
} uses[] = {
    {CKA_ENCRYPT, "ENCRYPT"},
    {CKA_DECRYPT, "DECRYPT"},
    {CKA_WRAP, "WRAP"},
    {CKA_UNWRAP, "UNWRAP"},
    {CKA_DERIVE, "DERIVE"},
};

enum { USES = sizeof(uses) / sizeof(uses[0]) };

struct uses_op {
	const struct checkup_key *k;
	bool set[USES];
	bool private;
	CK_ULONG found;
};

static CK_RV
run_uses(struct hsm_session *s, void *arg, const char **call)
{
	struct uses_op *op = arg;
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_RV rv = object_find_one(s, &op->k->ref, &key, &op->found, call);

	if (rv != CKR_OK || op->found != 1)
		return rv;
	*call = "C_GetAttributeValue";
	rv = object_flag(s, key, CKA_PRIVATE, &op->private);
	for (int i = 0; i < USES && rv == CKR_OK; i++)
		rv = object_flag(s, key, uses[i].type, &op->set[i]);
	return rv;
}

struct flags {
	bool sensitive, extractable, never_extractable, local;
};

static enum rc
say_attributes(struct checkup *d, const char *label, const struct flags *f,
    const struct uses_op *op)
{
	char also[64] = "";
	struct writer w;

	writer_init(&w, also, sizeof(also) - 1);
	for (int i = 0; i < USES; i++) {
		if (!op->set[i])
			continue;
		writer_str(&w, w.len ? ", " : "");
		writer_str(&w, uses[i].name);
	}
	if (!f->sensitive || f->extractable)
		return checkup_say(d, "attributes", label, HSM_FAIL,
		    "make another key in the token under a new label, and "
		    "change over to it",
		    "%s%s%s: it may be outside already",
		    f->sensitive ? "" : "not sensitive",
		    !f->sensitive && f->extractable ? ", " : "",
		    f->extractable ? "extractable" : "");
	if (!f->never_extractable)
		return checkup_say(d, "attributes", label, HSM_WARN,
		    "make another key, if nobody can say where copies of this "
		    "one are",
		    "was extractable once, or came from outside");
	if (!op->private)
		return checkup_say(d, "attributes", label, HSM_WARN,
		    "have it made with CKA_PRIVATE",
		    "not private: it can be used without a PIN");
	if (w.len)
		return checkup_say(d, "attributes", label, HSM_WARN,
		    "one task a key: have it made with CKA_SIGN alone",
		    "may also %s", also);
	if (!f->local)
		return checkup_say(d, "attributes", label, HSM_WARN,
		    "NSS does not keep this; elsewhere find out who has a "
		    "copy",
		    "sensitive, never extractable, signs only; but the token "
		    "does not say that it was made there");
	return checkup_say(d, "attributes", label, HSM_OK, NULL,
	    "sensitive, never extractable, made in the token, signs only");
}

/** Attributes and escapes of one; false in `*one` where it is not one. */
static enum rc
examine(struct checkup *d, const struct checkup_key *k, const struct flags *f,
    bool *one)
{
	struct uses_op op = {.k = k};
	enum rc rc = checkup_run(d, "attributes", k->label, run_uses, &op);

	*one = false;
	if (rc == RC_UNSUPPORTED)
		return RC_OK;
	if (rc)
		return rc;
	if (op.found != 1)
		return checkup_say(d, "attributes", k->label, HSM_FAIL,
		    "rename or delete all but the right one with the vendor's "
		    "tool",
		    "%s of this label and id: none of them is ever used",
		    op.found ? "two keys or more" : "no longer a key");
	*one = true;
	rc = say_attributes(d, k->label, f, &op);
	return rc ? rc : checkup_escape(d, k);
}

struct masters {
	struct hsm_master list[KEYS_MAX];
	size_t count;
};

static enum rc
collect_master(void *ctx, const struct hsm_master *m)
{
	struct masters *all = ctx;

	if (all->count < KEYS_MAX)
		all->list[all->count++] = *m;
	return RC_OK;
}

static bool
can_hmac(const struct hsm_master *m)
{
	static const uint8_t none[HSM_KCV_LEN];

	return memcmp(m->kcv, none, sizeof(none)) != 0;
}

static enum rc
master(struct checkup *d, const struct hsm_master *m)
{
	const struct flags f = {
	    .sensitive = m->sensitive,
	    .extractable = m->extractable,
	    .never_extractable = m->never_extractable,
	    .local = m->local,
	};
	const struct checkup_key k = {
	    /* by the label alone: so it is found by everyone else */
	    .ref = {.class = CKO_SECRET_KEY, .label = m->label},
	    .label = m->label,
	};
	bool one;
	enum rc rc = examine(d, &k, &f, &one);

	if (!rc && one && !d->master[0])
		memcpy(d->master, m->label, sizeof(d->master));
	return rc;
}

static enum rc
masters(struct checkup *d, struct masters *all)
{
	enum rc rc = hsm_master_list(d->s, collect_master, all);
	unsigned looked_at = 0;

	if (rc == RC_UNSUPPORTED)
		return checkup_say(d, "keys", "", HSM_FAIL,
		    hsm_session_error(d->s)->remedy, "%s",
		    hsm_session_error(d->s)->text);
	for (size_t i = 0; i < all->count && !rc; i++) {
		if (!can_hmac(&all->list[i]))
			continue;
		rc = master(d, &all->list[i]);
		looked_at++;
	}
	if (rc)
		return rc;
	if (looked_at == 0)
		return checkup_say(d, "keys", "", HSM_WARN,
		    "make one: provisioning-tool hsm keys make LABEL",
		    "no master key in the token");
	if (all->count == KEYS_MAX)
		return checkup_say(d, "keys", "", HSM_WARN,
		    "keep keys of others in another token: each search takes "
		    "longer with each of them",
		    "more than %d secret keys: the rest was not looked at",
		    KEYS_MAX);
	return RC_OK;
}

struct signers {
	struct hsm_ec_key list[KEYS_MAX];
	size_t count;
};

static enum rc
collect_signer(void *ctx, const struct hsm_ec_key *key)
{
	struct signers *all = ctx;

	if (all->count < KEYS_MAX)
		all->list[all->count++] = *key;
	return RC_OK;
}

static enum rc
say_signature(struct checkup *d, const struct hsm_ec_key *key)
{
	enum rc rc;

	if (!key->p256)
		return checkup_say(d, "sign", key->ref.label, HSM_WARN,
		    "keys for bootstrapd are on P-256, with their public half "
		    "in the token",
		    "not tried: not on P-256, or no public key beside it");
	rc = hsm_ec_self_test(
	    d->s, &key->ref, span_of(key->spki, sizeof(key->spki)));
	if (rc == RC_TOKEN || rc == RC_MEMORY)
		return rc;
	if (rc) {
		struct hsm_error err = *hsm_session_error(d->s);

		return checkup_say(d, "sign", key->ref.label, HSM_FAIL,
		    err.remedy, "%s", err.text);
	}
	if (!d->signer.label[0])
		d->signer = key->ref;
	return checkup_say(d, "sign", key->ref.label, HSM_OK, NULL,
	    "signed a nonce; its public key verifies it");
}

static enum rc
signer(struct checkup *d, const struct hsm_ec_key *key)
{
	const struct flags f = {
	    .sensitive = key->sensitive,
	    .extractable = key->extractable,
	    .never_extractable = key->never_extractable,
	    .local = key->local,
	};
	const struct checkup_key k = {
	    .ref = {.class = CKO_PRIVATE_KEY,
		.label = key->ref.label,
		.id = span_of(key->ref.id, key->ref.id_len)},
	    .label = key->ref.label,
	};
	bool one;
	enum rc rc = examine(d, &k, &f, &one);

	return rc || !one ? rc : say_signature(d, key);
}

static enum rc
signers(struct checkup *d, struct signers *all)
{
	enum rc rc = hsm_ec_list(d->s, collect_signer, all);

	/* No EC in this token: its mechanisms have said so. */
	if (rc == RC_UNSUPPORTED)
		return RC_OK;
	for (size_t i = 0; i < all->count && !rc; i++)
		rc = signer(d, &all->list[i]);
	return rc;
}

enum rc
checkup_keys(struct checkup *d)
{
	struct masters *m = calloc(1, sizeof(*m));
	struct signers *e = calloc(1, sizeof(*e));
	enum rc rc = RC_MEMORY;

	if (m && e)
		rc = masters(d, m);
	if (!rc)
		rc = signers(d, e);
	free(m);
	free(e);
	return rc;
}
