/* A ceremony's keys against the ledger: what it knows by a label is never made
 * anew, nor taken for another. */
#include "ceremony_run.h"

#include "key_check.h"

/** The value of the step's key; empty where it is still to be made. */
static int
own(struct run *r, const struct ceremony_step *s)
{
	const struct run_step *state = run_step(r, s);
	char label[KEY_CHECK_LABEL_MAX];
	uint8_t digest[DIGEST_LEN];
	struct span value = {0};

	if (!ceremony_step_is_ca(s)) {
		if (state->key_there)
			value = span_of(state->kcv, sizeof(state->kcv));
		return key_check_known(r->ledger, s->key.ref.label, value);
	}
	if (state->key_there)
		value = key_check_ca_value(
		    span_of(state->spki, sizeof(state->spki)), digest);
	return key_check_known(
	    r->ledger, key_check_ca_label(label, s->key.ref.label), value);
}

/** A CA from before that signs now. */
static int
issuer(struct run *r, const struct ceremony_step *s)
{
	char label[KEY_CHECK_LABEL_MAX];
	uint8_t digest[DIGEST_LEN];
	const struct cert *c = run_issuer(r, s);

	if (!c || (s->issuer.step && run_takes(r, s->issuer.step)))
		return EX_OK;
	return key_check_known(r->ledger,
	    key_check_ca_label(label, s->issuer.key.ref.label),
	    key_check_ca_value(c->spki, digest));
}

int
run_keys_known(struct run *r)
{
	int code = EX_OK;

	for (size_t i = 0; i < r->c->step_count; i++) {
		const struct ceremony_step *s = &r->c->steps[i];
		int one = EX_OK;

		if (!run_takes(r, s))
			continue;
		if (s->kind <= CEREMONY_SEAL || ceremony_step_is_ca(s))
			one = own(r, s);
		if (one == EX_OK && s->kind >= CEREMONY_ISSUING)
			one = issuer(r, s);
		if (code == EX_OK)
			code = one;
	}
	return code;
}

int
run_ca_record(struct run *r, const struct ceremony_step *s)
{
	const struct run_step *state = run_step(r, s);
	char label[KEY_CHECK_LABEL_MAX];
	uint8_t digest[DIGEST_LEN];
	struct field f[16];

	f[0] = F_TEXT(
	    "label", (const char *)key_check_ca_label(label, s->key.ref.label));
	f[1] = F_BYTES("kcv",
	    key_check_ca_value(
		span_of(state->spki, sizeof(state->spki)), digest));
	f[2] = F_TEXT("token", hsm_token_name(r->token.hsm));
	return run_record(r, s, "key_check", f, 3);
}
