/* The keys of a ceremony: looked at, made, read back, tried. */
#include "ceremony_run.h"

#include "hsm/device_key.h"
#include "record.h"

#include <stdio.h>

static bool
is_master(const struct ceremony_step *s)
{
	return s->kind == CEREMONY_MASTER || s->kind == CEREMONY_SEAL;
}

/** What the token says of a key of either kind. */
struct attributes {
	bool sensitive, extractable, never_extractable, local, sign, token;
	bool other_use;
};

static struct attributes
of_master(const struct hsm_master *m)
{
	return (struct attributes){m->sensitive, m->extractable,
	    m->never_extractable, m->local, m->sign, m->token, false};
}

static struct attributes
of_ec(const struct hsm_ec_key *k)
{
	return (struct attributes){k->sensitive, k->extractable,
	    k->never_extractable, k->local, k->sign, k->token, k->other_use};
}

/** What no key of a ceremony may be. */
static const char *
unfit(const struct attributes *a)
{
	if (!a->sensitive)
		return "it is not SENSITIVE";
	if (a->extractable)
		return "it is EXTRACTABLE";
	if (!a->local)
		return "it is not LOCAL: it was not made in the token";
	if (!a->sign)
		return "it cannot sign";
	if (!a->token)
		return "it is a session object and will be gone";
	return NULL;
}

static int
judge(struct run *r, const struct ceremony_step *s, const struct attributes *a)
{
	const char *why = unfit(a);
	struct quoted at, label;

	if (!why)
		return EX_OK;
	transcript_line(&r->log, "  refused: %s", why);
	return tool_error(EX_NOPERM,
	    "choose another label, and take that key away by the token's own "
	    "means",
	    "%s: key %s: %s", run_place(r, s, &at),
	    quote_str(&label, s->key.ref.label), why);
}

static int
missing(const struct run *r, const struct ceremony_step *s)
{
	struct quoted at, label, token;

	return tool_error(EX_UNAVAILABLE,
	    "write `on_missing: generate` for it to be made",
	    "%s: no key %s in token %s", run_place(r, s, &at),
	    quote_str(&label, s->key.ref.label),
	    quote_str(&token, hsm_token_name(r->token.hsm)));
}

static int
look_master(struct run *r, const struct ceremony_step *s)
{
	struct hsm_master m;
	struct attributes a;
	enum rc rc =
	    hsm_master_describe(r->token.session, s->key.ref.label, &m);

	if (rc == RC_NOT_FOUND)
		return s->generate ? EX_OK : missing(r, s);
	if (rc != RC_OK)
		return run_token_fault(r, rc);
	run_step(r, s)->key_there = true;
	memcpy(run_step(r, s)->kcv, m.kcv, sizeof(m.kcv));
	a = of_master(&m);
	return judge(r, s, &a);
}

static enum rc
label_is(void *ctx, const struct hsm_ec_key *k)
{
	return strcmp(ctx, k->ref.label) == 0 ? RC_CONFLICT : RC_OK;
}

/** Nothing of that label and id: is the label free? */
static int
look_label(struct run *r, const struct ceremony_step *s)
{
	char label[HSM_LABEL_MAX + 1];
	struct quoted at, q;
	enum rc rc;

	memcpy(label, s->key.ref.label, sizeof(label));
	rc = hsm_ec_list(r->token.session, label_is, label);
	if (rc == RC_OK)
		return s->generate ? EX_OK : missing(r, s);
	if (rc != RC_CONFLICT)
		return run_token_fault(r, rc);
	return tool_error(EX_CANTCREAT,
	    "keys are never overwritten: name that key by its id, or choose "
	    "another label",
	    "%s: a key labelled %s is there, with another id or without its "
	    "public half",
	    run_place(r, s, &at), quote_str(&q, label));
}

static int
look_ec(struct run *r, const struct ceremony_step *s)
{
	struct run_step *state = run_step(r, s);
	struct attributes a;
	struct hsm_ec_key k;
	struct quoted at, label;
	enum rc rc = hsm_ec_describe(r->token.session, &s->key.ref, &k);

	if (rc == RC_NOT_FOUND)
		return look_label(r, s);
	if (rc != RC_OK)
		return run_token_fault(r, rc);
	if (!k.p256)
		return tool_error(EX_NOPERM, "choose another label",
		    "%s: key %s is not on P-256", run_place(r, s, &at),
		    quote_str(&label, s->key.ref.label));
	state->key_there = state->key_known = true;
	memcpy(state->spki, k.spki, sizeof(k.spki));
	a = of_ec(&k);
	return judge(r, s, &a);
}

int
run_key_look(struct run *r, const struct ceremony_step *s)
{
	return is_master(s) ? look_master(r, s) : look_ec(r, s);
}

int
run_issuer_look(struct run *r, const struct ceremony_step *s)
{
	const struct ceremony_ca *ca = &s->issuer;
	const struct cert *cert = run_issuer(r, s);
	struct quoted at, file;
	struct hsm_ec_key k;
	struct attributes a;
	enum rc rc = hsm_ec_describe(r->token.session, &ca->key.ref, &k);

	if (rc != RC_OK)
		return run_token_fault(r, rc);
	a = of_ec(&k);
	if (!k.p256 || !span_equal(span_of(k.spki, sizeof(k.spki)), cert->spki))
		return tool_error(EX_DATAERR,
		    "name the certificate's own key, by label and id",
		    "%s: the issuer's key is not the one of %s",
		    run_place(r, s, &at), quote_str(&file, ca->certificate));
	return judge(r, s, &a);
}

