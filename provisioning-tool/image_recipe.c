/* What all images of one run have in common, from options and documents. */
#include "image_mint.h"

#include "image_options.h"
#include "key_check.h"
#include "policies.h"
#include "server_uri.h"
#include "tool.h"

#include <stdio.h>

static const char *
identity_name(const void *list, size_t i)
{
	return ((const struct identity *)list)[i].name;
}

static const char *
image_name(const void *list, size_t i)
{
	return ((const struct policy_image *)list)[i].name;
}

static int
find_identity(const struct options *o, const char *path, struct image_recipe *r)
{
	for (size_t i = 0; i < r->set->identity_count; i++)
		if (strcmp(r->set->identities[i].name, o->identity) == 0)
			r->identity = &r->set->identities[i];
	if (r->identity)
		return EX_OK;
	return policies_no_name(path, "identity document", o->identity,
	    r->set->identities, r->set->identity_count, identity_name);
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
check_uri(const struct image_recipe *r)
{
	const struct identity *id = r->identity;
	const char *fault =
	    server_uri_fault(r->account.uri, id->kind != IDENTITY_NOSEC);
	struct quoted uri, name;

	if (!fault)
		return EX_OK;
	quote_str(&uri, r->account.uri);
	quote_str(&name, id->name);
	if (r->image)
		return tool_error(EX_DATAERR, fault,
		    "%s:%u:%u: uri: %s does not go with identity %s",
		    r->image->uri_at.file, r->image->uri_at.line,
		    r->image->uri_at.column, uri.text, name.text);
	return tool_error(EX_USAGE, fault,
	    "--uri %s does not go with identity %s", uri.text, name.text);
}

/** What an image document says is not said beside it. */
static int
check_given(const struct options *o)
{
	const struct {
		const char *name;
		bool given, needed;
	} all[] = {
	    {"identity", o->identity != NULL, true},
	    {"uri", o->uri != NULL, true},
	    {"format", o->format != NULL, true},
	    {"epoch", o->epoch != 0, false},
	    {"instance", o->instance >= 0, false},
	    {"hold-off", o->hold_off_s >= 0, false},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!o->image && all[i].needed && !all[i].given)
			return tool_error(EX_USAGE,
			    "name an image document by --image, or say it "
			    "here",
			    "--%s is missing", all[i].name);
		/* the form may be another, for a bench */
		if (o->image && all[i].given &&
		    strcmp(all[i].name, "format") != 0)
			return tool_error(EX_USAGE,
			    "leave it out, or change the document",
			    "--%s is said by the image document of --image",
			    all[i].name);
	}
	return EX_OK;
}

/** Where it lies. Another format than the document's has options of its own. */
static int
read_geometry(const struct options *o, struct image_recipe *r)
{
	const struct policy_image *m = r->image;
	struct diag *d = diag_new();
	struct image_given given;
	int code;

	if (!d)
		return tool_fault(RC_MEMORY, "image");
	if (o->format)
		r->format = image_format_find(o->format);
	else
		r->format = image_format_find(m->format);
	if (m && strcmp(m->format, r->format->name) != 0)
		m = NULL;
	image_options_gather(m, o, &given);
	code = image_options_read(
	    &given, r->format, d, &r->geometry, &r->nvs_keys);
	diag_print(d, stderr);
	diag_free(d);
	return code;
}

static void
take_options(const struct options *o, struct image_recipe *r)
{
	r->account = (struct issue_account){
	    .uri = o->uri,
	    .hold_off_s = o->hold_off_s < 0 ? IMAGE_HOLD_OFF_S : o->hold_off_s,
	    .instance =
		o->instance < 0 ? IMAGE_INSTANCE : (uint16_t)o->instance,
	    .epoch = (uint32_t)o->epoch,
	};
}

static int
take_document(const struct options *o, const char *path, struct image_recipe *r)
{
	const struct policy_image *m = image_document_find(r->set, o->image);

	if (!m)
		return policies_no_name(path, "image document", o->image,
		    r->set->images, r->set->image_count, image_name);
	r->image = m;
	r->document = m->name;
	r->identity = m->identity;
	r->servers = m->servers;
	r->endpoint_max = m->endpoint_max;
	r->account = (struct issue_account){
	    .uri = m->uri,
	    .hold_off_s = m->hold_off_s,
	    .instance = m->instance,
	    .epoch = m->epoch,
	};
	return EX_OK;
}

static int
check_servers(const struct image_recipe *r)
{
	if (!r->servers || !r->format->credentials_only)
		return EX_OK;
	return tool_error(EX_USAGE, "choose another format",
	    "%s holds one account, and the image document %s has `servers:`",
	    r->format->name, r->image->name);
}

int
image_recipe_load(
    const struct options *o, const char *policies, struct image_recipe *r)
{
	int code = check_given(o);

	*r = (struct image_recipe){.endpoint_max = POLICY_ENDPOINT_MAX};
	if (code == EX_OK && !o->image)
		code = read_geometry(o, r);
	if (code == EX_OK)
		code = policies_load(policies, &r->set, &r->rules);
	if (code == EX_OK && o->image)
		code = take_document(o, policies, r);
	else if (code == EX_OK)
		code = find_identity(o, policies, r);
	if (code == EX_OK && !o->image)
		take_options(o, r);
	if (code == EX_OK && o->image)
		code = read_geometry(o, r);
	if (code == EX_OK)
		code = check_identity(o, r->identity);
	if (code == EX_OK)
		code = check_uri(r);
	if (code == EX_OK)
		code = check_servers(r);
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
	return r->identity->kind != IDENTITY_NOSEC || r->servers;
}

static int
check_own(const struct image_recipe *r, struct ledger *l, const struct token *t)
{
	const struct identity *id = r->identity;
	int code = EX_OK;

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

/** The masters of the accounts that its policy gives. */
static int
check_masters(
    const struct image_recipe *r, struct ledger *l, const struct token *t)
{
	const struct policy *p = r->servers;
	int code = EX_OK;

	for (size_t i = 0; p && code == EX_OK && i < p->server_count; i++) {
		const struct policy_server *s = &p->servers[i];

		if (s->mode == SERVER_PSK && s->key.source == KEY_DERIVED)
			code = key_check(l, t, s->key.master);
	}
	return code;
}

int
image_recipe_keys(
    const struct image_recipe *r, struct ledger *l, const struct token *t)
{
	int code = l ? check_own(r, l, t) : EX_OK;

	return l && code == EX_OK ? check_masters(r, l, t) : code;
}
