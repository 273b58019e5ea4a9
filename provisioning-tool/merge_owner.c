#include "merge_owner.h"

static const char *const kinds[] = {
    "image_minted",
    "image_reserved",
    "certificate_signed",
    "credential_issued",
};

enum {
	FINGERPRINT_MAX = 2 * DIGEST_LEN,
	SERIAL_MAX = 2 * 20, /* RFC 5280 section 4.1.2.2 */
};

/** What names a credential; "": it has none. */
struct named {
	char fingerprint[FINGERPRINT_MAX + 1];
	char serial[SERIAL_MAX + 1 + FINGERPRINT_MAX + 1]; /* and its issuer */
	bool odd; /* longer than any, or of no issuer: it may mean many */
};

static size_t
take(const struct ledger_row *row, const char *name, char *out, size_t cap,
    bool *odd)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	if (!ledger_field(row, name, &w))
		w.len = 0;
	*odd |= w.full;
	out[w.len] = '\0';
	return w.len;
}

static void
read_named(const struct ledger_row *row, struct named *out)
{
	size_t n;

	*out = (struct named){0};
	(void)take(row, "fingerprint", out->fingerprint,
	    sizeof(out->fingerprint), &out->odd);
	n = take(row, "serial", out->serial, SERIAL_MAX + 1, &out->odd);
	if (n == 0)
		return;
	out->serial[n++] = ':';
	if (take(row, "issuer_key", out->serial + n, FINGERPRINT_MAX + 1,
		&out->odd) == 0)
		out->odd = true;
}

static bool
is_of(const struct ledger_row *row, struct span station)
{
	char name[LEDGER_STATION_MAX + 1];
	bool odd = false;
	size_t n = take(row, "station", name, sizeof(name), &odd);

	return !odd && span_equal(span_of(name, n), station);
}

static bool
is_credential(struct span kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (span_is(kind, kinds[i]))
			return true;
	return false;
}

/* --- what others have ------------------------------------------------------ */

struct gather {
	struct merge_owner *o;
	struct span station;
};

static enum rc
add(struct name_set *s, const char *name)
{
	enum rc rc = name[0] ? name_set_add(s, span_str(name)) : RC_OK;

	return rc == RC_CONFLICT ? RC_OK : rc;
}

static enum rc
gather_row(void *ctx, const struct ledger_row *row)
{
	struct gather *g = ctx;
	struct named n;
	enum rc rc;

	if (is_of(row, g->station))
		return RC_OK;
	read_named(row, &n);
	rc = add(&g->o->others, n.fingerprint);
	return rc == RC_OK ? add(&g->o->others, n.serial) : rc;
}

static enum rc
gather_others(
    struct merge_owner *o, struct ledger *central, struct span station)
{
	struct gather g = {o, station};
	enum rc rc = RC_OK;

	name_set_init(&o->others);
	for (size_t i = 0; rc == RC_OK && i < sizeof(kinds) / sizeof(*kinds);
	     i++)
		rc = ledger_read(central,
		    &(struct ledger_query){.kind = span_str(kinds[i])},
		    gather_row, &g);
	o->known = rc == RC_OK;
	if (!o->known)
		merge_owner_fini(o);
	return rc;
}

/* --- what is the station's ------------------------------------------------- */

struct search {
	struct span station;
	struct named wanted;
	bool found;
};

static enum rc
look(void *ctx, const struct ledger_row *row)
{
	struct search *s = ctx;
	struct named n;

	if (!is_credential(row->kind) || !is_of(row, s->station))
		return RC_OK;
	read_named(row, &n);
	s->found |= (s->wanted.fingerprint[0] || s->wanted.serial[0]) &&
	    (!s->wanted.fingerprint[0] ||
		strcmp(s->wanted.fingerprint, n.fingerprint) == 0) &&
	    (!s->wanted.serial[0] || strcmp(s->wanted.serial, n.serial) == 0);
	return RC_OK;
}

enum rc
merge_owner_is(struct merge_owner *o, struct ledger *central,
    struct span station, const struct ledger_row *row, bool *own)
{
	const struct ledger_query q = {.endpoint = row->endpoint};
	struct search s = {.station = station};
	enum rc rc = RC_OK;

	*own = false;
	read_named(row, &s.wanted);
	if (row->endpoint.len == 0 || s.wanted.odd)
		return RC_OK;
	rc = ledger_read(central, &q, look, &s);
	if (rc != RC_OK || !s.found)
		return rc;
	if (!o->known)
		rc = gather_others(o, central, station);
	*own = rc == RC_OK &&
	    !name_set_has(&o->others, span_str(s.wanted.fingerprint)) &&
	    !name_set_has(&o->others, span_str(s.wanted.serial));
	return rc;
}

static enum rc
first(void *ctx, const struct ledger_row *row)
{
	struct search *s = ctx;

	s->found = is_of(row, s->station);
	return RC_AGAIN;
}

enum rc
merge_owner_minted(struct ledger *central, struct span station,
    struct span endpoint, bool *own)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("image_minted"),
	    .endpoint = endpoint,
	    .limit = 1,
	};
	struct search s = {.station = station};
	enum rc rc = RC_OK;

	if (endpoint.len > 0)
		rc = ledger_read(central, &q, first, &s);
	*own = s.found;
	return rc == RC_AGAIN ? RC_OK : rc;
}

void
merge_owner_fini(struct merge_owner *o)
{
	name_set_fini(&o->others);
	*o = (struct merge_owner){0};
}
