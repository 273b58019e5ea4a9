/* profile: the keys that say how a client family behaves. */
#include "policy/profile.h"

#include "lwm2m/format.h"
#include "lwm2m/link.h"

enum { BLOCK_MAX = 1024 /* RFC 7959: SZX 6 */ };

/* --- formats -------------------------------------------------------------- */

/* Of grammar_formats. */
static const uint16_t formats[] = {FORMAT_TEXT, FORMAT_OPAQUE, FORMAT_CBOR,
    FORMAT_SENML_JSON, FORMAT_SENML_CBOR, FORMAT_TLV, FORMAT_OMA_JSON,
    FORMAT_LWM2M_CBOR};

const char *
profile_format_name(unsigned content_format)
{
	for (size_t i = 0; grammar_formats[i]; i++)
		if (formats[i] == content_format)
			return grammar_formats[i];
	return NULL;
}

/* By name, or by the number that is in the messages: 1542 and 11542 are two. */
static bool
read_format(const struct yaml_ctx *c, struct yaml_node *n, uint16_t *out)
{
	const struct format *f;
	uint64_t number;
	unsigned i;

	if (n->kind == YAML_SCALAR && !n->quoted &&
	    span_decimal(n->text, UINT16_MAX, &number)) {
		f = format_by_number((int)number);
		if (f && f->encode) {
			*out = (uint16_t)number;
			return true;
		}
		yaml_error(c, n, "policy-format",
		    "nothing is written in Content-Format %u; 11542 (TLV), "
		    "112, 110, 11544, 11543, 1542 and 1543 are written",
		    (unsigned)number);
		return false;
	}
	if (yaml_choice(c, n, grammar_formats, &i) != RC_OK)
		return false;
	*out = formats[i];
	return true;
}

static bool
has_format(const struct policy_profile *p, uint16_t number)
{
	for (size_t i = 0; i < p->format_count; i++)
		if (p->formats[i] == number)
			return true;
	return false;
}

static void
read_formats(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_profile *out)
{
	struct yaml_node *item;
	uint16_t number;
	size_t count;

	out->format_count = 0;
	item = yaml_items(n, &count);
	if (count > POLICY_FORMATS_MAX) {
		yaml_error(c, n, "policy-limit",
		    "%zu formats; at most %d are expected", count,
		    POLICY_FORMATS_MAX);
		return;
	}
	for (; count > 0; count--, item = item->next) {
		if (!read_format(c, item, &number))
			continue;
		if (has_format(out, number))
			yaml_error(c, item, "policy-format",
			    "%s is there already", YAML_SHOW(item->text));
		else
			out->formats[out->format_count++] = number;
	}
}

/* --- words ---------------------------------------------------------------- */

/* Each of a list, or one alone, as bits; none is a finding. */
static void
read_bits(const struct yaml_ctx *c, struct yaml_node *n,
    const char *const *names, unsigned *out)
{
	struct yaml_node *item;
	size_t count;
	unsigned i;

	item = yaml_items(n, &count);
	if (count == 0)
		yaml_error(c, n, "policy-device",
		    "an empty list: nothing could be written");
	*out = 0;
	for (; count > 0; count--, item = item->next)
		if (yaml_choice(c, item, names, &i) == RC_OK)
			*out |= 1u << i;
}

static void
read_version(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_profile *out)
{
	unsigned i;

	if (n && yaml_choice(c, n, grammar_versions, &i) == RC_OK)
		out->version = 10 + i;
}

static void
read_levels(
    const struct yaml_ctx *c, struct yaml_node *map, struct policy_profile *out)
{
	struct yaml_node *n = yaml_get(map, "level");
	unsigned i;

	if (n && yaml_choice(c, n, grammar_levels, &i) == RC_OK)
		out->level = (enum write_level)i;
	n = yaml_get(map, "levels");
	if (n)
		read_bits(c, n, grammar_levels, &out->levels);
}

/* --- numbers -------------------------------------------------------------- */

static bool
is_word(const struct yaml_node *n, const char *word)
{
	return n->kind == YAML_SCALAR && span_is(n->text, word);
}

static void
read_block(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_profile *out)
{
	unsigned i;

	if (!n || yaml_choice(c, n, grammar_blocks, &i) != RC_OK)
		return;
	out->block_size = i ? (size_t)8 << i : 0;
	/* The last is 1KiB, another word for 1024B. */
	if (out->block_size > BLOCK_MAX)
		out->block_size = BLOCK_MAX;
}

static void
read_sizes(
    const struct yaml_ctx *c, struct yaml_node *map, struct policy_profile *out)
{
	struct yaml_node *n = yaml_get(map, "max_message");
	uint64_t size;

	if (n &&
	    yaml_size(c, n, GRAMMAR_MESSAGE_MIN, GRAMMAR_MESSAGE_MAX, &size) ==
		RC_OK)
		out->max_message = size;
	read_block(c, yaml_get(map, "block_size"), out);
	n = yaml_get(map, "key_max");
	if (n && is_word(n, "none"))
		out->key_max = 0;
	else if (n && yaml_size(c, n, 1, GRAMMAR_KEY_MAX, &size) == RC_OK)
		out->key_max = size;
	n = yaml_get(map, "endpoint_max");
	if (n && yaml_size(c, n, 1, POLICY_ENDPOINT_MAX, &size) == RC_OK)
		out->endpoint_max = size;
}

static void
read_account(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_profile *out)
{
	int64_t v;

	if (!n)
		return;
	if (is_word(n, "unknown"))
		out->account_instance = -1;
	else if (yaml_number(c, n, 0, GRAMMAR_INSTANCE_MAX, &v) == RC_OK)
		out->account_instance = (int)v;
}

