/*
 * order show: a work order in words, by whom it is signed, and what is used of
 * it and left.
 */
#include "order.h"

#include "hsm/der.h"
#include "record.h"
#include "rows.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void
print_time(const char *before, int64_t time_s)
{
	char text[32];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	der_print_time(&w, time_s);
	printf("%s%.*s", before, (int)w.len, text);
}

static void
print_text(const char *name, const char *text)
{
	struct quoted q;

	if (text)
		printf("%-12s %s\n", name, quote_str(&q, text));
}

static void
print_what(const struct order *o, int64_t now_s)
{
	const char *fault = order_time_fault(o, now_s);
	char hex[HEX_TEXT_MAX];

	printf("%-12s %s revision %lld\n", "order", o->name,
	    (long long)o->revision);
	print_text("description", o->description);
	print_text("customer", o->customer);
	print_text("identity", o->identity);
	print_text("image", o->image);
	print_text("batch", o->batch);
	print_text("endpoints", o->endpoint ? o->endpoint : "*");
	printf("%-12s", "valid");
	if (o->not_before_s != INT64_MIN)
		print_time(" from ", o->not_before_s);
	print_time(" until ", o->not_after_s);
	printf("; it %s\n", fault ? fault : "is valid now");
	printf("%-12s a unit that is scrapped %s\n", "scrapped",
	    o->replaces ? "may be replaced by another" : "counts all the same");
	printf("%-12s %s\n", "SHA-256",
	    hex_text(hex, span_of(o->sha256, DIGEST_LEN)));
}

static void
print_units(const char *name, const char *station, uint64_t quota,
    const struct order_room *room, uint64_t used, uint64_t free_,
    uint64_t scrapped)
{
	printf("%-12s %s%s%llu units", name, station, station[0] ? ": " : "",
	    (unsigned long long)quota);
	if (room)
		printf(", %llu used (%llu scrapped), %llu left",
		    (unsigned long long)used, (unsigned long long)scrapped,
		    (unsigned long long)free_);
	putchar('\n');
}

static void
print_known(const struct order *o, const struct ledger_order *known)
{
	char hex[HEX_TEXT_MAX];

	hex_text(hex, span_of(o->sha256, DIGEST_LEN));
	if (!known->opened)
		printf("%-12s not opened there yet\n", "ledger");
	else if (known->revision == o->revision &&
	    strcmp(known->sha256, hex) == 0)
		printf("%-12s in force there\n", "ledger");
	else
		printf("%-12s NOT IN FORCE: revision %lld of SHA-256 %.16s... "
		       "is\n",
		    "ledger", (long long)known->revision, known->sha256);
}

enum rc
order_print(const struct order *o, struct ledger *l, int64_t now_s)
{
	struct order_room room = {0};
	struct ledger_order known;
	enum rc rc = RC_OK;

	print_what(o, now_s);
	if (l)
		rc = ledger_order(
		    l, span_str(o->name), span_of(NULL, 0), &known);
	if (l && rc == RC_OK)
		print_known(o, &known);
	for (size_t i = 0; i < o->station_count && rc == RC_OK; i++) {
		const struct order_station *s = &o->stations[i];

		if (l)
			rc = order_room(o, l, s, &room);
		if (rc == RC_OK)
			print_units("station", s->name, s->quota,
			    l ? &room : NULL, room.station_used,
			    room.station_left, room.station_scrapped);
	}
	if (l && rc == RC_OK)
		rc = order_room(o, l, NULL, &room);
	if (rc == RC_OK)
		print_units("quota", "", o->quota, l ? &room : NULL, room.used,
		    room.left, room.scrapped);
	return rc;
}

/* --- for machines --------------------------------------------------------- */

static void
member(bool *first, const struct field *f)
{
	if (!*first)
		putchar(',');
	*first = false;
	rows_json_member(f);
}

static void
member_time(bool *first, const char *name, int64_t time_s)
{
	char text[32];
	struct writer w;
	struct field f;

	if (time_s == INT64_MIN)
		return;
	writer_init(&w, text, sizeof(text));
	der_print_time(&w, time_s);
	f = F_TEXT(name, writer_span(&w));
	member(first, &f);
}