static void
log_attributes(struct run *r, const struct attributes *a)
{
	transcript_line(&r->log,
	    "  read back: SENSITIVE, not EXTRACTABLE, LOCAL%s%s",
	    a->never_extractable ? ", NEVER_EXTRACTABLE"
				 : "; warning: was extractable once",
	    a->other_use ? "; warning: may also decrypt, unwrap or derive"
			 : "");
}

/** What the ledger says of it: never more than the token says to all. */
static int
record_key(struct run *r, const struct ceremony_step *s,
    const struct attributes *a, struct span id, struct field public)
{
	const bool made = !run_step(r, s)->key_there;
	struct field f[16];
	size_t n = 0;

	f[n++] = F_TEXT("role", ceremony_kind_name(s->kind));
	f[n++] = F_TEXT("label", (const char *)s->key.ref.label);
	f[n++] = F_BYTES("id", id);
	f[n++] = public;
	f[n++] = F_TEXT("token", hsm_token_name(r->token.hsm));
	f[n++] = F_BOOL("sensitive", a->sensitive);
	f[n++] = F_BOOL("extractable", a->extractable);
	f[n++] = F_BOOL("never_extractable", a->never_extractable);
	f[n++] = F_BOOL("local", a->local);
	return run_record(r, s, made ? "key_generated" : "key_verified", f, n);
}

static void
log_key(struct run *r, const struct ceremony_step *s, struct span id)
{
	char hex[HEX_TEXT_MAX];
	struct quoted label, token;

	transcript_line(&r->log, "  key %s: %s, id %s, in token %s",
	    run_step(r, s)->key_there ? "was there" : "made",
	    quote_str(&label, s->key.ref.label), hex_text(hex, id),
	    quote_str(&token, hsm_token_name(r->token.hsm)));
}

static int
take_master(struct run *r, const struct ceremony_step *s)
{
	char hex[HEX_TEXT_MAX];
	struct hsm_master m;
	struct attributes a;
	struct field check[16];
	enum rc rc;
	int code;

	if (run_step(r, s)->key_there)
		rc =
		    hsm_master_describe(r->token.session, s->key.ref.label, &m);
	else
		rc =
		    hsm_master_generate(r->token.session, s->key.ref.label, &m);
	if (rc != RC_OK)
		return run_token_fault(r, rc);
	a = of_master(&m);
	log_key(r, s, span_of(m.id, m.id_len));
	code = judge(r, s, &a);
	if (code != EX_OK)
		return code;
	log_attributes(r, &a);
	transcript_line(&r->log, "  check value: %s",
	    hex_text(hex, span_of(m.kcv, sizeof(m.kcv))));
	code = record_key(r, s, &a, span_of(m.id, m.id_len),
	    F_BYTES("kcv", span_of(m.kcv, sizeof(m.kcv))));
	if (code != EX_OK)
		return code;
	/* what bootstrapd holds the token against when it starts */
	check[0] = F_TEXT("label", (const char *)m.label);
	check[1] = F_BYTES("kcv", span_of(m.kcv, sizeof(m.kcv)));
	check[2] = F_TEXT("token", hsm_token_name(r->token.hsm));
	return run_record(r, s, "key_check", check, 3);
}

static int
take_ec(struct run *r, const struct ceremony_step *s)
{
	struct run_step *state = run_step(r, s);
	struct hsm_session *session = r->token.session;
	uint8_t sha256[DIGEST_LEN];
	char hex[HEX_TEXT_MAX];
	struct hsm_ec_key k;
	struct attributes a;
	enum rc rc;
	int code;

	rc = state->key_there ? hsm_ec_describe(session, &s->key.ref, &k)
			      : hsm_ec_generate(session, &s->key.ref, &k);
	if (rc != RC_OK)
		return run_token_fault(r, rc);
	a = of_ec(&k);
	log_key(r, s, span_of(k.ref.id, k.ref.id_len));
	code = judge(r, s, &a);
	if (code != EX_OK)
		return code;
	log_attributes(r, &a);
	rc = hsm_ec_self_test(session, &k.ref, span_of(k.spki, sizeof(k.spki)));
	if (rc != RC_OK)
		return run_token_fault(r, rc);
	transcript_line(&r->log, "  a nonce was signed, and verifies");
	memcpy(state->spki, k.spki, sizeof(k.spki));
	state->key_known = true;
	digest_of(span_of(k.spki, sizeof(k.spki)), sha256);
	transcript_line(&r->log, "  SHA-256 of the public key: %s",
	    hex_text(hex, span_of(sha256, sizeof(sha256))));
	code = record_key(r, s, &a, span_of(k.ref.id, k.ref.id_len),
	    F_BYTES("key", span_of(sha256, sizeof(sha256))));
	if (code == EX_OK && ceremony_step_is_ca(s))
		code = run_ca_record(r, s);
	return code;
}

int
run_key_take(struct run *r, const struct ceremony_step *s)
{
	return is_master(s) ? take_master(r, s) : take_ec(r, s);
}
