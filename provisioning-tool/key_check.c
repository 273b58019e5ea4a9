#include "key_check.h"

#include "record.h"
#include "tool.h"

#include "base/text.h"

#include <stdio.h>

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

/** What the ledger has of the label: EX_OK, and `kcv` empty where nothing. */
static int
known_value(struct ledger *l, const char *label, struct known *k)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("key_check"),
	    .newest_first = true,
	};
	enum rc rc;

	*k = (struct known){.label = label};
	rc = ledger_read(l, &q, look, k);
	if (rc == RC_OK || rc == RC_CONFLICT)
		return EX_OK;
	return tool_error(EX_IOERR, "see provisioning-tool audit verify",
	    "the ledger could not be read (%s)", rc_name(rc));
}

int
key_check_known(struct ledger *l, const char *label, struct span value)
{
	struct quoted name, had;
	struct known known;
	char hex[HEX_TEXT_MAX];
	int code = known_value(l, label, &known);

	if (code != EX_OK || known.kcv[0] == '\0')
		return code;
	if (value.len == 0)
		return tool_error(EX_CONFIG,
		    "restore the token's backup, or choose another label",
		    "the ledger knows key %s by check value %s, and the token "
		    "has none: a new one would be another key",
		    quote_str(&name, label), quote_str(&had, known.kcv));
	if (span_is(span_str(known.kcv), hex_text(hex, value)))
		return EX_OK;
	return tool_error(EX_CONFIG,
	    "restore the token's backup, or use a key of another label",
	    "key %s in the token has check value %s, and the ledger knows it "
	    "by %s: it is not the same key",
	    quote_str(&name, label), hex, quote_str(&had, known.kcv));
}

static int
check(struct ledger *l, const struct token *t, const char *label,
    struct span value)
{
	struct known known;
	int code = known_value(l, label, &known);

	if (code == EX_OK && known.kcv[0] == '\0')
		return key_check_record(l, t, label, value, "nothing was done");
	return code == EX_OK ? key_check_known(l, label, value) : code;
}

int
key_check(struct ledger *l, const struct token *t, const char *label)
{
	uint8_t kcv[HSM_KCV_LEN];
	enum rc rc = hsm_key_check(t->session, label, kcv);

	if (rc != RC_OK)
		return token_fault(t, rc);
	return check(l, t, label, span_of(kcv, sizeof(kcv)));
}

struct span
key_check_ca_value(struct span spki, uint8_t digest[static DIGEST_LEN])
{
	digest_of(spki, digest);
	return span_of(digest, HSM_KCV_LEN);
}

const char *
key_check_ca_label(char buf[static KEY_CHECK_LABEL_MAX], const char *label)
{
	snprintf(buf, KEY_CHECK_LABEL_MAX, "ca key %.100s", label);
	return buf;
}

int
key_check_ca(struct ledger *l, const struct token *t, const char *authority,
    const char *label, struct span spki)
{
	uint8_t digest[DIGEST_LEN];
	struct span value = key_check_ca_value(spki, digest);
	char text[KEY_CHECK_LABEL_MAX];
	int code = EX_OK;

	if (authority) {
		/* as bootstrapd has it */
		snprintf(text, sizeof(text), "ca %.100s", authority);
		code = check(l, t, text, value);
	}
	if (code == EX_OK && label[0] != '\0')
		code = check(l, t, key_check_ca_label(text, label), value);
	return code;
}
