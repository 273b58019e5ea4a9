#include "pki_revoked.h"

#include "base/text.h"

#include <stdlib.h>

/**
 * The serial number of a row, without zero bytes in front; none is no fault: a
 * key was revoked. Errors: RC_MALFORMED (a list must not go on without it).
 */
static enum rc
take_serial(const struct ledger_row *row, struct revoked *r)
{
	char hex[2 * sizeof(r->serial) + 3];
	uint8_t bytes[sizeof(r->serial) + 1];
	struct span serial;
	struct writer w, b;

	writer_init(&w, hex, sizeof(hex));
	writer_init(&b, bytes, sizeof(bytes));
	if (!ledger_field(row, "serial", &w))
		return RC_OK;
	if (w.full || text_unhex(&b, writer_span(&w)) != RC_OK)
		return RC_MALFORMED;
	serial = writer_span(&b);
	while (serial.len > 0 && serial.p[0] == 0)
		serial = span_from(serial, 1);
	if (serial.len == 0 || serial.len > sizeof(r->serial))
		return RC_MALFORMED;
	memcpy(r->serial, serial.p, serial.len);
	r->serial_len = serial.len;
	return RC_OK;
}

/** Is the row of this CA's certificates, or of nobody's? */
static bool
is_ours(
    const struct revoked_list *l, const struct ledger_row *row, bool or_unknown)
{
	char hex[HEX_TEXT_MAX];
	struct writer w;

	writer_init(&w, hex, sizeof(hex));
	if (!ledger_field(row, "issuer_key", &w))
		return or_unknown;
	return span_is(writer_span(&w), l->issuer_key);
}

static enum crl_reason
take_reason(const struct ledger_row *row)
{
	enum crl_reason reason = CRL_UNSPECIFIED;
	char text[32];
	struct writer w;

	writer_init(&w, text, sizeof(text) - 1);
	if (ledger_field(row, "reason", &w) && !w.full) {
		text[w.len] = '\0';
		if (crl_reason_of(text, &reason) != RC_OK)
			reason = CRL_UNSPECIFIED;
	}
	return reason;
}

static enum rc
collect(void *ctx, const struct ledger_row *row)
{
	struct revoked_list *l = ctx;
	struct revoked r = {0};
	enum rc rc;

	rc = take_serial(row, &r);
	if (rc != RC_OK || r.serial_len == 0 || !is_ours(l, row, true))
		return rc;
	if (l->count == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct revoked *more = realloc(l->list, cap * sizeof(*more));

		if (!more)
			return RC_MEMORY;
		l->list = more;
		l->cap = cap;
	}
	r.entry.revoked_s = row->time_ms / 1000;
	r.entry.reason = take_reason(row);
	l->list[l->count++] = r;
	return RC_OK;
}

static int
by_serial(const void *a, const void *b)
{
	const struct revoked *x = a, *y = b;
	int c = span_compare(span_of(x->serial, x->serial_len),
	    span_of(y->serial, y->serial_len));

	if (c != 0)
		return c;
	return (x->entry.revoked_s > y->entry.revoked_s) -
	    (x->entry.revoked_s < y->entry.revoked_s);
}

/** One entry a serial number: the first that was recorded. */
static void
sort_out(struct revoked_list *l)
{
	size_t n = 0;

	if (l->count > 0)
		qsort(l->list, l->count, sizeof(*l->list), by_serial);
	for (size_t i = 0; i < l->count; i++) {
		const struct revoked *r = &l->list[i];

		if (n > 0 &&
		    span_equal(span_of(r->serial, r->serial_len),
			span_of(
			    l->list[n - 1].serial, l->list[n - 1].serial_len)))
			continue;
		l->list[n++] = *r;
	}
	l->count = n;
}

/** The number of the CA's last list; the newest row comes first. */
static enum rc
last_number(void *ctx, const struct ledger_row *row)
{
	struct revoked_list *l = ctx;
	int64_t number;

	if (!is_ours(l, row, false) ||
	    !ledger_field_int(row, "number", &number) || number < 0)
		return RC_OK;
	l->number = (uint64_t)number;
	return RC_AGAIN; /* enough */
}

enum rc
revoked_read(struct revoked_list *l, struct ledger *ledger)
{
	const struct ledger_query revoked = {
	    .kind = SPAN_LIT("credential_revoked")};
	const struct ledger_query lists = {
	    .kind = SPAN_LIT("crl_signed"), .newest_first = true};
	enum rc rc = ledger_read(ledger, &revoked, collect, l);

	if (rc == RC_OK)
		rc = ledger_read(ledger, &lists, last_number, l);
	l->number++;
	sort_out(l);
	return rc == RC_AGAIN ? RC_OK : rc;
}

void
revoked_fini(struct revoked_list *l)
{
	free(l->list);
	l->list = NULL;
	l->count = l->cap = 0;
}
