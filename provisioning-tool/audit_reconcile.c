/*
 * audit reconcile: what was minted, flashed, scrapped and booted of each work
 * order and batch; which devices nobody ordered, and which are there twice.
 */
#include "reconcile.h"

#include "base/loop.h"
#include "base/progress.h"
#include "image_row.h"
#include "record.h"
#include "rows.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	IDENTITIES_MAX = 64, /* that were asked for once */
};

struct reconcile {
	const struct options *o;
	struct ledger *ledger;
	struct reconcile_limits limits;
	struct reconcile_unit *unit; /* owned; its endpoint empty: none yet */
	struct table groups; /* owned, with its items */
	struct progress progress;
	uint64_t rows, total;
	uint64_t counts[RECONCILE_CODES];
	uint64_t shown;
	bool csv_begun;
	/* Are images minted by it? Asked once of each. */
	char identities[IDENTITIES_MAX][RECONCILE_TEXT_MAX + 1];
	bool mints[IDENTITIES_MAX];
	size_t identity_count;
	struct reconcile_group **sorted; /* owned */
	size_t sorted_count;
};

/* --- output --------------------------------------------------------------- */

static bool
is_format(const struct reconcile *r, const char *name)
{
	return strcmp(r->o->format, name) == 0;
}

static void
put_row(struct reconcile *r, const char *code, struct span endpoint,
    const char *order, const char *batch, const struct reconcile_group *g,
    const char *detail)
{
	const struct field f[] = {
	    F_TEXT("finding", code),
	    F_TEXT("endpoint", endpoint),
	    F_TEXT("order", order),
	    F_TEXT("batch", batch),
	    F_TEXT("detail", detail),
	    F_INT("minted", g ? g->minted : 0),
	    F_INT("flashed", g ? g->flashed : 0),
	    F_INT("reflashed", g ? g->reflashed : 0),
	    F_INT("scrapped", g ? g->scrapped : 0),
	    F_INT("booted", g ? g->booted : 0),
	    F_INT("waiting", g ? g->waiting : 0),
	    F_INT("findings", g ? g->findings : 0),
	};
	const size_t n = sizeof(f) / sizeof(f[0]);

	if (is_format(r, "json")) {
		/* of a finding its sums say nothing, of sums what they are of */
		if (g)
			rows_json(f + 2, n - 2);
		else
			rows_json(f, 5);
		return;
	}
	if (!r->csv_begun)
		rows_csv_names(f, n);
	r->csv_begun = true;
	rows_csv(f, n);
}

static void
say(struct reconcile *r, enum reconcile_code code, struct span endpoint,
    const char *order, const char *batch, const char *detail)
{
	const char *name = reconcile_code_name(code);
	struct quoted q;

	r->counts[code]++;
	if (r->shown >= (uint64_t)r->o->max_findings)
		return;
	r->shown++;
	if (!is_format(r, "text")) {
		put_row(r, name, endpoint, order, batch, NULL, detail);
		return;
	}
	printf("%-18s %s", name, endpoint.len ? quote(&q, endpoint) : order);
	if (endpoint.len && order[0])
		printf(" of %s", order);
	if (batch[0])
		printf(" batch %s", quote_str(&q, batch));
	printf("%s%s\n", detail[0] ? ": " : "", detail);
}

/* --- sums ----------------------------------------------------------------- */

static struct reconcile_group *
group_of(struct reconcile *r, const char *order, const char *batch)
{
	char key[2 * RECONCILE_TEXT_MAX + 2];
	const size_t order_len = strlen(order), batch_len = strlen(batch);
	struct reconcile_group *g;
	struct span k;

	memcpy(key, order, order_len + 1);
	memcpy(key + order_len + 1, batch, batch_len);
	k = span_of(key, order_len + 1 + batch_len);
	g = (struct reconcile_group *)table_get(&r->groups, k);
	if (g)
		return g;
	g = calloc(1, sizeof(*g) + k.len);
	if (!g)
		return NULL;
	memcpy(g + 1, key, k.len);
	memcpy(g->order, order, order_len + 1);
	memcpy(g->batch, batch, batch_len + 1);
	g->item.key = span_of(g + 1, k.len);
	table_put(&r->groups, &g->item);
	return g;
}

static bool
is_wanted(const struct reconcile *r, const char *order, const char *batch)
{
	return (!r->o->order || strcmp(r->o->order, order) == 0) &&
	    (!r->o->batch || strcmp(r->o->batch, batch) == 0);
}