static void
put_room(bool *first, uint64_t quota, uint64_t used, uint64_t left,
    uint64_t scrapped, bool known)
{
	const struct field f[] = {
	    F_INT("quota", quota),
	    F_INT("used", used),
	    F_INT("left", left),
	    F_INT("scrapped", scrapped),
	};

	for (size_t i = 0; i < (known ? 4 : 1); i++)
		member(first, &f[i]);
}

static enum rc
put_stations(const struct order *o, struct ledger *l)
{
	enum rc rc = RC_OK;

	printf(",\"stations\":[");
	for (size_t i = 0; i < o->station_count && rc == RC_OK; i++) {
		const struct order_station *s = &o->stations[i];
		const struct field name = F_TEXT("station", s->name);
		struct order_room room = {0};
		bool first = true;

		if (l)
			rc = order_room(o, l, s, &room);
		printf(i > 0 ? ",{" : "{");
		member(&first, &name);
		put_room(&first, s->quota, room.station_used, room.station_left,
		    room.station_scrapped, l != NULL);
		putchar('}');
	}
	putchar(']');
	return rc;
}

enum rc
order_print_json(const struct order *o, struct ledger *l, int64_t now_s)
{
	const struct field named[] = {
	    F_TEXT("order", o->name),
	    F_INT("revision", o->revision),
	    F_BYTES("sha256", span_of(o->sha256, DIGEST_LEN)),
	    F_TEXT("scrapped_units", o->replaces ? "replaced" : "counted"),
	    F_BOOL("valid_now", !order_time_fault(o, now_s)),
	};
	const struct {
		const char *name, *text;
	} texts[] = {
	    {"description", o->description},
	    {"customer", o->customer},
	    {"identity", o->identity},
	    {"image", o->image},
	    {"batch", o->batch},
	    {"endpoint", o->endpoint},
	    {"signer", o->signer},
	    {"signed_by", o->signer ? o->fingerprint : NULL},
	};
	struct order_room room = {0};
	struct ledger_order known = {0};
	bool first = true;
	enum rc rc = RC_OK;

	putchar('{');
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		member(&first, &named[i]);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct field f;

		if (!texts[i].text)
			continue;
		f = F_TEXT(texts[i].name, texts[i].text);
		member(&first, &f);
	}
	member_time(&first, "not_before", o->not_before_s);
	member_time(&first, "not_after", o->not_after_s);
	if (l)
		rc = order_room(o, l, NULL, &room);
	if (l && rc == RC_OK)
		rc = ledger_order(
		    l, span_str(o->name), span_of(NULL, 0), &known);
	put_room(
	    &first, o->quota, room.used, room.left, room.scrapped, l != NULL);
	if (known.opened)
		printf(",\"opened_revision\":%lld", (long long)known.revision);
	if (rc == RC_OK)
		rc = put_stations(o, l);
	printf("}\n");
	return rc;
}

/* --- the verb ------------------------------------------------------------- */

static int
print(const struct options *o, const struct order *order, struct ledger *l,
    int64_t now_s)
{
	const bool json = strcmp(o->format, "json") == 0;
	enum rc rc = json ? order_print_json(order, l, now_s)
			  : order_print(order, l, now_s);

	if (rc != RC_OK)
		return tool_fault(rc, "order");
	if (json)
		return EX_OK;
	if (order->signer)
		printf("%-12s %s %s\n", "signed by", order->signer,
		    order->fingerprint);
	else
		printf("%-12s nobody looked: --signers FILE\n", "signed by");
	return EX_OK;
}

int
order_show(const struct options *o)
{
	const int64_t now_s = time(NULL);
	struct settings settings;
	struct order *order = NULL;
	struct ledger *l = NULL;
	int code = settings_load(o, 0, &settings);

	if (code == EX_OK && o->signers)
		code =
		    order_load(o->operands[0], o->signers, NULL, now_s, &order);
	else if (code == EX_OK)
		code = order_look(o->operands[0], &order);
	if (code == EX_OK && settings.ledger)
		code = record_open(settings.ledger, LEDGER_READ, &l);
	if (code == EX_OK)
		code = print(o, order, l, now_s);
	ledger_close(l);
	order_free(order);
	settings_fini(&settings);
	return code;
}
