/*
 * hsm keys: the master keys in the token, and new ones. A master is never
 * overwritten, and its check value goes on record, so that a token that was
 * made anew is not taken for the right one.
 */
#include "key_check.h"
#include "record.h"
#include "rows.h"
#include "token.h"
#include "tool.h"
#include "verbs.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/** What the token says of a key; capitals for what a master should not be. */
static void
print_attributes(const struct hsm_master *m)
{
	fputs(m->sensitive ? "sensitive" : "NOT-SENSITIVE", stdout);
	if (m->extractable)
		fputs(" EXTRACTABLE", stdout);
	else if (!m->never_extractable)
		fputs(" ONCE-EXTRACTABLE", stdout);
	else
		fputs(" never-extractable", stdout);
	fputs(m->local ? " made-in-token" : " IMPORTED", stdout);
	if (!m->token)
		fputs(" NOT-PERSISTENT", stdout);
	if (!m->sign)
		fputs(" CANNOT-SIGN", stdout);
	putchar('\n');
}

static void
print_line(const struct hsm_master *m)
{
	char kcv[HEX_TEXT_MAX], id[HEX_TEXT_MAX];
	struct quoted q;

	printf("%-26s  %s  ", quote_str(&q, m->label),
	    hex_text(kcv, span_of(m->kcv, HSM_KCV_LEN)));
	printf("%s  ", hex_text(id, span_of(m->id, m->id_len)));
	print_attributes(m);
}

struct list {
	const char *format;
	bool begun;
};

static enum rc
show(void *ctx, const struct hsm_master *m)
{
	struct list *l = ctx;
	const struct field f[] = {
	    F_TEXT("label", span_str(m->label)),
	    F_BYTES("id", span_of(m->id, m->id_len)),
	    F_BYTES("kcv", span_of(m->kcv, HSM_KCV_LEN)),
	    F_BOOL("sensitive", m->sensitive),
	    F_BOOL("extractable", m->extractable),
	    F_BOOL("never_extractable", m->never_extractable),
	    F_BOOL("local", m->local),
	    F_BOOL("persistent", m->token),
	    F_BOOL("sign", m->sign),
	};
	const size_t n = sizeof(f) / sizeof(f[0]);

	if (strcmp(l->format, "json") == 0) {
		rows_json(f, n);
	} else if (strcmp(l->format, "csv") == 0) {
		if (!l->begun)
			rows_csv_names(f, n);
		rows_csv(f, n);
	} else {
		if (!l->begun)
			printf("%-26s  %-8s  %-32s  %s\n", "label", "check",
			    "id", "attributes");
		print_line(m);
	}
	l->begun = true;
	return RC_OK;
}

int
hsm_keys(const struct options *o)
{
	struct list l = {.format = o->format};
	struct settings s;
	struct token t = {0};
	struct quoted q;
	enum rc rc;
	int code = settings_load(o, SETTINGS_TOKEN, &s);

	if (code == EX_OK)
		code = token_open(&s, &t);
	if (code == EX_OK) {
		rc = hsm_master_list(t.session, show, &l);
		if (rc != RC_OK)
			code = token_fault(&t, rc);
		else if (!l.begun)
			fprintf(stderr,
			    "no master keys in token %s; make them: "
			    "provisioning-tool hsm keys make LABEL\n",
			    quote_str(&q, hsm_token_name(t.hsm)));
	}
	token_close(&t);
	settings_fini(&s);
	return code;
}

static int
make(const struct options *o, const struct token *t, struct ledger *l)
{
	static const char hence[] =
	    "the key is in the token all the same; bootstrapd will record it";

	for (size_t i = 0; i < o->operand_count; i++) {
		char kcv[HEX_TEXT_MAX];
		struct hsm_master m;
		struct quoted q;
		enum rc rc =
		    hsm_master_generate(t->session, o->operands[i], &m);
		int code;

		if (rc != RC_OK)
			return token_fault(t, rc);
		printf("%s  check value %s\n", quote_str(&q, m.label),
		    hex_text(kcv, span_of(m.kcv, HSM_KCV_LEN)));
		fflush(stdout);
		code = l ? key_check_record(l, t, m.label,
			       span_of(m.kcv, HSM_KCV_LEN), hence)
			 : EX_OK;
		if (code != EX_OK)
			return code;
	}
	return EX_OK;
}

int
hsm_keys_make(const struct options *o)
{
	struct settings s;
	struct token t = {0};
	struct ledger *l = NULL;
	int code = settings_load(o, SETTINGS_TOKEN, &s);

	/* first the ledger: a key cannot be unmade */
	if (code == EX_OK && s.ledger)
		code = record_open(s.ledger, LEDGER_WRITE, &l);
	if (code == EX_OK)
		code = token_open(&s, &t);
	if (code == EX_OK)
		code = make(o, &t, l);
	token_close(&t);
	ledger_close(l);
	settings_fini(&s);
	return code;
}
