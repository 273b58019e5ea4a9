/*
 * oscore: a context of OSCORE (RFC 8613) for a server account: its instance of
 * object 21, and the link to it.
 */
#include "policy/load.h"

#include "base/text.h"

enum {
	/* Nonce length less 6, RFC 8613 section 3.3: with AES-CCM-16-64-128,
	 * which is what devices take when nothing else is said. */
	ID_MAX = 7,
};

static const char *
word_id(struct span text)
{
	uint8_t bytes[ID_MAX];
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	if (text_unhex(&w, text) != RC_OK || w.full)
		return "a Sender or Recipient ID is 0 to 7 bytes in hex, like "
		       "\"01\"";
	return NULL;
}

static bool
takes_one(const char *glob)
{
	return !strpbrk(glob, "*?");
}

/* A server finds the context of a message by its Sender ID. */
static void
check_ids(const struct yaml_ctx *c, struct yaml_node *n,
    const struct policy *policy, const struct policy_oscore *o)
{
	struct yaml_node *at = yaml_get(n, "recipient_id");

	if (!o->sender_id)
		return;
	if (at && strcasecmp(o->sender_id, o->recipient_id) == 0)
		yaml_error(c, at, "policy-oscore",
		    "the same as `sender_id`: each of the two sides needs one "
		    "of its own (RFC 8613 section 3.3)");
	if (!takes_one(policy->endpoint))
		yaml_report(c, DIAG_WARNING, yaml_get(n, "sender_id"),
		    "policy-oscore",
		    "every device of this policy gets the same Sender ID, by "
		    "which the server is to tell them apart; leave it out for "
		    "one that follows from the endpoint");
}

void
load_oscore(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct policy *policy, struct policy_oscore *out)
{
	struct yaml_node *key;

	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	out->present = true;
	out->recipient_id = "";
	key = yaml_need(c, n, "key");
	if (key)
		load_key(l, c, key, &out->key);
	if (key && out->key.source == KEY_IMPORTED)
		yaml_error(c, key, "policy-key-source",
		    "`derive:` or `random:` says where a Master Secret comes "
		    "from; imported keys are pre-shared keys of DTLS");
	load_word(l, c, yaml_get(n, "sender_id"), "policy-oscore", word_id,
	    &out->sender_id);
	load_word(l, c, yaml_need(c, n, "recipient_id"), "policy-oscore",
	    word_id, &out->recipient_id);
	check_ids(c, n, policy, out);
	yaml_rest(c, n, &grammar_oscore);
}
