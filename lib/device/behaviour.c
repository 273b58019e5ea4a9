#include "device/behaviour.h"

#include "coap/message.h"
#include "lwm2m/format.h"

#define BOTH \
	{ \
		FORMAT_SENML_CBOR, FORMAT_TLV, -1 \
	}
#define OF_11 \
	{ \
		FORMAT_SENML_CBOR, FORMAT_TLV, FORMAT_SENML_JSON, -1 \
	}
#define OF_12 \
	{ \
		FORMAT_SENML_CBOR, FORMAT_TLV, FORMAT_SENML_JSON, \
		    FORMAT_LWM2M_CBOR, -1 \
	}

const struct device_behaviour behaviour_conforming = {
    .pct = FORMAT_SENML_CBOR,
    .account = 1,
    .formats = OF_12,
    .unknown_object = COAP_NOT_FOUND,
    .bad_payload = COAP_BAD_REQUEST,
    .bad_payload_object = COAP_BAD_REQUEST,
};

/* Families, as they were seen: what is not here is as in the standard. */

static const struct device_behaviour anjay = {
    .pct = FORMAT_SENML_CBOR,
    .retry_without_pct = true,
    .account = 1,
    .discover = DISCOVER_ANJAY,
    .formats = OF_11,
    .unknown_object = COAP_NOT_FOUND,
    .bad_payload = COAP_BAD_REQUEST,
    .bad_payload_object = COAP_BAD_REQUEST,
    .deletes_account = true,
};

static const struct device_behaviour anjay_10 = {
    .pct = BEHAVIOUR_PCT_OFF,
    .account = 1,
    .discover = DISCOVER_ANJAY_10,
    .formats = {FORMAT_TLV, -1},
    .unknown_object = COAP_NOT_FOUND,
    .bad_payload = COAP_BAD_REQUEST,
    .bad_payload_object = COAP_BAD_REQUEST,
    .deletes_account = true,
};

static const struct device_behaviour anjay_12 = {
    .pct = FORMAT_SENML_CBOR,
    .ask_pack_first = true,
    .retry_without_pct = true,
    .account = 1,
    .discover = DISCOVER_ANJAY,
    .formats = OF_12,
    .unknown_object = COAP_NOT_FOUND,
    .bad_payload = COAP_BAD_REQUEST,
    .bad_payload_object = COAP_BAD_REQUEST,
    .deletes_account = true,
};

static const struct device_behaviour wakaama = {
    .pct = FORMAT_SENML_CBOR,
    .account = 0,
    .discover = DISCOVER_STANDARD,
    .formats = BOTH,
    .unknown_resource = COAP_NOT_FOUND,
    .unknown_object = COAP_NOT_FOUND,
    .bad_payload = COAP_BAD_REQUEST,
    .bad_payload_object = COAP_INTERNAL,
    .message_max = 2048,
    .delete_absent = COAP_NOT_FOUND,
};

static const struct device_behaviour zephyr = {
    .pct = FORMAT_SENML_CBOR,
    .account = 0,
    .discover = DISCOVER_ZEPHYR,
    .formats = {FORMAT_SENML_CBOR, -1},
    .no_object_write = true,
    .unknown_resource = COAP_NOT_FOUND,
    .unknown_object = COAP_NOT_FOUND,
    .bad_payload = COAP_INTERNAL,
    .bad_payload_object = COAP_INTERNAL,
    .message_max = 512,
    .delete_account = COAP_METHOD_NOT_ALLOWED,
    .finish_unchecked = true,
    .timeout_from_start = true,
};

static const struct device_behaviour leshan = {
    .pct = FORMAT_SENML_CBOR,
    .pct_first = true,
    .account = 0,
    .discover = DISCOVER_LESHAN,
    .formats = OF_11,
    .unknown_object = COAP_INTERNAL,
    .bad_payload = COAP_BAD_REQUEST,
    .bad_payload_object = COAP_BAD_REQUEST,
    .delete_absent = COAP_NOT_FOUND,
    .delete_account = COAP_BAD_REQUEST,
    .needs_empty_keys = true,
    .finish_error_separate = true,
};

static const struct device_behaviour contiki = {
    .pct = BEHAVIOUR_PCT_OFF,
    .empty_token = true,
    .account = 0,
    .discover = DISCOVER_NOT_FOUND,
    .formats = {FORMAT_TLV, -1},
    .no_object_write = true,
    .unknown_object = COAP_NOT_FOUND,
    .bad_payload = COAP_BAD_REQUEST,
    .bad_payload_object = COAP_BAD_REQUEST,
    .no_block1 = true,
};

