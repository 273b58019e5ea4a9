/* What all images of one run have in common, from options and documents. */
#include "image_mint.h"

#include "image_options.h"
#include "key_check.h"
#include "policies.h"
#include "server_uri.h"
#include "tool.h"

static const char *
name_of(const void *list, size_t i)
{
	return ((const struct identity *)list)[i].name;
}

static int
find_identity(const struct options *o, const char *path, struct image_recipe *r)
{
	int code = policies_load(path, &r->set, &r->rules);

	if (code != EX_OK)
		return code;
	for (size_t i = 0; i < r->set->identity_count; i++)
		if (strcmp(r->set->identities[i].name, o->identity) == 0)
			r->identity = &r->set->identities[i];
	if (r->identity)
		return EX_OK;
	return policies_no_name(path, "identity document", o->identity,
	    r->set->identities, r->set->identity_count, name_of);
}

/** Can the document mint anything, and what was asked for? */
static int
check_identity(const struct options *o, const struct identity *id)
{
	const char *why = NULL, *remedy = NULL;
	struct quoted q;

	if (id->kind == IDENTITY_IMPORTED) {
		why = "its keys were imported: the devices have theirs already";
		remedy = "mint by a document that derives keys";
	} else if (id->kind == IDENTITY_RPK) {
		why = "its devices make their raw public keys themselves";
		remedy = "mint by a document with a key or a certificate";
	} else if (id->kind == IDENTITY_CERTIFICATE && !id->issue.ca) {
		why = "it does not say who signs certificates";
		remedy = "write `issue: {ca: AUTHORITY}` there, or sign one by "
			 "provisioning-tool pki issue";
	}
	quote_str(&q, id->name);
	if (why)
		return tool_error(EX_DATAERR, remedy,
		    "by identity %s (%s:%u) nothing is minted: %s", q.text,
		    id->place.file, id->place.line, why);
	if (o->epoch != 0 && id->kind != IDENTITY_PSK)
		return tool_error(EX_USAGE, "leave it out",
		    "--epoch is of derived keys: identity %s (%s:%u) has none",
		    q.text, id->place.file, id->place.line);
	return EX_OK;
}

static int
check_uri(const struct options *o, const struct identity *id)
{
	const char *fault =
	    server_uri_fault(o->uri, id->kind != IDENTITY_NOSEC);
	struct quoted uri, name;

	if (!fault)
		return EX_OK;
	return tool_error(EX_USAGE, fault,
	    "--uri %s does not go with identity %s", quote_str(&uri, o->uri),
	    quote_str(&name, id->name));
}

int
image_recipe_load(
    const struct options *o, const char *policies, struct image_recipe *r)
{
	int code;

	*r = (struct image_recipe){
	    .format = image_format_find(o->format),
	    .account =
		{
		    .uri = o->uri,
		    .hold_off_s = o->hold_off_s,
		    .instance = (uint16_t)o->instance,
		    .epoch = (uint32_t)o->epoch,
		},
	    .endpoint_max = POLICY_ENDPOINT_MAX,
	};
	code = image_options_read(o, r->format, &r->geometry, &r->nvs_keys);
	if (code == EX_OK)
		code = find_identity(o, policies, r);
	if (code == EX_OK)
		code = check_identity(o, r->identity);
	if (code == EX_OK)
		code = check_uri(o, r->identity);
	return code;
}

void
image_recipe_fini(struct image_recipe *r)
{
	secret_fini(&r->nvs_keys);
	issue_rules_unref(r->rules);
	policy_set_unref(r->set);
	r->rules = NULL;
	r->set = NULL;
}

bool
image_recipe_needs_token(const struct image_recipe *r)
{
	return r->identity->kind != IDENTITY_NOSEC;
}

int
image_recipe_keys(
    const struct image_recipe *r, struct ledger *l, const struct token *t)
{
	const struct identity *id = r->identity;
	int code = EX_OK;

	if (!l)
		return EX_OK;
	if (id->kind == IDENTITY_PSK)
		return key_check(l, t, id->master);
	for (size_t i = 0; id->issue.ca && i < r->set->authority_count; i++) {
		const struct issue_authority *a;

		if (&r->set->authorities[i] != id->issue.ca)
			continue;
		a = issue_rules_authority(r->rules, i);
		code = key_check_ca(
		    l, t, a->document->name, a->key.label, a->cert.spki);
	}
	return code;
}
