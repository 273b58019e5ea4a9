/* A row of bootstrap_begin, taken apart in one go: there are millions. */
#include "issue/replay.h"

#include "base/text.h"

enum part {
	PART_CREDENTIAL,
	PART_KIND,
	PART_FINGERPRINT,
	PART_SERIAL,
	PART_ISSUER_KEY,
	PART_ANCHOR_KEY,
	PART_ISSUER,
	PART_SAN,
	PART_IDENTITY,
	PART_ADDRESS,
	PART_TRANSPORT,
	PART_EPOCH,
	PART_PCT,
	PART_PACK,
	PART_POLICY,
	PART_PLAN,
	PART_POLICY_SET,
	PART_SERVERS,
	PART_TURN,
	PART_COUNT,
	PART_NONE = PART_COUNT,
};

static const struct span names[PART_COUNT] = {
#define NAME(s) \
	{ \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
    [PART_CREDENTIAL] = NAME("credential"),
    [PART_KIND] = NAME("kind"),
    [PART_FINGERPRINT] = NAME("fingerprint"),
    [PART_SERIAL] = NAME("serial"),
    [PART_ISSUER_KEY] = NAME("issuer_key"),
    [PART_ANCHOR_KEY] = NAME("anchor_key"),
    [PART_ISSUER] = NAME("issuer"),
    [PART_SAN] = NAME("san"),
    [PART_IDENTITY] = NAME("identity"),
    [PART_ADDRESS] = NAME("address"),
    [PART_TRANSPORT] = NAME("transport"),
    [PART_EPOCH] = NAME("epoch"),
    [PART_PCT] = NAME("pct"),
    [PART_PACK] = NAME("pack"),
    [PART_POLICY] = NAME("policy"),
    [PART_PLAN] = NAME("plan"),
    [PART_POLICY_SET] = NAME("policy_set"),
    [PART_SERVERS] = NAME("servers"),
    [PART_TURN] = NAME("turn"),
#undef NAME
};

/** Fields come in the order that they are written in, so the search begins
 *  behind the last that was found. */
static enum part
part_of(struct span name, unsigned *from)
{
	for (unsigned i = 0; i < PART_COUNT; i++) {
		unsigned n = (*from + i) % PART_COUNT;

		if (!span_equal(names[n], name))
			continue;
		*from = n + 1;
		return (enum part)n;
	}
	return PART_NONE;
}

/** Most texts stand as they are. */
static bool
text(struct issue_replay *out, struct span raw, struct span *to)
{
	struct writer w;

	if (!raw.len || !memchr(raw.p, '\\', raw.len)) {
		*to = raw;
		return true;
	}
	writer_init(&w, out->room + out->room_len, REPLAY_ROOM - out->room_len);
	if (text_unescape(&w, raw) != RC_OK)
		return false;
	*to = writer_span(&w);
	out->room_len += w.len;
	return true;
}

static bool
digest(struct span raw, uint8_t out[static DIGEST_LEN])
{
	struct writer w;

	writer_init(&w, out, DIGEST_LEN);
	return text_unhex(&w, raw) == RC_OK && w.len == DIGEST_LEN;
}

static bool
number(struct span raw, uint64_t max, uint64_t *out)
{
	return span_decimal(raw, max, out);
}

static bool
proof_of(struct span raw, enum issue_proof *out)
{
	static const enum issue_proof all[] = {
	    PROOF_NONE, PROOF_PSK, PROOF_CERTIFICATE, PROOF_RAW_KEY};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!span_is(raw, issue_proof_name(all[i])))
			continue;
		*out = all[i];
		return true;
	}
	return false;
}

static bool
serial(struct issue_replay *out, struct span raw)
{
	struct writer w;

	writer_init(&w, out->serial, sizeof(out->serial));
	if (text_unhex(&w, raw) != RC_OK)
		return false;
	out->serial_len = w.len;
	return true;
}

