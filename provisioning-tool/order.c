/* What an order lets a station mint, as the ledger counts it. */
#include "order.h"

#include "hsm/der.h"
#include "policy/match.h"
#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	STATIONS_TEXT_MAX = ORDER_STATIONS_MAX * (64 + 12),
};

/* --- before anything is minted -------------------------------------------- */

static int
check_options(const struct options *o, const struct order_use *use)
{
	struct quoted q;

	if (!o->order && (o->signers || o->station))
		return tool_error(EX_USAGE, "add --order FILE",
		    "--signers and --station are of a work order");
	if (o->order && (!o->signers || !o->station))
		return tool_error(EX_USAGE,
		    "add --signers FILE, who may sign orders, and --station "
		    "NAME, which of its stations this is",
		    "--order alone does not say whether it holds");
	if (!o->order && use->identity->needs_order)
		return tool_error(EX_NOPERM,
		    "add --order FILE --signers FILE --station NAME",
		    "by identity %s (%s:%u) images are minted under a work "
		    "order alone",
		    quote_str(&q, use->identity->name),
		    use->identity->place.file, use->identity->place.line);
	return EX_OK;
}

static int
not_for(const struct order *o, const char *what, const char *wanted,
    const char *found)
{
	struct quoted file, name;

	return tool_error(EX_NOPERM, "see what it is for: order show",
	    "order %s (%s) is for %s %s, not for %s", o->name,
	    quote_str(&file, o->file), what, wanted,
	    found ? quote_str(&name, found) : "what options say");
}

static int
check_use(const struct order *o, const struct order_use *use)
{
	if (o->identity && strcmp(o->identity, use->identity->name) != 0)
		return not_for(o, "identity", o->identity, use->identity->name);
	if (o->image && (!use->image || strcmp(o->image, use->image) != 0))
		return not_for(o, "image", o->image, use->image);
	if (o->batch && use->batch && strcmp(o->batch, use->batch) != 0)
		return not_for(o, "batch", o->batch, use->batch);
	return EX_OK;
}

/* --- the row that pins its content ---------------------------------------- */

static void
put_time(
    struct field *f, size_t *n, const char *name, int64_t time_s, char text[32])
{
	struct writer w;

	if (time_s == INT64_MIN)
		return;
	writer_init(&w, text, 32);
	der_print_time(&w, time_s);
	f[(*n)++] = F_TEXT(name, writer_span(&w));
}

static void
put_text(struct field *f, size_t *n, const char *name, const char *text)
{
	if (text)
		f[(*n)++] = F_TEXT(name, text);
}

static enum rc
append_opened(const struct order *o, struct ledger *l)
{
	char stations[STATIONS_TEXT_MAX], from[32], until[32];
	struct ledger_event e = {.kind = "order_opened"};
	struct field f[16];
	struct writer w;
	size_t n = 0;

	writer_init(&w, stations, sizeof(stations));
	for (size_t i = 0; i < o->station_count; i++)
		writer_fmt(&w, "%s%s=%llu", i ? " " : "", o->stations[i].name,
		    (unsigned long long)o->stations[i].quota);
	f[n++] = F_TEXT("order", o->name);
	f[n++] = F_INT("revision", o->revision);
	f[n++] = F_BYTES("sha256", span_of(o->sha256, DIGEST_LEN));
	f[n++] = F_INT("quota", o->quota);
	f[n++] = F_TEXT("stations", writer_span(&w));
	f[n++] = F_TEXT("scrapped", o->replaces ? "replaced" : "counted");
	put_text(f, &n, "batch", o->batch);
	put_text(f, &n, "image", o->image);
	put_text(f, &n, "identity", o->identity);
	put_text(f, &n, "endpoints", o->endpoint);
	put_time(f, &n, "not_before", o->not_before_s, from);
	put_time(f, &n, "not_after", o->not_after_s, until);
	f[n++] = F_TEXT("signer", o->signer);
	f[n++] = F_TEXT("signed_by", (const char *)o->fingerprint);
	e.fields = f;
	e.field_count = n;
	return ledger_append(l, &e, NULL);
}

static bool
is_pinned(const struct order *o, const struct ledger_order *known)
{
	char hex[HEX_TEXT_MAX];

	return known->revision == o->revision &&
	    strcmp(known->sha256,
		hex_text(hex, span_of(o->sha256, DIGEST_LEN))) == 0;
}

static int
another(const struct order *o, const struct ledger_order *known)
{
	struct quoted q;

	if (known->revision > o->revision)
		return tool_error(EX_NOPERM, "take the newest one",
		    "order %s (%s) is revision %lld; in this ledger revision "
		    "%lld of it was opened",
		    o->name, quote_str(&q, o->file), (long long)o->revision,
		    (long long)known->revision);
	return tool_error(EX_NOPERM,
	    "take the file that was opened first; a changed order is signed "
	    "with a higher `revision:`",
	    "order %s (%s) is not the one that was opened in this ledger, of "
	    "SHA-256 %.16s...",
	    o->name, quote_str(&q, o->file), known->sha256);
}

