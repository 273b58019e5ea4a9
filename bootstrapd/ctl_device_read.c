/* What the ledger has of one device. */
#include "ctl_device.h"

#include <stdlib.h>
#include <string.h>

/** Copies; spans are moved to the copy. */
static bool
keep(struct device_row *out, const struct ledger_row *row)
{
	struct span *spans[4];
	size_t len = 0, at = 0;

	out->row = *row;
	spans[0] = &out->row.kind;
	spans[1] = &out->row.session;
	spans[2] = &out->row.endpoint;
	spans[3] = &out->row.data;
	for (size_t i = 0; i < 4; i++)
		len += spans[i]->len;
	out->bytes = malloc(len + 1);
	if (!out->bytes)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (spans[i]->len)
			memcpy(out->bytes + at, spans[i]->p, spans[i]->len);
		*spans[i] = span_of(out->bytes + at, spans[i]->len);
		at += spans[i]->len;
	}
	return true;
}

static enum rc
take(void *ctx, const struct ledger_row *row)
{
	struct device_rows *d = ctx;

	if (d->count == DEVICE_ROWS_MAX) {
		d->cut = true;
		return RC_CONFLICT; /* enough */
	}
	if (!keep(&d->rows[d->count], row))
		return RC_MEMORY;
	d->count++;
	return RC_OK;
}

/** What a row says of a device that has not proved to be it. */
struct strangers {
	struct device_rows *rows;
	const char *field;
};

static enum rc
take_claim(void *ctx, const struct ledger_row *row)
{
	const struct strangers *s = ctx;
	const struct device_row r = {.row = *row};
	struct device_field f;

	if (row->endpoint.len > 0)
		return RC_OK;
	f = device_field(&r, s->field);
	if (f.len == 0 || !span_equal(device_text(&f), s->rows->endpoint))
		return RC_OK;
	return take(s->rows, row);
}

static enum rc
read_claims(struct ledger *l, struct device_rows *out)
{
	static const struct {
		const char *kind, *field;
	} all[] = {
	    {"handshake_refused", "claimed"},
	    /* of most documents the endpoint is the PSK identity */
	    {"psk_mismatch", "credential"},
	};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < 2; i++) {
		struct strangers s = {out, all[i].field};
		const struct ledger_query q = {
		    .kind = span_str(all[i].kind),
		    .newest_first = true,
		    .limit = DEVICE_STRANGERS_MAX,
		};

		rc = ledger_read(l, &q, take_claim, &s);
	}
	return rc;
}

static int
by_number(const void *a, const void *b)
{
	const struct device_row *x = a, *y = b;

	return (x->row.seq > y->row.seq) - (x->row.seq < y->row.seq);
}

enum rc
device_rows_read(
    struct ledger *l, struct span endpoint, struct device_rows *out)
{
	const struct ledger_query q = {
	    .endpoint = endpoint,
	    .newest_first = true,
	};
	enum rc rc;

	*out = (struct device_rows){.ledger = l, .endpoint = endpoint};
	out->rows = calloc(DEVICE_ROWS_MAX, sizeof(*out->rows));
	if (!out->rows)
		return RC_MEMORY;
	rc = ledger_read(l, &q, take, out);
	if (rc == RC_OK)
		rc = read_claims(l, out);
	qsort(out->rows, out->count, sizeof(*out->rows), by_number);
	return rc == RC_CONFLICT ? RC_OK : rc;
}

void
device_rows_fini(struct device_rows *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->rows[i].bytes);
	free(d->rows);
	*d = (struct device_rows){0};
}

struct device_field
device_field(const struct device_row *r, const char *name)
{
	struct device_field f = {.number = -1};
	struct writer w;

	writer_init(&w, f.room, sizeof(f.room));
	if (ledger_field(&r->row, name, &w))
		f.len = w.len;
	else if (!ledger_field_int(&r->row, name, &f.number))
		f.number = -1;
	return f;
}

struct span
device_text(const struct device_field *f)
{
	return span_of(f->room, f->len);
}

bool
device_row_is(const struct device_row *r, const char *kind)
{
	return span_is(r->row.kind, kind);
}

const struct device_row *
device_ending(const struct device_rows *d, const struct device_row *begin)
{
	for (const struct device_row *r = begin + 1; r < d->rows + d->count;
	     r++)
		if (device_row_is(r, "bootstrap_end") &&
		    span_equal(r->row.session, begin->row.session))
			return r;
	return NULL;
}

static bool
is_attempt(const struct device_row *r)
{
	return device_row_is(r, "bootstrap_begin") ||
	    device_row_is(r, "bootstrap_refused");
}

const struct device_row *
device_last(const struct device_rows *d)
{
	for (size_t i = d->count; i > 0; i--)
		if (is_attempt(&d->rows[i - 1]))
			return &d->rows[i - 1];
	return NULL;
}