static const struct device_behaviour awa = {
    .pct = BEHAVIOUR_PCT_OFF,
    .empty_token = true,
    .account = 0,
    .discover = DISCOVER_AWA,
    .formats = {FORMAT_TLV, -1},
    .unknown_resource = COAP_BAD_REQUEST,
    .unknown_object = COAP_BAD_REQUEST,
    .bad_payload = COAP_BAD_REQUEST,
    .bad_payload_object = COAP_BAD_REQUEST,
    .no_block1 = true,
    .delete_root = COAP_BAD_REQUEST,
    .delete_absent = COAP_NOT_FOUND,
};

static const struct family {
	const char *name, *meaning;
	const struct device_behaviour *behaviour;
} families[] = {
    {"conforming", "keeps to the standard; account in /0/1, pct 112",
	&behaviour_conforming},
    {"anjay", "1.1: account in /0/1, DELETE /0/1 really deletes it", &anjay},
    {"anjay-1.0", "no pct, TLV only, bare lwm2m=\"1.0\" in Discover",
	&anjay_10},
    {"anjay-1.2", "asks for a pack first", &anjay_12},
    {"wakaama", "account in /0/0, 4.04 to unknown resources and deletes",
	&wakaama},
    {"zephyr", "only the format of its pct, 512 bytes, never checks", &zephyr},
    {"leshan", "pct first, empty keys must be written, refuses separately",
	&leshan},
    {"contiki-ng", "empty token, no Discover, TLV at instance level", &contiki},
    {"awa", "empty token, no usable Discover, no blocks", &awa},
};

/* Faults: each changes one thing. */

#define RULE(...) \
	(struct device_rule) \
	{ \
		__VA_ARGS__ \
	}
#define ADD(...) (behaviour_rule(b, RULE(__VA_ARGS__)) != RC_OK)

/** Returns true when it does not fit. */
typedef bool (*fault_fn)(struct device_behaviour *b, unsigned n);

static bool
silent(struct device_behaviour *b, unsigned n)
{
	(void)n;
	return ADD(.reaction = REACT_SILENCE);
}

static bool
resets(struct device_behaviour *b, unsigned n)
{
	return ADD(.command = n, .reaction = REACT_RESET);
}

static bool
dies_at(struct device_behaviour *b, unsigned n)
{
	return ADD(.command = n, .reaction = REACT_DIE);
}

static bool
dies_after(struct device_behaviour *b, unsigned n)
{
	b->dies_after = n;
	return false;
}

static bool
refuses_write(struct device_behaviour *b, unsigned n)
{
	if (n < 400 || n > 599 || n % 100 > 31)
		return true;
	return ADD(.method = COAP_PUT, .reaction = REACT_CODE,
	    .code = (uint8_t)(n / 100 << 5 | n % 100));
}

static bool
refuses_finish(struct device_behaviour *b, unsigned n)
{
	(void)n;
	return ADD(.path = "/bs", .reaction = REACT_CODE,
	    .code = COAP_NOT_ACCEPTABLE);
}

static bool
finish_lost(struct device_behaviour *b, unsigned n)
{
	(void)n;
	return ADD(.path = "/bs", .reaction = REACT_SILENCE, .apply = true);
}

static bool
finish_separate(struct device_behaviour *b, unsigned n)
{
	return ADD(.path = "/bs", .reaction = REACT_SEPARATE, .delay_ms = n);
}

static bool
late(struct device_behaviour *b, unsigned n)
{
	return ADD(.reaction = REACT_LATE, .delay_ms = n);
}

static bool
no_discover(struct device_behaviour *b, unsigned n)
{
	(void)n;
	b->discover = DISCOVER_NOT_FOUND;
	return false;
}

static bool
omit_endpoint(struct device_behaviour *b, unsigned n)
{
	(void)n;
	b->omit_endpoint = true;
	return false;
}

static bool
unsolicited(struct device_behaviour *b, unsigned n)
{
	(void)n;
	b->unsolicited = true;
	return false;
}

static bool
hold_off(struct device_behaviour *b, unsigned n)
{
	b->hold_off = true;
	return unsolicited(b, n);
}

static bool
empty_token(struct device_behaviour *b, unsigned n)
{
	(void)n;
	b->empty_token = true;
	return false;
}

static bool
block_max(struct device_behaviour *b, unsigned n)
{
	b->block_max = n;
	return n < 16;
}

static bool
pack(struct device_behaviour *b, unsigned n)
{
	(void)n;
	b->ask_pack_first = true;
	return false;
}