/* In the open group. `code`: what is to be said to the user. */
static enum rc
open_in_group(const struct order *o, struct ledger *l,
    struct ledger_order *known, bool *refused)
{
	enum rc rc =
	    ledger_order(l, span_str(o->name), span_of(NULL, 0), known);

	*refused = rc == RC_OK && known->opened &&
	    known->revision >= o->revision && !is_pinned(o, known);
	if (rc == RC_OK && !*refused && !is_pinned(o, known))
		rc = append_opened(o, l);
	return rc;
}

static int
open_order(const struct order *o, struct ledger *l)
{
	struct ledger_order known = {0};
	bool refused = false;
	struct quoted q;
	enum rc rc = ledger_begin(l);

	if (rc == RC_OK) {
		rc = open_in_group(o, l, &known, &refused);
		if (rc == RC_OK && !refused)
			rc = ledger_commit(l);
		else
			ledger_rollback(l);
	}
	if (rc != RC_OK)
		return tool_error(EX_IOERR,
		    rc == RC_FULL ? "make room on its disk and try again"
				  : "see that the file and its folder can be "
				    "written",
		    "the ledger took no row of order %s (%s): %s", o->name,
		    quote_str(&q, o->file), rc_name(rc));
	return refused ? another(o, &known) : EX_OK;
}

int
order_begin(const struct options *o, const struct order_use *use,
    struct ledger *l, int64_t now_s, struct order **out)
{
	int code = check_options(o, use);

	*out = NULL;
	if (code != EX_OK || !o->order)
		return code;
	if (!l)
		return tool_error(EX_USAGE, "add --ledger FILE, or -c FILE",
		    "a work order is counted in a ledger");
	code = order_load(o->order, o->signers, o->station, now_s, out);
	if (code == EX_OK)
		code = check_use(*out, use);
	if (code == EX_OK)
		code = open_order(*out, l);
	if (code != EX_OK) {
		order_free(*out);
		*out = NULL;
	}
	return code;
}

/* --- unit by unit --------------------------------------------------------- */

static uint64_t
left(uint64_t quota, uint64_t used)
{
	return quota > used ? quota - used : 0;
}

static void
count(const struct order *o, const struct order_station *station,
    const struct ledger_order *known, struct order_room *out)
{
	*out = (struct order_room){
	    .used = known->units,
	    .station_used = known->station_units,
	    .scrapped = known->scrapped,
	    .station_scrapped = known->station_scrapped,
	};
	if (o->replaces) {
		out->used -= out->scrapped;
		out->station_used -= out->station_scrapped;
	}
	out->left = left(o->quota, out->used);
	out->station_left =
	    station ? left(station->quota, out->station_used) : out->left;
	if (out->station_left > out->left)
		out->station_left = out->left;
}

enum rc
order_room(const struct order *o, struct ledger *l,
    const struct order_station *station, struct order_room *out)
{
	struct ledger_order known;
	enum rc rc = ledger_order(l, span_str(o->name),
	    station ? span_str(station->name) : span_of(NULL, 0), &known);

	if (rc == RC_OK)
		count(o, station, &known, out);
	return rc;
}

PRINTF_LIKE(4, 5)
static enum rc
refuse(struct order_refusal *why, bool stops, const char *remedy,
    const char *fmt, ...)
{
	va_list ap;

	*why = (struct order_refusal){.stops = stops};
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	snprintf(why->remedy, sizeof(why->remedy), "%s", remedy);
	return RC_DENIED;
}

static enum rc
check_room(const struct order *o, const struct ledger_order *known,
    struct order_refusal *why)
{
	static const char remedy[] = "another order is signed for more; order "
				     "show says what is used";
	struct order_room room;

	count(o, o->station, known, &room);
	if (room.left == 0)
		return refuse(why, true, remedy,
		    "the %llu units of order %s are used up",
		    (unsigned long long)o->quota, o->name);
	if (room.station_left == 0)
		return refuse(why, true, remedy,
		    "the %llu units of station %s in order %s are used up",
		    (unsigned long long)o->station->quota, o->station->name,
		    o->name);
	return RC_OK;
}

enum rc
order_claim(const struct order *o, struct ledger *l, struct span endpoint,
    int64_t now_s, struct order_refusal *why)
{
	const char *fault = order_time_fault(o, now_s);
	struct ledger_order known;
	struct quoted q;
	bool scrapped;
	enum rc rc;

	if (fault)
		return refuse(why, true, "see its times: order show",
		    "order %s %s", o->name, fault);
	if (o->endpoint && !glob_match(o->endpoint, endpoint))
		return refuse(why, false,
		    "see which endpoints it is for: order show",
		    "order %s is not for %.400s", o->name, quote(&q, endpoint));
	rc = ledger_order(
	    l, span_str(o->name), span_str(o->station->name), &known);
	if (rc != RC_OK)
		return rc;
	/* another process may have opened a higher revision since */
	if (!known.opened || !is_pinned(o, &known))
		return refuse(why, true, "take the newest one",
		    "order %s is in force in revision %lld by now", o->name,
		    (long long)known.revision);
	rc = ledger_order_unit(l, span_str(o->name), endpoint, &scrapped);
	if (rc == RC_OK && (!scrapped || !o->replaces))
		return RC_OK;
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	return check_room(o, &known, why);
}
