#include "merge_row.h"

#include "record.h"
#include "tool.h"

#include <stdio.h>

enum { SAID_MAX = 100 };

bool
merge_row_speaks(struct span kind)
{
	static const char *const speaking[] = {
	    "image_minted",
	    "certificate_signed",
	    "credential_revoked",
	    "unit_flashed",
	    "unit_scrapped",
	};

	for (size_t i = 0; i < sizeof(speaking) / sizeof(*speaking); i++)
		if (span_is(kind, speaking[i]))
			return true;
	return false;
}

/* A credential, by what names it in the ledger. */
struct named {
	char text[2 * DIGEST_LEN + 1]; /* "": it has none */
};

static void
fingerprint_of(const struct ledger_row *row, struct named *out)
{
	struct writer w;

	writer_init(&w, out->text, sizeof(out->text) - 1);
	if (!ledger_field(row, "fingerprint", &w) || w.full)
		w.len = 0;
	out->text[w.len] = '\0';
}

/* The newest image of an endpoint that is not the station's own. */
struct other {
	struct span station;
	bool found;
	uint64_t seq;
	struct named credential;
	char where[LEDGER_STATION_MAX + 1]; /* "": the central one */
};

static enum rc
look_at_other(void *ctx, const struct ledger_row *row)
{
	struct other *o = ctx;
	struct writer w;

	writer_init(&w, o->where, sizeof(o->where) - 1);
	if (!ledger_field(row, "station", &w) || w.full)
		w.len = 0;
	o->where[w.len] = '\0';
	if (span_equal(span_str(o->where), o->station))
		return RC_OK;
	o->found = true;
	o->seq = row->seq;
	fingerprint_of(row, &o->credential);
	return RC_AGAIN; /* enough */
}

static enum rc
is_revoked(struct ledger *l, const struct named *c, bool *out)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("credential_revoked"),
	    .fingerprint = span_str(c->text),
	    .limit = 1,
	};

	*out = false;
	if (!c->text[0])
		return RC_OK;
	return record_any(l, &q, out);
}

static void
say(struct merge_findings *f, struct span station, uint64_t seq,
    struct span endpoint, const char *what, const char *remedy)
{
	struct quoted q;

	if (f->said++ < SAID_MAX)
		(void)tool_error(EX_DATAERR, remedy,
		    "row %llu of station %.*s: %s %s", (unsigned long long)seq,
		    SPAN_FMT(station), quote(&q, endpoint), what);
	else if (f->said == SAID_MAX + 1)
		(void)tool_error(
		    EX_DATAERR, NULL, "more of these are counted only");
}

static enum rc
look_for_twin(struct ledger *central, struct span station,
    const struct ledger_row *row, struct merge_findings *f)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("image_minted"),
	    .endpoint = row->endpoint,
	    .newest_first = true,
	};
	struct other o = {.station = station};
	char what[160];
	bool revoked;
	enum rc rc = ledger_read(central, &q, look_at_other, &o);

	if (rc == RC_AGAIN)
		rc = is_revoked(central, &o.credential, &revoked);
	if (rc != RC_OK || !o.found || revoked)
		return rc;
	snprintf(what, sizeof(what), "is minted already, in row %llu%s%s",
	    (unsigned long long)o.seq, o.where[0] ? " of station " : "",
	    o.where);
	f->twice++;
	say(f, station, row->seq, row->endpoint, what,
	    "both are in the ledger; find the two devices, and revoke one of "
	    "them");
	return RC_OK;
}

/* A reservation of that very credential. */
struct reserved {
	struct named credential;
	bool found;
};

static enum rc
same_credential(void *ctx, const struct ledger_row *row)
{
	struct reserved *r = ctx;
	struct named c;

	fingerprint_of(row, &c);
	if (strcmp(c.text, r->credential.text) != 0)
		return RC_OK;
	r->found = true;
	return RC_AGAIN;
}

static enum rc
look_for_reservation(struct ledger *central, struct span station,
    const struct ledger_row *row, struct merge_findings *f)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("image_reserved"),
	    .endpoint = row->endpoint,
	};
	struct reserved r = {0};
	enum rc rc;

	fingerprint_of(row, &r.credential);
	rc = ledger_read(central, &q, same_credential, &r);
	if (rc == RC_AGAIN)
		rc = RC_OK;
	if (rc != RC_OK || r.found)
		return rc;
	f->unreserved++;
	say(f, station, row->seq, row->endpoint,
	    "is out of a buffer, and was reserved in none that this ledger "
	    "knows of",
	    "find out who has filled it");
	return RC_OK;
}

static bool
has(const struct ledger_row *row, const char *name)
{
	char text[1];
	struct writer w;

	writer_init(&w, (uint8_t *)text, 0);
	return ledger_field(row, name, &w) || w.full;
}

static enum rc
look_for_owner(struct ledger *central, struct merge_owner *owner,
    struct span station, const struct ledger_row *row, struct merge_findings *f,
    bool *own)
{
	enum rc rc = merge_owner_is(owner, central, station, row, own);

	if (rc != RC_OK)
		return rc;
	if (*own) {
		f->revoked++;
		return RC_OK;
	}
	f->foreign++;
	say(f, station, row->seq, row->endpoint,
	    "has a credential taken back that is not this station's",
	    "it holds here as before; pki revoke takes it back, if that is "
	    "right");
	return RC_OK;
}

/** A unit that another has minted: its quota is not this station's to free. */
static enum rc
look_for_minter(struct ledger *central, struct span station,
    const struct ledger_row *row, struct merge_findings *f, bool *own)
{
	enum rc rc = merge_owner_minted(central, station, row->endpoint, own);

	if (rc != RC_OK || *own)
		return rc;
	f->foreign++;
	say(f, station, row->seq, row->endpoint,
	    "is said to be scrapped, and is not this station's unit",
	    "it counts as before; order scrapped records it, if that is right");
	return RC_OK;
}

enum rc
merge_row_look(struct ledger *central, struct merge_owner *owner,
    struct span station, const struct ledger_row *row, struct merge_findings *f,
    bool *keep_kind)
{
	int64_t again = 0;
	enum rc rc = RC_OK;

	*keep_kind = merge_row_speaks(row->kind);
	if (span_is(row->kind, "unit_scrapped"))
		return look_for_minter(central, station, row, f, keep_kind);
	if (span_is(row->kind, "credential_revoked"))
		return look_for_owner(
		    central, owner, station, row, f, keep_kind);
	if (!span_is(row->kind, "image_minted") || row->endpoint.len == 0)
		return RC_OK;
	/* it may say so and be another's all the same */
	if (!ledger_field_int(row, "again", &again) || !again)
		f->minted++;
	rc = look_for_twin(central, station, row, f);
	if (rc == RC_OK && has(row, "buffer"))
		rc = look_for_reservation(central, station, row, f);
	return rc;
}