/* --- yes or no ------------------------------------------------------------ */

/* A fault leaves it false: what is not there is what nothing relies on. */
static void
read_bool(const struct yaml_ctx *c, struct yaml_node *n, bool *out)
{
	if (n && yaml_bool(c, n, out) != RC_OK)
		*out = false;
}

/* `refuse`, or the other one of two words. */
static void
read_refusal(const struct yaml_ctx *c, struct yaml_node *n,
    const char *const *names, bool *out)
{
	unsigned i;

	if (n && yaml_choice(c, n, names, &i) == RC_OK)
		*out = i == 1;
}

static void
read_flags(
    const struct yaml_ctx *c, struct yaml_node *map, struct policy_profile *out)
{
	read_bool(c, yaml_get(map, "discover"), &out->discover);
	read_bool(c, yaml_get(map, "read"), &out->read);
	read_bool(c, yaml_get(map, "pack"), &out->pack);
	read_bool(c, yaml_get(map, "empty_keys"), &out->empty_keys);
	read_bool(c, yaml_get(map, "strict_delete"), &out->strict_delete);
	read_bool(c, yaml_get(map, "oscore"), &out->oscore);
	read_bool(c, yaml_get(map, "access_control"), &out->access_control);
	read_refusal(c, yaml_get(map, "unknown_resources"), grammar_unknowns,
	    &out->refuses_unknown);
	read_refusal(c, yaml_get(map, "zero_retries"), grammar_zeros,
	    &out->refuses_zero_retries);
}

/* --- what it answers ------------------------------------------------------ */

/* Links as a device writes them. Nothing is planned by them. */
static void
read_reply(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_profile *out)
{
	struct link_reader r;
	struct lwm2m_link link;
	bool any = false;

	if (!n)
		return;
	if (yaml_text(c, n, &out->discover_reply) != RC_OK) {
		out->discover_reply = NULL;
		return;
	}
	link_reader_init(&r, span_str(out->discover_reply));
	while (link_next(&r, &link))
		any = true;
	if (!any || r.skipped)
		yaml_error(c, n, "policy-discover",
		    "%s; what the device answers to a Discover of / is "
		    "expected, such as </>;lwm2m=1.1,</0/0>,</1>,</3/0>",
		    any ? "a link in it makes no sense" : "no link is in it");
	else if (n->text.len > POLICY_DISCOVER_MAX)
		yaml_error(c, n, "policy-limit",
		    "%zu bytes; at most %d are expected", n->text.len,
		    POLICY_DISCOVER_MAX);
}

/* --- what does not go together -------------------------------------------- */

/* Where it is said, or else the map: then the base says it. */
static struct yaml_node *
at(struct yaml_node *map, const char *key)
{
	struct yaml_node *n = yaml_get(map, key);

	return n ? n : map;
}

/* The most that any of the formats holds; none is said: any is tried. */
static enum format_holds
held(const struct policy_profile *p)
{
	enum format_holds most = FORMAT_HOLDS_LINKS;

	if (p->format_count == 0)
		return FORMAT_HOLDS_ALL;
	for (size_t i = 0; i < p->format_count; i++) {
		const struct format *f = format_by_number(p->formats[i]);

		if (f && f->holds > most)
			most = f->holds;
	}
	return most;
}

static void
check_pack(const struct yaml_ctx *c, struct yaml_node *map,
    const struct policy_profile *p)
{
	if (!p->pack)
		return;
	if (held(p) < FORMAT_HOLDS_ALL)
		yaml_error(c, at(map, "pack"), "policy-pack",
		    "a pack is about several objects, and none of the formats "
		    "of the device holds that; add senml-cbor, senml-json or "
		    "lwm2m-cbor to `formats:`, or say `pack: false`");
	if (p->version < 12)
		yaml_report(c, DIAG_WARNING, at(map, "pack"), "policy-pack",
		    "a device of LwM2M %u.%u asks for no pack, which is of "
		    "1.2",
		    p->version / 10, p->version % 10);
}

static void
check(const struct yaml_ctx *c, struct yaml_node *map,
    const struct policy_profile *p)
{
	if (p->levels && !(p->levels & 1u << p->level))
		yaml_error(c, at(map, "level"), "policy-level",
		    "the device takes no Write of `level: %s`; one that is in "
		    "its `levels:` is expected",
		    grammar_levels[p->level]);
	if (p->level == WRITE_RESOURCE ? held(p) < FORMAT_HOLDS_VALUE
				       : held(p) < FORMAT_HOLDS_OBJECT)
		yaml_error(c, at(map, "formats"), "policy-format",
		    "none of the formats holds more than one value, as a Write "
		    "with `level: %s` has; add tlv, senml-cbor or another that "
		    "the device takes",
		    grammar_levels[p->level]);
	check_pack(c, map, p);
}

void
profile_read(const struct yaml_ctx *c, struct yaml_node *map,
    const struct yaml_keys *keys, struct policy_profile *out)
{
	struct yaml_node *n;

	read_version(c, yaml_get(map, "version"), out);
	n = yaml_get(map, "formats");
	if (n)
		read_formats(c, n, out);
	read_levels(c, map, out);
	read_flags(c, map, out);
	read_sizes(c, map, out);
	read_account(c, yaml_get(map, "account_instance"), out);
	read_reply(c, yaml_get(map, "discover_reply"), out);
	n = yaml_get(map, "security");
	if (n)
		read_bits(c, n, grammar_modes, &out->modes);
	yaml_rest(c, map, keys);
	check(c, map, out);
}