/* --- what a device's own rows do not say ---------------------------------- */

static enum rc
is_by(void *ctx, const struct ledger_row *row)
{
	char text[RECONCILE_TEXT_MAX + 1];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	return ledger_field(row, "identity", &w) &&
		span_is(writer_span(&w), ctx)
	    ? RC_AGAIN
	    : RC_OK;
}

/** Are images minted by that identity? Of imported keys there are none. */
static enum rc
identity_mints(struct reconcile *r, char *identity, bool *out)
{
	const struct ledger_query q = {.kind = SPAN_LIT("image_minted")};
	enum rc rc;

	for (size_t i = 0; i < r->identity_count; i++)
		if (strcmp(r->identities[i], identity) == 0) {
			*out = r->mints[i];
			return RC_OK;
		}
	rc = ledger_read(r->ledger, &q, is_by, identity);
	*out = rc == RC_AGAIN;
	if (rc != RC_OK && rc != RC_AGAIN)
		return rc;
	if (r->identity_count < IDENTITIES_MAX) {
		snprintf(r->identities[r->identity_count],
		    sizeof(r->identities[0]), "%s", identity);
		r->mints[r->identity_count++] = *out;
	}
	return RC_OK;
}

struct live {
	struct ledger *l;
	char sha256[2 * DIGEST_LEN + 1];
	bool two;
};

static enum rc
is_live(void *ctx, const struct ledger_row *row)
{
	struct live *s = ctx;
	struct image_live live;
	bool revoked;
	enum rc rc = image_row_read(s->l, row, &live, &revoked);

	if (rc != RC_OK || revoked)
		return rc;
	s->two |= s->sha256[0] && strcmp(s->sha256, live.sha256) != 0;
	memcpy(s->sha256, live.sha256, sizeof(s->sha256));
	return s->two ? RC_AGAIN : RC_OK;
}

/** Also what was taken back by its fingerprint or number alone. */
static enum rc
two_live(struct reconcile *r, bool *out)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("image_minted"),
	    .endpoint = span_of(r->unit->endpoint, r->unit->endpoint_len),
	};
	struct live s = {.l = r->ledger};
	enum rc rc = ledger_read(r->ledger, &q, is_live, &s);

	*out = s.two;
	return rc == RC_AGAIN ? RC_OK : rc;
}

static enum rc
holds(struct reconcile *r, enum reconcile_code code, bool *out)
{
	*out = true;
	if (code == RECONCILE_BOOTED_NOT_MINTED)
		return identity_mints(r, r->unit->identity, out);
	if (code == RECONCILE_TWO_IMAGES)
		return two_live(r, out);
	return RC_OK;
}

static enum rc
judge(struct reconcile *r, struct reconcile_group *g)
{
	const struct reconcile_unit *u = r->unit;
	char detail[RECONCILE_DETAIL_MAX];

	for (unsigned i = 0; i < RECONCILE_CODES; i++) {
		enum reconcile_code code = (enum reconcile_code)i;
		bool found = false;
		enum rc rc = RC_OK;

		if (reconcile_unit_finding(u, &r->limits, code, detail))
			rc = holds(r, code, &found);
		if (rc != RC_OK)
			return rc;
		if (!found)
			continue;
		if (g && code != RECONCILE_NEVER_BOOTED)
			g->findings++;
		say(r, code, span_of(u->endpoint, u->endpoint_len), u->order,
		    u->batch, detail);
	}
	return RC_OK;
}

/** All rows of the device have gone by. */
static enum rc
end_unit(struct reconcile *r)
{
	const struct reconcile_unit *u = r->unit;
	const bool factory = u->image_count > 0 || u->flashed > 0;
	struct reconcile_group *g = NULL;

	if (u->endpoint_len == 0 || !is_wanted(r, u->order, u->batch))
		return RC_OK;
	if (factory) {
		g = group_of(r, u->order, u->batch);
		if (!g)
			return RC_MEMORY;
		g->minted += u->image_count > 0;
		g->flashed += u->flashed > 0;
		g->reflashed += u->flashed > 1;
		g->scrapped += u->scrapped;
		g->booted += u->booted > 0;
		g->waiting +=
		    u->image_count > 0 && !u->scrapped && u->booted == 0;
	}
	return judge(r, g);
}