static bool
pack_accept(struct device_behaviour *b, unsigned n)
{
	b->pack_accept = n ? (int)n : -1;
	return n > 0xffff;
}

static bool
pack_links(struct device_behaviour *b, unsigned n)
{
	(void)n;
	b->pack_links = true;
	return false;
}

static bool
pack_block(struct device_behaviour *b, unsigned n)
{
	b->pack_block = n;
	return n < 16;
}

static bool
needs_empty_keys(struct device_behaviour *b, unsigned n)
{
	(void)n;
	b->needs_empty_keys = true;
	return false;
}

static bool
formats(struct device_behaviour *b, unsigned n)
{
	b->formats[0] = (int)n;
	b->formats[1] = -1;
	return n > 0xffff;
}

static bool
sends_twice(struct device_behaviour *b, unsigned n)
{
	(void)n;
	b->sends_twice = true;
	return false;
}

static const struct fault {
	const char *name, *meaning;
	fault_fn apply;
	bool takes_number;
} faults[] = {
    {"silent", "answers no command", silent, false},
    {"resets", "RST to the N-th command", resets, true},
    {"dies-at", "no word from the N-th command on", dies_at, true},
    {"dies-after", "no word after N datagrams", dies_after, true},
    {"refuses-write", "Writes are answered N, 400 for 4.00", refuses_write,
	true},
    {"refuses-finish", "4.06", refuses_finish, false},
    {"finish-lost", "takes Finish, never answers it", finish_lost, false},
    {"finish-separate", "answers Finish N ms after an empty ACK",
	finish_separate, true},
    {"late", "answers each command N ms late", late, true},
    {"no-discover", "4.04", no_discover, false},
    {"omit-endpoint", "no ep in the request", omit_endpoint, false},
    {"unsolicited", "1.0: takes commands that it has not asked for",
	unsolicited, false},
    {"hold-off", "1.0: waits for them, and does not ask", hold_off, false},
    {"empty-token", "in its own requests", empty_token, false},
    {"block-max", "asks for blocks of N bytes", block_max, true},
    {"pack", "asks for a pack first", pack, false},
    {"pack-accept", "in the format N, 0: names none", pack_accept, true},
    {"pack-acc", "names its own account", pack_links, false},
    {"pack-block", "in blocks of N bytes", pack_block, true},
    {"needs-empty-keys", "or Finish is 4.06", needs_empty_keys, false},
    {"only-format", "takes Writes in the format N alone", formats, true},
    {"sends-twice", "each datagram", sends_twice, false},
};

enum rc
behaviour_rule(struct device_behaviour *b, struct device_rule rule)
{
	if (b->rule_count == BEHAVIOUR_RULES_MAX)
		return RC_TOO_LARGE;
	b->rules[b->rule_count++] = rule;
	return RC_OK;
}

static enum rc
apply_fault(
    struct device_behaviour *b, struct span name, const uint64_t *number)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *f = &faults[i];

		if (!span_is(name, f->name))
			continue;
		if (f->takes_number != (number != NULL))
			return RC_NOT_FOUND;
		return f->apply(b, number ? (unsigned)*number : 0)
		    ? RC_TOO_LARGE
		    : RC_OK;
	}
	return RC_NOT_FOUND;
}

static enum rc
apply_one(struct device_behaviour *b, struct span word)
{
	const uint8_t *eq = word.len ? memchr(word.p, '=', word.len) : NULL;
	struct span name = word;
	uint64_t number;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (span_is(word, families[i].name)) {
			*b = *families[i].behaviour;
			return RC_OK;
		}
	}
	if (!eq)
		return apply_fault(b, name, NULL);
	name.len = (size_t)(eq - word.p);
	if (!span_decimal(span_from(word, name.len + 1), 1000000, &number))
		return RC_NOT_FOUND;
	return apply_fault(b, name, &number);
}

enum rc
behaviour_apply(struct device_behaviour *b, struct span names)
{
	enum rc rc = RC_OK;

	do {
		const uint8_t *comma =
		    names.len ? memchr(names.p, ',', names.len) : NULL;
		struct span word = names;

		if (comma)
			word.len = (size_t)(comma - names.p);
		rc = apply_one(b, word);
		names = span_from(names, word.len + (comma ? 1 : 0));
		if (!comma)
			break;
	} while (rc == RC_OK);
	return rc;
}

void
behaviour_list(struct writer *w)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		writer_fmt(
		    w, "  %-17s %s\n", families[i].name, families[i].meaning);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		writer_fmt(w, "  %-15s%s %s\n", faults[i].name,
		    faults[i].takes_number ? "=N" : "  ", faults[i].meaning);
}
