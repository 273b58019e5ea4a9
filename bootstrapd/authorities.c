/* Are these the keys of the CAs that the policies name? */
#include "key_checks.h"

#include "base/text.h"

#include <stdio.h>

enum { VALUE_LEN = 4 /**< bytes of SHA-256 over the public key */ };

static const char *const lost =
    "what the old authority has issued could neither be renewed nor revoked "
    "otherwise";

static enum rc
is_another(const struct key_checks *c, const struct issue_authority *a)
{
	snprintf(c->err->text, sizeof(c->err->text),
	    "authority %s: the key %s in token %s is not the one of the "
	    "certificate %s",
	    a->document->name, a->key.label, c->token,
	    a->document->certificate.path);
	snprintf(c->err->remedy, sizeof(c->err->remedy),
	    "name in %s:%u the certificate that was made for that key, or the "
	    "key that the certificate belongs to",
	    a->document->place.file, a->document->place.line);
	return RC_CONFLICT;
}

static enum rc
check_one(const struct key_checks *c, const struct issue_authority *a)
{
	uint8_t spki[P256_SPKI_LEN], digest[DIGEST_LEN];
	char label[HSM_LABEL_MAX + 64];
	enum rc rc = hsm_ec_public(c->hsm, &a->key, spki);

	if (rc == RC_OK &&
	    !span_equal(a->cert.spki, span_of(spki, sizeof(spki))))
		return is_another(c, a);
	if (rc == RC_OK)
		rc = hsm_ec_self_test(c->hsm, &a->key, a->cert.spki);
	if (rc != RC_OK) {
		*c->err = *hsm_session_error(c->hsm);
		return rc;
	}
	digest_of(a->cert.spki, digest);
	snprintf(label, sizeof(label), "ca %.100s", a->document->name);
	return key_check(c, label, span_of(digest, VALUE_LEN), lost);
}

enum rc
authorities_check(const struct key_checks *c, const struct issue_rules *rules)
{
	const struct policy_set *set = issue_rules_set(rules);
	enum rc rc = RC_OK;

	*c->err = (struct hsm_error){0};
	for (size_t i = 0; rc == RC_OK && i < set->authority_count; i++)
		rc = check_one(c, issue_rules_authority(rules, i));
	if (rc != RC_OK && c->err->text[0] == '\0') {
		snprintf(c->err->text, sizeof(c->err->text),
		    "check values of authorities: %s", rc_name(rc));
		snprintf(c->err->remedy, sizeof(c->err->remedy),
		    "see that the ledger can be written");
	}
	return rc;
}
