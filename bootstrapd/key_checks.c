#include "key_checks.h"

#include "base/text.h"

#include <stdio.h>

enum { LABEL_MAX = 128, VALUE_MAX = 32 };

/** The check value that the ledger has for a label, as hex. */
struct known {
	const char *label;
	uint8_t value[64];
	struct writer out;
};

static enum rc
look(void *ctx, const struct ledger_row *row)
{
	struct known *k = ctx;
	uint8_t text[LABEL_MAX * 4];
	struct writer label;

	writer_init(&label, text, sizeof(text));
	if (!ledger_field(row, "label", &label) ||
	    !span_is(writer_span(&label), k->label))
		return RC_OK;
	writer_init(&k->out, k->value, sizeof(k->value));
	(void)ledger_field(row, "kcv", &k->out);
	return RC_CONFLICT; /* found: stop here */
}

static enum rc
record(const struct key_checks *c, const char *label, struct span value)
{
	struct field f[4];
	struct ledger_event e = {.kind = "key_check", .fields = f};
	enum rc rc = ledger_begin(c->ledger);

	f[e.field_count++] = F_TEXT("label", label);
	f[e.field_count++] = F_TEXT("kcv", value);
	f[e.field_count++] = F_TEXT("token", c->token);
	if (c->set)
		f[e.field_count++] =
		    F_BYTES("policy_set", span_of(c->set->digest, DIGEST_LEN));

	if (rc != RC_OK)
		return rc;
	rc = ledger_append(c->ledger, &e, NULL);
	if (rc != RC_OK) {
		ledger_rollback(c->ledger);
		return rc;
	}
	return ledger_commit(c->ledger);
}

enum rc
key_check(const struct key_checks *c, const char *label, struct span value,
    const char *lost)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("key_check"),
	    .newest_first = true,
	};
	struct known known = {.label = label};
	uint8_t hex[2 * VALUE_MAX];
	struct writer w;
	enum rc rc;

	writer_init(&w, hex, sizeof(hex));
	text_hex(&w, value);
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
	    "restore the token's backup; %s", lost);
	return RC_CONFLICT;
}
