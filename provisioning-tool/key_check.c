#include "key_check.h"

#include "record.h"
#include "tool.h"

#include "base/text.h"

/** What the ledger has for a label, in hexadecimal. */
struct known {
	const char *label;
	char kcv[HEX_TEXT_MAX];
};

static enum rc
look(void *ctx, const struct ledger_row *row)
{
	struct known *k = ctx;
	uint8_t text[4 * HSM_LABEL_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	if (!ledger_field(row, "label", &w) ||
	    !span_is(writer_span(&w), k->label))
		return RC_OK;
	writer_init(&w, k->kcv, sizeof(k->kcv) - 1);
	if (!ledger_field(row, "kcv", &w) || w.full)
		w.len = 0;
	k->kcv[w.len] = '\0';
	return RC_CONFLICT; /* found: stop here */
}

int
key_check_record(struct ledger *l, const struct token *t, const char *label,
    struct span kcv, const char *hence)
{
	const struct field f[] = {
	    F_TEXT("label", label),
	    F_BYTES("kcv", kcv),
	    F_TEXT("token", hsm_token_name(t->hsm)),
	};
	const struct ledger_event e = {
	    .kind = "key_check",
	    .fields = f,
	    .field_count = sizeof(f) / sizeof(f[0]),
	};
	uint64_t seq;

	return record_row(l, &e, &seq, hence);
}

int
key_check(struct ledger *l, const struct token *t, const char *label)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("key_check"),
	    .newest_first = true,
	};
	struct known known = {.label = label};
	char hex[HEX_TEXT_MAX];
	uint8_t kcv[HSM_KCV_LEN];
	struct quoted name, had;
	enum rc rc;

	rc = hsm_key_check(t->session, label, kcv);
	if (rc != RC_OK)
		return token_fault(t, rc);
	rc = ledger_read(l, &q, look, &known);
	if (rc == RC_OK)
		return key_check_record(
		    l, t, label, span_of(kcv, sizeof(kcv)), "nothing was done");
	if (rc != RC_CONFLICT)
		return tool_error(EX_IOERR,
		    "see provisioning-tool audit verify",
		    "the ledger could not be read (%s)", rc_name(rc));
	if (span_is(
		span_str(known.kcv), hex_text(hex, span_of(kcv, sizeof(kcv)))))
		return EX_OK;
	return tool_error(EX_CONFIG,
	    "restore the token's backup, or use a key of another label",
	    "key %s in the token has check value %s, and the ledger knows it "
	    "by %s: it is not the same key",
	    quote_str(&name, label), hex, quote_str(&had, known.kcv));
}
