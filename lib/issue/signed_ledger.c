/* Signed sets in the ledger: which serials it has seen, and whose they were. */
#include "issue/signed.h"

#include "base/text.h"

#include <string.h>

/** The row with the highest serial. */
struct highest {
	int64_t serial;
	int64_t time_ms;
	char set[2 * DIGEST_LEN];
};

static enum rc
look_at_row(void *ctx, const struct ledger_row *row)
{
	struct highest *h = ctx;
	struct writer w;
	int64_t serial;

	if (!ledger_field_int(row, "serial", &serial) || serial <= h->serial)
		return RC_OK;
	h->serial = serial;
	h->time_ms = row->time_ms;
	memset(h->set, 0, sizeof(h->set));
	writer_init(&w, h->set, sizeof(h->set));
	if (!ledger_field(row, "policy_set", &w))
		memset(h->set, 0, sizeof(h->set));
	return RC_OK;
}

static enum rc
find_highest(struct ledger *l, struct highest *h)
{
	const struct ledger_query q = {.kind = SPAN_LIT("policies_loaded")};

	*h = (struct highest){0};
	return ledger_read(l, &q, look_at_row, h);
}

enum rc
signed_serial_of(struct ledger *l, uint64_t *out)
{
	struct highest h;
	enum rc rc = find_highest(l, &h);

	*out = (uint64_t)h.serial;
	return rc;
}

enum rc
signed_serial_check(struct ledger *l, const char *path,
    const struct policy_set *s, const struct signed_by *by, struct diag *d)
{
	char hex[2 * DIGEST_LEN], when[25];
	struct highest h;
	struct writer w;
	enum rc rc = find_highest(l, &h);

	if (rc != RC_OK || by->serial > (uint64_t)h.serial)
		return rc;
	ledger_time(h.time_ms, when);
	writer_init(&w, hex, sizeof(hex));
	text_hex(&w, span_of(s->digest, DIGEST_LEN));
	if (by->serial < (uint64_t)h.serial)
		diag_add(d, DIAG_ERROR, path, 0, 0, "policy-serial",
		    "serial %llu is below %lld, which this ledger loaded at "
		    "%s; sign a MANIFEST with %lld or more",
		    (unsigned long long)by->serial, (long long)h.serial, when,
		    (long long)h.serial + 1);
	else if (memcmp(h.set, hex, sizeof(hex)) != 0)
		diag_add(d, DIAG_ERROR, path, 0, 0, "policy-serial",
		    "serial %lld was another set when this ledger loaded it at "
		    "%s; sign a MANIFEST with %lld",
		    (long long)h.serial, when, (long long)h.serial + 1);
	else
		return RC_OK;
	return RC_CONFIG;
}

/* --- whose it was --------------------------------------------------------- */

struct looking {
	char set[2 * DIGEST_LEN];
	const char *name; /* of the field that has a set's digest */
	struct signed_by *out;
};

static enum rc
take_signers(void *ctx, const struct ledger_row *row)
{
	struct looking *k = ctx;
	char set[2 * DIGEST_LEN];
	struct writer w;
	int64_t serial;

	writer_init(&w, set, sizeof(set));
	if (!ledger_field_int(row, "serial", &serial) || serial < 1 ||
	    !ledger_field(row, k->name, &w) || w.len != sizeof(set) ||
	    memcmp(set, k->set, sizeof(set)) != 0)
		return RC_OK;
	/* the same set may have been signed anew since, with a higher one */
	if ((uint64_t)serial <= k->out->serial)
		return RC_OK;
	writer_init(&w, k->out->text, sizeof(k->out->text) - 1);
	if (!ledger_field(row, "signers", &w))
		w.len = 0;
	k->out->text[w.len] = '\0';
	k->out->serial = (uint64_t)serial;
	return RC_OK;
}

enum rc
signed_recorded(struct ledger *l, const uint8_t digest[static DIGEST_LEN],
    struct signed_by *out)
{
	struct ledger_query q = {.kind = SPAN_LIT("policies_loaded")};
	struct looking k = {.name = "policy_set", .out = out};
	struct writer w;
	enum rc rc;

	*out = (struct signed_by){0};
	writer_init(&w, k.set, sizeof(k.set));
	text_hex(&w, span_of(digest, DIGEST_LEN));
	rc = ledger_read(l, &q, take_signers, &k);
	if (rc != RC_OK)
		return rc;
	q.kind = SPAN_LIT("rollout_started");
	k.name = "candidate";
	return ledger_read(l, &q, take_signers, &k);
}

size_t
signed_fields(const struct signed_by *by, struct field *f)
{
	const char *signers = by->text;
	size_t n = 0;

	if (by->serial == 0)
		return 0;
	f[n++] = F_INT("serial", by->serial);
	f[n++] = F_TEXT("signers", signers);
	return n;
}