static enum rc
see_row(void *ctx, const struct ledger_row *row)
{
	struct reconcile *r = ctx;
	struct reconcile_unit *u = r->unit;
	enum rc rc = RC_OK;

	if (!span_equal(row->endpoint, span_of(u->endpoint, u->endpoint_len))) {
		rc = end_unit(r);
		reconcile_unit_init(u, row->endpoint);
	}
	reconcile_unit_row(u, row, &r->limits);
	if (r->rows++ % 1024 == 0)
		progress_at(&r->progress, r->rows, r->total);
	/* the reader has gone (head): no need to go on */
	return rc == RC_OK && ferror(stdout) ? RC_IO : rc;
}

/* --- quotas --------------------------------------------------------------- */

/** "line-1=600 line-2=400": the next one. */
static bool
next_station(struct span *rest, struct span *name, uint64_t *quota)
{
	const uint8_t *space =
	    rest->len ? memchr(rest->p, ' ', rest->len) : NULL;
	struct span one =
	    space ? span_of(rest->p, (size_t)(space - rest->p)) : *rest;
	const uint8_t *equals = one.len ? memchr(one.p, '=', one.len) : NULL;

	*rest = span_from(*rest, one.len + (space ? 1 : 0));
	if (!equals)
		return false;
	*name = span_of(one.p, (size_t)(equals - one.p));
	return span_decimal(span_from(one, name->len + 1), UINT64_MAX, quota);
}

static void
over(struct reconcile *r, const char *order, struct span station, uint64_t used,
    uint64_t quota)
{
	char detail[RECONCILE_DETAIL_MAX];

	if (used <= quota)
		return;
	snprintf(detail, sizeof(detail),
	    "%llu units, and the %s%.*s%s may mint %llu",
	    (unsigned long long)used, station.len ? "station " : "order",
	    SPAN_FMT(station), station.len ? " of it" : "",
	    (unsigned long long)quota);
	say(r, RECONCILE_OVER_QUOTA, span_of(NULL, 0), order, "", detail);
}

/** Stations that were apart may have minted more than they should together. */
static enum rc
see_order(void *ctx, const struct ledger_row *row)
{
	char order[RECONCILE_TEXT_MAX + 1], words[16], text[8192];
	struct reconcile *r = ctx;
	struct ledger_order known;
	struct span rest, station;
	struct writer w;
	int64_t quota, revision;
	uint64_t own;
	bool replaced;
	enum rc rc;

	writer_init(&w, order, sizeof(order) - 1);
	if (!ledger_field(row, "order", &w) ||
	    !ledger_field_int(row, "quota", &quota) ||
	    !ledger_field_int(row, "revision", &revision))
		return RC_OK;
	order[w.len] = '\0';
	rc = ledger_order(r->ledger, writer_span(&w), span_of(NULL, 0), &known);
	if (rc != RC_OK || known.revision != revision ||
	    (r->o->order && strcmp(r->o->order, order) != 0))
		return rc;
	writer_init(&w, words, sizeof(words));
	replaced = ledger_field(row, "scrapped", &w) &&
	    span_is(writer_span(&w), "replaced");
	over(r, order, span_of(NULL, 0),
	    known.units - (replaced ? known.scrapped : 0), (uint64_t)quota);
	writer_init(&w, text, sizeof(text));
	if (!ledger_field(row, "stations", &w))
		return RC_OK;
	rest = writer_span(&w);
	while (rest.len > 0 && next_station(&rest, &station, &own)) {
		rc = ledger_order(r->ledger, span_str(order), station, &known);
		if (rc != RC_OK)
			return rc;
		over(r, order, station,
		    known.station_units -
			(replaced ? known.station_scrapped : 0),
		    own);
	}
	return RC_OK;
}

/* --- the end -------------------------------------------------------------- */

static void
take_group(void *ctx, struct table_item *item)
{
	struct reconcile *r = ctx;

	r->sorted[r->sorted_count++] = (struct reconcile_group *)item;
}

static int
by_name(const void *a, const void *b)
{
	const struct reconcile_group *const *x = a, *const *y = b;
	int order = strcmp((*x)->order, (*y)->order);

	return order != 0 ? order : strcmp((*x)->batch, (*y)->batch);
}

static void
print_group(struct reconcile *r, const struct reconcile_group *g)
{
	struct quoted q;

	if (!is_format(r, "text")) {
		put_row(r, "", span_of(NULL, 0), g->order, g->batch, g, "");
		return;
	}
	printf("%-20s %-20s %9llu %9llu %9llu %9llu %9llu %9llu\n",
	    g->order[0] ? g->order : "-",
	    g->batch[0] ? quote_str(&q, g->batch) : "-",
	    (unsigned long long)g->minted, (unsigned long long)g->flashed,
	    (unsigned long long)g->reflashed, (unsigned long long)g->scrapped,
	    (unsigned long long)g->booted, (unsigned long long)g->waiting);
}

