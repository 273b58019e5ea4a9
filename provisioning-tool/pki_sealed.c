#include "pki_sealed.h"

#include "base/text.h"
#include "hsm/hsm.h"
#include "issue/vault.h"
#include "token.h"
#include "tool.h"

#include <stdio.h>

struct sealed {
	struct credentials *found;
	struct ledger *ledger;
	struct token token; /**< closed: they are only counted */
	unsigned count;
	/* the one that could not be opened */
	enum rc rc;
	struct quoted collection;
};

/** Its public name. A key too short for one cannot be told apart. */
static enum rc
open_one(struct sealed *s, const struct ledger_secret *row)
{
	uint8_t fingerprint[HSM_FINGERPRINT_LEN];
	struct credential c = {0};
	struct secret key = {0};
	char hex[HEX_TEXT_MAX];
	enum rc rc = issue_vault_open(s->token.session, row, &key);

	if (rc == RC_OK)
		rc = hsm_fingerprint(&key, fingerprint);
	secret_fini(&key);
	if (rc != RC_OK) {
		s->rc = rc;
		quote(&s->collection, row->collection);
		return rc;
	}
	memcpy(c.fingerprint,
	    hex_text(hex, span_of(fingerprint, sizeof(fingerprint))),
	    2 * sizeof(fingerprint) + 1);
	return credentials_add(s->found, &c);
}

static enum rc
each_key(void *ctx, const struct ledger_secret *row)
{
	struct sealed *s = ctx;

	s->count++;
	return s->token.session ? open_one(s, row) : RC_OK;
}

static enum rc
each_collection(void *ctx, const struct ledger_collection *c)
{
	struct sealed *s = ctx;
	const struct ledger_secret_query q = {
	    .collection = c->collection,
	    .endpoint = span_str(s->found->endpoint),
	};

	return ledger_secret_read(s->ledger, &q, each_key, s);
}

static int
failed(const struct sealed *s, enum rc rc)
{
	if (s->rc == RC_TOKEN || s->rc == RC_NOT_FOUND)
		return token_fault(&s->token, s->rc);
	if (s->rc == RC_MALFORMED)
		return tool_error(EX_DATAERR,
		    "take the collection out of the identity documents, or "
		    "import the device anew",
		    "a key of collection %s is too short to be revoked by its "
		    "fingerprint",
		    s->collection.text);
	if (s->rc == RC_DENIED)
		return tool_error(EX_DATAERR,
		    "is it the token that has sealed it? See "
		    "provisioning-tool hsm keys",
		    "a key of collection %s does not open", s->collection.text);
	return tool_fault(rc, "ledger");
}

int
sealed_find(struct credentials *cs, struct ledger *l, struct settings *settings)
{
	struct sealed s = {.found = cs, .ledger = l};
	size_t len = strlen(cs->endpoint);
	enum rc rc = RC_OK;
	int code = EX_OK;

	/* a longer one is no device's there */
	if (len > 0 && len <= LEDGER_NAME_MAX)
		rc = ledger_collections(l, each_collection, &s);
	if (rc == RC_OK && s.count > 0) {
		code = settings_need(settings, SETTINGS_TOKEN);
		if (code == EX_OK)
			code = token_open(settings, &s.token);
		if (code == EX_OK)
			rc = ledger_collections(l, each_collection, &s);
	}
	if (rc != RC_OK)
		code = failed(&s, rc);
	token_close(&s.token);
	return code;
}