static bool
take_number(struct issue_replay *out, enum part f, struct span raw)
{
	uint64_t n;

	if (!number(raw, UINT32_MAX, &n))
		return false;
	if (f == PART_EPOCH)
		out->rq.epoch = (uint32_t)n;
	else if (f == PART_TURN)
		out->turn = (uint32_t)n;
	else if (n > 0xffff)
		return false;
	else if (f == PART_PCT)
		out->rq.pct = (int)n;
	else {
		out->rq.pack = true;
		out->rq.accept = (int)n;
	}
	return true;
}

static bool
take(struct issue_replay *out, enum part f, struct span raw)
{
	switch (f) {
	case PART_CREDENTIAL:
		return text(out, raw, &out->rq.credential);
	case PART_KIND:
		return proof_of(raw, &out->rq.proof);
	case PART_FINGERPRINT:
		return digest(raw, out->sha256);
	case PART_SERIAL:
		return serial(out, raw);
	case PART_ISSUER_KEY:
		out->has_issuer_key = digest(raw, out->issuer_key);
		return out->has_issuer_key;
	case PART_ANCHOR_KEY:
		out->has_anchor_key = digest(raw, out->anchor_key);
		return out->has_anchor_key;
	case PART_ISSUER:
		return text(out, raw, &out->issuer_cn);
	case PART_SAN:
		return text(out, raw, &out->san);
	case PART_IDENTITY:
		return text(out, raw, &out->identity);
	case PART_ADDRESS:
		/* one that says nothing fits no network */
		return address_parse(raw, &out->rq.address) == RC_OK ||
		    (memset(&out->rq.address, 0, sizeof(out->rq.address)),
			true);
	case PART_TRANSPORT:
		out->rq.stream =
		    span_is(raw, "coap+tcp") || span_is(raw, "coaps+tcp");
		return true;
	case PART_POLICY:
		return text(out, raw, &out->policy);
	case PART_PLAN:
		out->has_plan = digest(raw, out->plan);
		return out->has_plan;
	case PART_POLICY_SET:
		out->has_set = digest(raw, out->set);
		return out->has_set;
	case PART_SERVERS:
		return text(out, raw, &out->servers);
	case PART_EPOCH:
	case PART_PCT:
	case PART_PACK:
	case PART_TURN:
	case PART_COUNT:
		break;
	}
	return false;
}

static bool
is_number(enum part f)
{
	return f == PART_EPOCH || f == PART_PCT || f == PART_PACK ||
	    f == PART_TURN;
}

/** A certificate without a common name has its fingerprint in its place. */
static void
note_cn(struct issue_replay *out)
{
	uint8_t sha256[DIGEST_LEN];

	if (out->rq.proof != PROOF_CERTIFICATE)
		return;
	if (!digest(out->rq.credential, sha256) ||
	    memcmp(sha256, out->sha256, DIGEST_LEN) != 0)
		out->cn = out->rq.credential;
}

enum rc
issue_replay_read(const struct ledger_row *row, struct issue_replay *out)
{
	struct span rest = row->data;
	struct ledger_member m;
	unsigned from = 0;
	bool begun = span_is(row->kind, "bootstrap_begin"), kind = false;

	memset(out, 0, offsetof(struct issue_replay, room));
	out->room_len = 0;
	out->rq.pct = -1;
	for (bool first = true; ledger_member_next(&rest, first, &m);
	     first = false) {
		enum part f = part_of(m.name, &from);

		if (f == PART_NONE)
			continue;
		if (m.is_text == is_number(f))
			return RC_MALFORMED;
		if (is_number(f) ? !take_number(out, f, m.raw)
				 : !take(out, f, m.raw))
			return RC_MALFORMED;
		kind = kind || f == PART_KIND;
	}
	if (!kind || !span_is(rest, "}") || row->endpoint.len == 0 ||
	    (begun && !out->has_plan) ||
	    (!begun && !span_is(row->kind, "bootstrap_refused")))
		return RC_MALFORMED;
	out->rq.has_endpoint = true;
	out->rq.endpoint = row->endpoint;
	out->rq.fresh = true;
	note_cn(out);
	return RC_OK;
}
