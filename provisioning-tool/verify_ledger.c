/* One image by the ledger: that it was minted, as these bytes, and that nobody
 * has taken its credential back since. */
#include "verify.h"

#include "base/text.h"
#include "tool.h"

#include <stdio.h>

/** What the rows image_minted of its endpoint say. */
struct minted {
	struct verify_one *one;
	char sha256[HEX_TEXT_MAX];
	uint64_t rows, seq; /* of it; 0: none */
	char issuer_key[HEX_TEXT_MAX];
	char serial[2 * CERT_SERIAL_MAX + 1];
	char identity[200], format[40];
};

static bool
text_of(const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	out[0] = '\0';
	if (!ledger_field(row, name, &w) || w.full)
		return false;
	out[w.len] = '\0';
	return true;
}

static enum rc
each_minted(void *ctx, const struct ledger_row *row)
{
	struct minted *m = ctx;
	char sha256[HEX_TEXT_MAX];

	m->rows++;
	if (!text_of(row, "sha256", sha256, sizeof(sha256)) ||
	    strcmp(sha256, m->sha256) != 0)
		return RC_OK;
	m->seq = row->seq;
	(void)text_of(row, "issuer_key", m->issuer_key, sizeof(m->issuer_key));
	(void)text_of(row, "serial", m->serial, sizeof(m->serial));
	(void)text_of(row, "identity", m->identity, sizeof(m->identity));
	(void)text_of(row, "format", m->format, sizeof(m->format));
	return RC_OK;
}

/** The row that took it back. */
struct taken {
	const char *issuer_key; /* "": any */
	uint64_t seq;
	char reason[64];
};

static enum rc
each_taken(void *ctx, const struct ledger_row *row)
{
	struct taken *t = ctx;
	char issuer[HEX_TEXT_MAX];

	/* a number is one of its issuer's, where the row says whose */
	if (t->issuer_key[0] &&
	    text_of(row, "issuer_key", issuer, sizeof(issuer)) && issuer[0] &&
	    strcmp(issuer, t->issuer_key) != 0)
		return RC_OK;
	t->seq = row->seq;
	if (!text_of(row, "reason", t->reason, sizeof(t->reason)))
		snprintf(t->reason, sizeof(t->reason), "unspecified");
	return RC_OK;
}

static enum rc
check_revoked(struct verify_one *one, const struct minted *m)
{
	struct ledger_query q = {.kind = SPAN_LIT("credential_revoked")};
	struct taken t = {.issuer_key = ""};
	enum rc rc = RC_OK;

	if (one->fingerprint[0]) {
		q.fingerprint = span_str(one->fingerprint);
		rc = ledger_read(one->v->ledger, &q, each_taken, &t);
	}
	if (rc == RC_OK && t.seq == 0 && m->serial[0]) {
		q.fingerprint = span_of(NULL, 0);
		q.serial = span_str(m->serial);
		t.issuer_key = m->issuer_key;
		rc = ledger_read(one->v->ledger, &q, each_taken, &t);
	}
	if (rc == RC_OK && t.seq > 0) {
		struct quoted q2;

		verify_find(one, DIAG_ERROR, "image-revoked",
		    "its credential was taken back by row %llu of the ledger: "
		    "%s",
		    (unsigned long long)t.seq, quote_str(&q2, t.reason));
	}
	return rc;
}

static void
compare(struct verify_one *one, const struct minted *m)
{
	const struct verify *v = one->v;
	struct quoted name;

	if (v->reader.r.depth > 0 && m->format[0] &&
	    strcmp(m->format, v->reader.r.nested[0]->name) != 0)
		verify_find(one, DIAG_ERROR, "image-minted-otherwise",
		    "row %llu of the ledger says that it is of the format %s",
		    (unsigned long long)m->seq, quote_str(&name, m->format));
	if (v->identity && strcmp(m->identity, v->identity->name) != 0)
		verify_find(one, DIAG_ERROR, "image-minted-otherwise",
		    "row %llu of the ledger says that identity %s minted it",
		    (unsigned long long)m->seq, quote_str(&name, m->identity));
}

/** By a name that it may have been minted for. */
static enum rc
look_for(struct minted *m, struct span endpoint)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("image_minted"),
	    .endpoint = endpoint,
	};

	if (m->seq > 0 || endpoint.len == 0)
		return RC_OK;
	return ledger_read(m->one->v->ledger, &q, each_minted, m);
}

enum rc
verify_ledger(struct verify_one *one)
{
	const struct lwm2m_value *id =
	    image_reader_account(&one->v->reader, SECURITY_IDENTITY);
	struct minted m = {.one = one};
	struct quoted name;
	struct cert c;
	struct der_fault fault;
	enum rc rc;

	hex_text(m.sha256, span_of(one->file->sha256, DIGEST_LEN));
	rc = look_for(&m, one->endpoint);
	/* without policies nobody says whose a credential is: the names that
	 * are usual */
	if (rc == RC_OK && id && cert_parse(id->bytes, &c, &fault) == RC_OK)
		rc = look_for(&m, c.cn);
	else if (rc == RC_OK && id)
		rc = look_for(&m, id->bytes);
	if (rc != RC_OK)
		return rc;
	if (m.seq == 0 && one->endpoint.len == 0 && m.rows == 0)
		verify_find(one, DIAG_ERROR, "image-not-minted",
		    "nothing in the ledger is by the name in its credential; "
		    "with --policies it is known whose it is");
	else if (m.seq == 0)
		verify_find(one, DIAG_ERROR, "image-not-minted",
		    "the ledger has %llu images of %s, and none is of these "
		    "bytes",
		    (unsigned long long)m.rows,
		    one->endpoint.len > 0 ? quote(&name, one->endpoint)
					  : "that name");
	else
		compare(one, &m);
	return check_revoked(one, &m);
}
