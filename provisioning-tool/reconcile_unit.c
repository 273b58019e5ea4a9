/* One device, as its rows tell of it. */
#include "reconcile.h"

#include "tool.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const code_names[] = {
    [RECONCILE_BOOTED_NOT_MINTED] = "booted-not-minted",
    [RECONCILE_FLASHED_NOT_MINTED] = "flashed-not-minted",
    [RECONCILE_OTHER_BYTES] = "other-bytes",
    [RECONCILE_OVER_QUOTA] = "over-quota",
    [RECONCILE_SCRAPPED_BOOTED] = "scrapped-booted",
    [RECONCILE_SCRAPPED_FLASHED] = "scrapped-flashed",
    [RECONCILE_TWO_NETWORKS] = "two-networks",
    [RECONCILE_TWO_IMAGES] = "two-images",
    [RECONCILE_TWO_UNITS] = "two-units",
    [RECONCILE_NEVER_BOOTED] = "never-booted",
};

const char *
reconcile_code_name(enum reconcile_code code)
{
	return code_names[code];
}

void
reconcile_unit_init(struct reconcile_unit *u, struct span endpoint)
{
	/* a million times: not what nobody reads */
	memset(u, 0, offsetof(struct reconcile_unit, endpoint));
	u->endpoint_len = endpoint.len;
	memcpy(u->endpoint, endpoint.p, endpoint.len);
}

/** The fields of a row that matter here, as they stand there. */
struct facts {
	struct span order, batch, sha256, fingerprint, chip, identity, address;
	struct span outcome;
	bool again;
};

static void
read_facts(const struct ledger_row *row, struct facts *f)
{
	const struct {
		const char *name;
		struct span *at;
	} fields[] = {
	    {"order", &f->order},
	    {"batch", &f->batch},
	    {"sha256", &f->sha256},
	    {"fingerprint", &f->fingerprint},
	    {"chip", &f->chip},
	    {"identity", &f->identity},
	    {"address", &f->address},
	    {"outcome", &f->outcome},
	};
	struct span rest = row->data;
	struct ledger_member m;

	*f = (struct facts){0};
	for (bool first = true; ledger_member_next(&rest, first, &m);
	     first = false) {
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			if (m.is_text && span_is(m.name, fields[i].name))
				*fields[i].at = m.raw;
		if (span_is(m.name, "again"))
			f->again = span_is(m.raw, "true");
	}
}

static void
keep(char *out, size_t cap, struct span text)
{
	size_t len = text.len < cap ? text.len : cap - 1;

	memcpy(out, text.p, len);
	out[len] = '\0';
}

#define KEEP(out, text) keep((out), sizeof(out), (text))

static void
see_minted(struct reconcile_unit *u, const struct ledger_row *row,
    const struct facts *f)
{
	struct reconcile_image *at =
	    &u->images[u->image_count++ % RECONCILE_IMAGES];

	*at = (struct reconcile_image){.seq = row->seq};
	KEEP(at->sha256, f->sha256);
	KEEP(at->fingerprint, f->fingerprint);
	/* made once more without them, it is theirs all the same */
	if (f->order.len > 0)
		KEEP(u->order, f->order);
	if (f->batch.len > 0)
		KEEP(u->batch, f->batch);
	u->minted_ms = row->time_ms;
	u->scrapped = false;
}

static size_t
images_kept(const struct reconcile_unit *u)
{
	return u->image_count < RECONCILE_IMAGES ? u->image_count
						 : RECONCILE_IMAGES;
}

static void
see_chip(struct reconcile_unit *u, struct span chip)
{
	char text[RECONCILE_TEXT_MAX + 1];

	if (chip.len == 0)
		return;
	KEEP(text, chip);
	for (size_t i = 0; i < u->chip_count; i++)
		if (strcmp(u->chips[i], text) == 0)
			return;
	if (u->chip_count < RECONCILE_CHIPS)
		memcpy(u->chips[u->chip_count++], text, sizeof(text));
	else
		u->many_chips = true;
}

