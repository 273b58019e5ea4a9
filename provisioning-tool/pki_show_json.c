#include "pki_show.h"

#include "base/digest.h"
#include "rows.h"

#include <stdio.h>

enum { TEXT_MAX = 8192 };

static void
member(const char *name, struct span text)
{
	const struct field f = F_TEXT(name, text);

	putchar(',');
	rows_json_member(&f);
}

static void
bytes(const char *name, struct span s)
{
	const struct field f = F_BYTES(name, s);

	putchar(',');
	rows_json_member(&f);
}

static void
number(const char *name, int64_t n)
{
	const struct field f = F_INT(name, n);

	putchar(',');
	rows_json_member(&f);
}

static void
truth(const char *name, bool b)
{
	const struct field f = F_BOOL(name, b);

	putchar(',');
	rows_json_member(&f);
}

static void
digest(const char *name, struct span of)
{
	uint8_t sha256[DIGEST_LEN];

	digest_of(of, sha256);
	bytes(name, span_of(sha256, sizeof(sha256)));
}

static void
dn(const char *name, struct span of)
{
	char text[TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	cert_print_dn(of, &w);
	member(name, writer_span(&w));
}

static void
moment(const char *name, int64_t time_s)
{
	char text[32];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	der_print_time(&w, time_s);
	member(name, writer_span(&w));
}

/** A list of texts. */
static void
names(const char *name, struct span rest,
    bool (*next)(struct span *, struct cert_name *))
{
	const char *comma = "";
	struct cert_name n;

	printf(",\"%s\":[", name);
	while (next(&rest, &n)) {
		char text[TEXT_MAX];
		struct writer w;

		writer_init(&w, text, sizeof(text));
		cert_print_name(&n, &w);
		fputs(comma, stdout);
		rows_json_text(writer_span(&w));
		comma = ",";
	}
	putchar(']');
}

static void
begin(const char *type, const char *file)
{
	const struct field f = F_TEXT("type", type);

	putchar('{');
	rows_json_member(&f);
	if (file)
		member("file", span_str(file));
}

void
show_certificate_json(const char *file, const struct cert *c)
{
	char text[512];
	struct writer w;

	begin("certificate", file);
	dn("subject", c->subject);
	dn("issuer", c->issuer);
	bytes("serial", c->serial);
	moment("not_before", c->not_before_s);
	moment("not_after", c->not_after_s);
	truth("ca", c->is_ca);
	if (c->is_ca && c->path_len >= 0)
		number("path_length", c->path_len);
	writer_init(&w, text, sizeof(text));
	cert_print_key_usage(c->key_usage, &w);
	member("key_usage", writer_span(&w));
	writer_init(&w, text, sizeof(text));
	cert_print_eku(c->eku, &w);
	member("extended_key_usage", writer_span(&w));
	names("names", c->san, cert_name_next);
	names("permitted", c->permitted, cert_subtree_next);
	names("excluded", c->excluded, cert_subtree_next);
	truth("p256", c->p256);
	number("bytes", (int64_t)c->der.len);
	digest("key", c->spki);
	digest("fingerprint", c->der);
	puts("}");
}

void
show_list_json(const char *file, const struct crl *c)
{
	struct span rest = c->entries;
	const char *comma = "";
	struct crl_entry e;

	begin("crl", file);
	dn("issuer", c->issuer);
	bytes("number", c->number);
	moment("this_update", c->this_update_s);
	moment("next_update", c->next_update_s);
	printf(",\"revoked\":[");
	while (crl_next(&rest, &e)) {
		const char *reason = crl_reason_name(e.reason);
		const struct field serial = F_BYTES("serial", e.serial);

		printf("%s{", comma);
		rows_json_member(&serial);
		moment("revoked", e.revoked_s);
		member("reason", span_str(reason ? reason : "unspecified"));
		putchar('}');
		comma = ",";
	}
	putchar(']');
	digest("fingerprint", c->der);
	puts("}");
}

void
show_request_json(const char *file, const struct csr *c)
{
	begin("request", file);
	dn("subject", c->subject);
	names("names", c->san, cert_name_next);
	truth("asks_ca", c->asks_ca);
	digest("key", c->spki);
	digest("fingerprint", c->der);
	puts("}");
}

void
show_key_json(const struct hsm_ec_key *k)
{
	begin("key", NULL);
	member("label", span_str(k->ref.label));
	bytes("id", span_of(k->ref.id, k->ref.id_len));
	truth("sensitive", k->sensitive);
	truth("extractable", k->extractable);
	truth("never_extractable", k->never_extractable);
	truth("local", k->local);
	truth("sign", k->sign);
	truth("persistent", k->token);
	truth("other_use", k->other_use);
	truth("p256", k->p256);
	if (k->p256)
		digest("key", span_of(k->spki, sizeof(k->spki)));
	puts("}");
}
