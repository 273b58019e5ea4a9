#include "ca_key.h"

#include "tool.h"

struct search {
	struct span spki;
	struct hsm_ec_ref *out;
	unsigned keys; /**< that fit the certificate */
};

static enum rc
compare(void *ctx, const struct hsm_ec_key *k)
{
	struct search *s = ctx;

	if (!k->p256 || !span_equal(span_of(k->spki, sizeof(k->spki)), s->spki))
		return RC_OK;
	*s->out = k->ref;
	s->keys++;
	return RC_OK;
}

static int
by_name(const struct token *t, const char *file, struct span spki,
    const struct hsm_ec_ref *named, struct hsm_ec_ref *out)
{
	struct hsm_ec_key k;
	struct quoted uri, q;
	char text[256];
	enum rc rc = hsm_ec_describe(t->session, named, &k);

	if (rc != RC_OK)
		return token_fault(t, rc);
	*out = k.ref;
	if (k.p256 && span_equal(span_of(k.spki, sizeof(k.spki)), spki))
		return EX_OK;
	return tool_error(EX_DATAERR,
	    "name the certificate's own key, or the key's own certificate",
	    "the key %s is not the one of %s",
	    quote_str(&uri, hsm_ec_ref_print(named, text, sizeof(text))),
	    quote_str(&q, file));
}

int
ca_key_find(const struct token *t, const char *file, struct span spki,
    const struct hsm_ec_ref *named, struct hsm_ec_ref *out)
{
	struct search s = {spki, out, 0};
	struct quoted token, q;
	enum rc rc;

	if (named)
		return by_name(t, file, spki, named, out);
	rc = hsm_ec_list(t->session, compare, &s);
	if (rc != RC_OK)
		return token_fault(t, rc);
	if (s.keys == 1)
		return EX_OK;
	quote_str(&token, hsm_token_name(t->hsm));
	quote_str(&q, file);
	if (s.keys == 0)
		return tool_error(EX_UNAVAILABLE,
		    "name the CA's token; see provisioning-tool pki show",
		    "token %s has no key of %s", token.text, q.text);
	return tool_error(EX_CANTCREAT,
	    "take one away by the token's own means",
	    "token %s has %u keys of %s", token.text, s.keys, q.text);
}