const char *
device_outcome(const struct device_rows *d, const struct device_row *attempt)
{
	static const char *const all[] = {"ok", "failed", "unknown"};
	const struct device_row *end;
	struct device_field f;

	if (device_row_is(attempt, "bootstrap_refused"))
		return "refused";
	end = device_ending(d, attempt);
	if (!end)
		return "open";
	f = device_field(end, "outcome");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (span_is(device_text(&f), all[i]))
			return all[i];
	return "unknown";
}

/* --- credentials ---------------------------------------------------------- */

const char *
credential_state_name(enum credential_state s)
{
	static const char *const names[] = {
	    [CREDENTIAL_IN_FORCE] = "in force",
	    [CREDENTIAL_UNSURE] = "not confirmed",
	    [CREDENTIAL_AGAIN] = "given again since",
	    [CREDENTIAL_REPLACED] = "replaced",
	    [CREDENTIAL_REVOKED] = "revoked",
	};

	return names[s];
}

bool
device_issues(const struct device_row *r)
{
	return device_row_is(r, "credential_issued") ||
	    device_row_is(r, "image_minted") ||
	    device_row_is(r, "certificate_signed");
}

static enum rc
note_time(void *ctx, const struct ledger_row *row)
{
	ledger_time(row->time_ms, ctx);
	return RC_OK;
}

static enum rc
look_revoked(const struct device_rows *d, const struct device_row *issued,
    char revoked[static 25])
{
	struct device_field fingerprint = device_field(issued, "fingerprint");
	struct device_field serial = device_field(issued, "serial");
	struct ledger_query q = {
	    .kind = SPAN_LIT("credential_revoked"),
	    .limit = 1,
	};
	enum rc rc = RC_OK;

	revoked[0] = '\0';
	if (fingerprint.len > 0) {
		q.fingerprint = device_text(&fingerprint);
		rc = ledger_read(d->ledger, &q, note_time, revoked);
	}
	if (rc == RC_OK && !revoked[0] && serial.len > 0) {
		q.fingerprint = span_of(NULL, 0);
		q.serial = device_text(&serial);
		rc = ledger_read(d->ledger, &q, note_time, revoked);
	}
	return rc;
}

/** What a credential is for. */
struct purpose {
	struct device_field purpose;
	int64_t short_server_id;
	bool bootstrap;
};

static struct purpose
purpose_of(const struct device_row *r)
{
	struct purpose p = {
	    .purpose = device_field(r, "purpose"),
	    .short_server_id = device_field(r, "short_server_id").number,
	    .bootstrap = !device_row_is(r, "credential_issued"),
	};

	p.bootstrap |= span_is(device_text(&p.purpose), "bootstrap");
	return p;
}

static bool
same_purpose(const struct purpose *a, const struct purpose *b)
{
	if (a->bootstrap || b->bootstrap)
		return a->bootstrap == b->bootstrap;
	return a->short_server_id == b->short_server_id &&
	    span_equal(device_text(&a->purpose), device_text(&b->purpose));
}

/** Did the attempt end well that has handed it out? An image is as it is. */
static bool
is_confirmed(const struct device_rows *d, const struct device_row *issued)
{
	if (!device_row_is(issued, "credential_issued") ||
	    issued->row.session.len == 0)
		return true;
	for (const struct device_row *r = issued; r >= d->rows; r--)
		if (device_row_is(r, "bootstrap_begin") &&
		    span_equal(r->row.session, issued->row.session))
			return strcmp(device_outcome(d, r), "ok") == 0;
	return false;
}

enum rc
device_credential(const struct device_rows *d, const struct device_row *issued,
    enum credential_state *out, char revoked[static 25])
{
	const struct purpose p = purpose_of(issued);
	struct device_field key = device_field(issued, "fingerprint");
	struct device_field later_key;
	enum rc rc = look_revoked(d, issued, revoked);

	*out = CREDENTIAL_REVOKED;
	if (rc != RC_OK || revoked[0])
		return rc;
	*out =
	    is_confirmed(d, issued) ? CREDENTIAL_IN_FORCE : CREDENTIAL_UNSURE;
	for (const struct device_row *r = issued + 1; r < d->rows + d->count;
	     r++) {
		struct purpose later;

		if (!device_issues(r))
			continue;
		later = purpose_of(r);
		if (!same_purpose(&p, &later) || !is_confirmed(d, r))
			continue;
		later_key = device_field(r, "fingerprint");
		*out = key.len > 0 &&
			span_equal(device_text(&key), device_text(&later_key))
		    ? CREDENTIAL_AGAIN
		    : CREDENTIAL_REPLACED;
	}
	return RC_OK;
}
