#include "keeper_state.h"

#include "base/text.h"

#include <stdio.h>

struct check {
	struct hsm_session *hsm;
	struct ledger *ledger;
	const char *token;
	bool record;
	struct hsm_error *err;
};

/** The check value that the ledger has for a label, as hex. */
struct known {
	const char *label;
	uint8_t kcv[64];
	struct writer out;
};

static enum rc
look(void *ctx, const struct ledger_row *row)
{
	struct known *k = ctx;
	uint8_t text[HSM_LABEL_MAX * 4];
	struct writer label;

	writer_init(&label, text, sizeof(text));
	if (!ledger_field(row, "label", &label) ||
	    !span_is(writer_span(&label), k->label))
		return RC_OK;
	writer_init(&k->out, k->kcv, sizeof(k->kcv));
	(void)ledger_field(row, "kcv", &k->out);
	return RC_CONFLICT; /* found: stop here */
}

static enum rc
record(const struct check *c, const char *label, struct span kcv)
{
	const struct field f[] = {
	    F_TEXT("label", label),
	    F_TEXT("kcv", kcv),
	    F_TEXT("token", c->token),
	};
	const struct ledger_event e = {
	    .kind = "key_check",
	    .fields = f,
	    .field_count = sizeof(f) / sizeof(f[0]),
	};
	enum rc rc = ledger_begin(c->ledger);

	if (rc != RC_OK)
		return rc;
	rc = ledger_append(c->ledger, &e, NULL);
	if (rc != RC_OK) {
		ledger_rollback(c->ledger);
		return rc;
	}
	return ledger_commit(c->ledger);
}

static enum rc
check_one(void *ctx, const char *label)
{
	const struct check *c = ctx;
	const struct ledger_query q = {
	    .kind = SPAN_LIT("key_check"),
	    .newest_first = true,
	};
	struct known known = {.label = label};
	uint8_t kcv[HSM_KCV_LEN], hex[2 * HSM_KCV_LEN];
	struct writer w;
	enum rc rc = hsm_key_check(c->hsm, label, kcv);

	if (rc != RC_OK) {
		*c->err = *hsm_session_error(c->hsm);
		return rc;
	}
	writer_init(&w, hex, sizeof(hex));
	text_hex(&w, span_of(kcv, sizeof(kcv)));
	if (!c->ledger)
		return RC_OK;
	rc = ledger_read(c->ledger, &q, look, &known);
	if (rc == RC_OK)
		return c->record ? record(c, label, writer_span(&w)) : RC_OK;
	if (rc != RC_CONFLICT)
		return rc;
	if (span_equal(writer_span(&known.out), writer_span(&w)))
		return RC_OK;
	snprintf(c->err->text, sizeof(c->err->text),
	    "key \"%s\" in token %s is not the one that the ledger knows "
	    "(check value %.*s, not %.*s)",
	    label, c->token, SPAN_FMT(writer_span(&w)),
	    SPAN_FMT(writer_span(&known.out)));
	snprintf(c->err->remedy, sizeof(c->err->remedy),
	    "restore the token's backup; every key minted under the old "
	    "master would be lost otherwise");
	return RC_CONFLICT;
}

enum rc
masters_check(struct hsm_session *hsm, struct ledger *l,
    const struct policy_set *set, const char *token, bool record_new,
    struct hsm_error *err)
{
	struct check c = {hsm, l, token, record_new, err};
	enum rc rc;

	*err = (struct hsm_error){0};
	rc = policy_masters(set, check_one, &c);
	if (rc != RC_OK && err->text[0] == '\0') {
		snprintf(err->text, sizeof(err->text),
		    "key check values: the ledger cannot be used: %s",
		    rc_name(rc));
		snprintf(err->remedy, sizeof(err->remedy),
		    "see that its file and folder can be written");
	}
	return rc;
}