static void
see_flashed(struct reconcile_unit *u, const struct facts *f)
{
	bool same = f->sha256.len == 0 || u->image_count > RECONCILE_IMAGES;

	for (size_t i = 0; i < images_kept(u); i++)
		same |= span_is(f->sha256, u->images[i].sha256);
	u->other_bytes |= u->image_count > 0 && !same;
	u->scrapped_flashed |= u->scrapped;
	u->flashed++;
	see_chip(u, f->chip);
	if (u->image_count > 0)
		return;
	KEEP(u->order, f->order);
	KEEP(u->batch, f->batch);
}

/* --- networks ------------------------------------------------------------- */

static void
mask(struct address *a, unsigned prefix)
{
	const unsigned bytes = a->family == 4 ? 4 : 16;

	for (unsigned i = 0; i < bytes; i++) {
		unsigned bits = prefix > 8 * i ? prefix - 8 * i : 0;

		if (bits < 8)
			a->ip[i] &= (uint8_t)(0xff00 >> bits);
	}
	a->port = 0;
	a->scope = 0;
}

static bool
is_same(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	    memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

static void
see_network(struct reconcile_unit *u, struct address *at, int64_t time_ms,
    const struct reconcile_limits *limits)
{
	struct reconcile_network *mine = NULL, *oldest = &u->networks[0];
	struct reconcile_network *last = NULL;

	mask(at, at->family == 4 ? limits->prefix4 : limits->prefix6);
	for (size_t i = 0; i < u->network_count; i++) {
		struct reconcile_network *n = &u->networks[i];

		if (is_same(&n->at, at))
			mine = n;
		else if (!last || n->last_ms > last->last_ms)
			last = n;
		if (n->last_ms < oldest->last_ms)
			oldest = n;
	}
	/* the one that it was at before, unless it has come back by here */
	if (last && (!mine || mine->last_ms < last->last_ms) &&
	    time_ms - last->last_ms <= limits->window_ms) {
		if (!u->two_networks) {
			u->one = last->at;
			u->other = *at;
			u->apart_s =
			    (uint64_t)llabs(time_ms - last->last_ms) / 1000;
		}
		u->two_networks = true;
		u->moves++;
	}
	if (!mine)
		mine = u->network_count < RECONCILE_NETWORKS
		    ? &u->networks[u->network_count++]
		    : oldest;
	*mine = (struct reconcile_network){*at, time_ms};
}

static void
see_begin(struct reconcile_unit *u, const struct ledger_row *row,
    const struct facts *f, const struct reconcile_limits *limits)
{
	struct address at;

	u->came++;
	u->scrapped_came |= u->scrapped;
	KEEP(u->identity, f->identity);
	if (address_parse(f->address, &at) == RC_OK)
		see_network(u, &at, row->time_ms, limits);
}

static void
see_revoked(struct reconcile_unit *u, const struct facts *f)
{
	for (size_t i = 0; i < images_kept(u); i++)
		if (f->fingerprint.len > 0 &&
		    span_is(f->fingerprint, u->images[i].fingerprint))
			u->images[i].revoked = true;
}

void
reconcile_unit_row(struct reconcile_unit *u, const struct ledger_row *row,
    const struct reconcile_limits *limits)
{
	struct facts f;

	read_facts(row, &f);
	if (span_is(row->kind, "image_minted"))
		see_minted(u, row, &f);
	else if (span_is(row->kind, "certificate_signed"))
		u->certified = true;
	else if (span_is(row->kind, "unit_flashed"))
		see_flashed(u, &f);
	else if (span_is(row->kind, "unit_scrapped"))
		u->scrapped = true;
	else if (span_is(row->kind, "bootstrap_begin"))
		see_begin(u, row, &f, limits);
	else if (span_is(row->kind, "bootstrap_end"))
		u->booted += span_is(f.outcome, "ok");
	else if (span_is(row->kind, "credential_revoked"))
		see_revoked(u, &f);
}

/* --- what there is to say ------------------------------------------------- */

static bool
networks(const struct reconcile_unit *u, const struct reconcile_limits *limits,
    char *detail)
{
	char one[ADDRESS_TEXT_MAX], other[ADDRESS_TEXT_MAX];
	struct writer a, b;

	if (!u->two_networks)
		return false;
	writer_init(&a, one, sizeof(one));
	address_print_ip(&a, &u->one);
	writer_init(&b, other, sizeof(other));
	address_print_ip(&b, &u->other);
	snprintf(detail, RECONCILE_DETAIL_MAX,
	    "from %.*s/%u and %llu s later from %.*s/%u, %llu times from one "
	    "to another",
	    SPAN_FMT(writer_span(&a)),
	    u->one.family == 4 ? limits->prefix4 : limits->prefix6,
	    (unsigned long long)u->apart_s, SPAN_FMT(writer_span(&b)),
	    u->other.family == 4 ? limits->prefix4 : limits->prefix6,
	    (unsigned long long)u->moves);
	return true;
}

static bool
images(const struct reconcile_unit *u, char *detail)
{
	const struct reconcile_image *one = NULL;

	for (size_t i = 0; i < images_kept(u); i++) {
		const struct reconcile_image *n = &u->images[i];

		if (n->revoked)
			continue;
		if (!one) {
			one = n;
		} else if (strcmp(one->sha256, n->sha256) != 0) {
			snprintf(detail, RECONCILE_DETAIL_MAX,
			    "rows %llu and %llu, of other bytes",
			    (unsigned long long)one->seq,
			    (unsigned long long)n->seq);
			return true;
		}
	}
	return false;
}

static bool
units(const struct reconcile_unit *u, char *detail)
{
	struct quoted one, other;

	if (u->chip_count < 2)
		return false;
	snprintf(detail, RECONCILE_DETAIL_MAX,
	    "flashed onto %.150s and %.150s%s", quote_str(&one, u->chips[0]),
	    quote_str(&other, u->chips[1]),
	    u->chip_count > 2 || u->many_chips ? " and more" : "");
	return true;
}

static bool
idle(const struct reconcile_unit *u, const struct reconcile_limits *limits,
    char *detail)
{
	const int64_t since_ms = limits->now_ms - u->minted_ms;

	if (u->image_count == 0 || u->scrapped || u->booted > 0 ||
	    since_ms < limits->idle_ms)
		return false;
	snprintf(detail, RECONCILE_DETAIL_MAX,
	    "minted %lld days ago, %s and not booted",
	    (long long)(since_ms / 86400000),
	    u->flashed > 0 ? "flashed" : "never said to be flashed");
	return true;
}

bool
reconcile_unit_finding(const struct reconcile_unit *u,
    const struct reconcile_limits *limits, enum reconcile_code code,
    char detail[static RECONCILE_DETAIL_MAX])
{
	const bool minted = u->image_count > 0;

	detail[0] = '\0';
	switch (code) {
	case RECONCILE_BOOTED_NOT_MINTED:
		if (minted || u->certified || u->came == 0 || !u->identity[0])
			return false;
		snprintf(detail, RECONCILE_DETAIL_MAX,
		    "came %llu times by identity %.128s",
		    (unsigned long long)u->came, u->identity);
		return true;
	case RECONCILE_FLASHED_NOT_MINTED:
		return !minted && u->flashed > 0;
	case RECONCILE_OTHER_BYTES:
		return u->other_bytes;
	case RECONCILE_SCRAPPED_BOOTED:
		return u->scrapped_came;
	case RECONCILE_SCRAPPED_FLASHED:
		return u->scrapped_flashed;
	case RECONCILE_TWO_NETWORKS:
		return networks(u, limits, detail);
	case RECONCILE_TWO_IMAGES:
		return images(u, detail);
	case RECONCILE_TWO_UNITS:
		return units(u, detail);
	case RECONCILE_NEVER_BOOTED:
		return idle(u, limits, detail);
	case RECONCILE_OVER_QUOTA:
	case RECONCILE_CODES:
		break;
	}
	return false;
}