static enum rc
print_groups(struct reconcile *r)
{
	r->sorted =
	    calloc(r->groups.count + 1, sizeof(struct reconcile_group *));
	if (!r->sorted)
		return RC_MEMORY;
	table_each(&r->groups, take_group, r);
	qsort(r->sorted, r->sorted_count, sizeof(struct reconcile_group *),
	    by_name);
	if (is_format(r, "text"))
		printf("%s%-20s %-20s %9s %9s %9s %9s %9s %9s\n",
		    r->shown ? "\n" : "", "order", "batch", "minted", "flashed",
		    "reflashed", "scrapped", "booted", "waiting");
	for (size_t i = 0; i < r->sorted_count; i++)
		print_group(r, r->sorted[i]);
	return RC_OK;
}

static int
verdict(const struct reconcile *r)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < RECONCILE_CODES; i++) {
		all += r->counts[i];
		if (r->counts[i] > 0)
			fprintf(stderr, "%s: %llu\n",
			    reconcile_code_name((enum reconcile_code)i),
			    (unsigned long long)r->counts[i]);
	}
	if (all > r->shown)
		fprintf(stderr,
		    "%llu of them are not shown; --max-findings N\n",
		    (unsigned long long)(all - r->shown));
	return all > r->counts[RECONCILE_NEVER_BOOTED] ? 2 : EX_OK;
}

static enum rc
walk(struct reconcile *r)
{
	const struct ledger_query orders = {.kind = SPAN_LIT("order_opened")};
	uint8_t head[DIGEST_LEN];
	enum rc rc = ledger_snapshot(r->ledger);

	if (rc == RC_OK)
		rc = ledger_head(r->ledger, &r->total, head);
	progress_begin(&r->progress, "reading rows");
	if (rc == RC_OK)
		rc = ledger_by_endpoint(r->ledger, see_row, r);
	if (rc == RC_OK)
		rc = end_unit(r);
	progress_end(&r->progress);
	if (rc == RC_OK && !r->o->batch)
		rc = ledger_read(r->ledger, &orders, see_order, r);
	if (rc == RC_OK)
		rc = print_groups(r);
	ledger_snapshot_end(r->ledger);
	return rc;
}

static void
free_group(void *ctx, struct table_item *item)
{
	struct reconcile *r = ctx;

	table_remove(&r->groups, item);
	free(item);
}

static int
run(struct reconcile *r, const struct options *o)
{
	struct settings s;
	struct quoted q;
	enum rc rc;
	int code = settings_load(o, SETTINGS_LEDGER, &s);

	if (code == EX_OK)
		code = record_open(s.ledger, LEDGER_READ, &r->ledger);
	if (code == EX_OK) {
		rc = walk(r);
		if (rc == RC_MEMORY)
			code = tool_fault(rc, "reconcile");
		else if (rc != RC_OK && rc != RC_IO)
			code = tool_error(EX_IOERR,
			    "see audit verify, or restore it from a copy",
			    "ledger %s cannot be read (%s)",
			    quote_str(&q, s.ledger), rc_name(rc));
		else
			code = verdict(r);
	}
	ledger_close(r->ledger);
	settings_fini(&s);
	return code;
}

int
audit_reconcile(const struct options *o)
{
	struct reconcile *r = calloc(1, sizeof(*r));
	struct reconcile_unit *unit = calloc(1, sizeof(*unit));
	int code;

	if (!r || !unit || table_init(&r->groups) != RC_OK) {
		free(unit);
		free(r);
		return tool_fault(RC_MEMORY, "reconcile");
	}
	r->o = o;
	r->unit = unit;
	r->limits = (struct reconcile_limits){
	    .prefix4 = (unsigned)o->prefix4,
	    .prefix6 = (unsigned)o->prefix6,
	    .window_ms = o->window_s * 1000,
	    .idle_ms = o->idle_s * 1000,
	    .now_ms = (int64_t)clock_wall_ms(),
	};
	code = run(r, o);
	table_each(&r->groups, free_group, r);
	table_fini(&r->groups);
	free(r->sorted);
	free(r->unit);
	free(r);
	return code;
}
