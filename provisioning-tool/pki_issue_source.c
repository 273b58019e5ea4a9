/* Who signs a device's certificate, and by which profile: an authority of the
 * policies, or a certificate's file and the profile that is built in. */
#include "pki_issue.h"

#include "policies.h"
#include "tool.h"

#include <stdio.h>

/* The profile that every set has (policy/set.h). */
static const char built_in[] = "device-p256";

static const struct policy_authority *
authority_of(const struct policy_set *set, const char *name)
{
	for (size_t i = 0; i < set->authority_count; i++)
		if (strcmp(set->authorities[i].name, name) == 0)
			return &set->authorities[i];
	return NULL;
}

static const struct policy_certificate *
profile_of(const struct policy_set *set, const char *name)
{
	for (size_t i = 0; i < set->certificate_count; i++)
		if (strcmp(set->certificates[i].name, name) == 0)
			return &set->certificates[i];
	return NULL;
}

static int
take_key(struct signing *is, const char *uri)
{
	struct hsm_error err = {0};

	if (!uri)
		return EX_OK; /* by the certificate's public key */
	is->ca_named = true;
	if (hsm_ec_ref_parse(uri, &is->ca_wanted, &err) == RC_OK)
		return EX_OK;
	return tool_error(EX_USAGE, err.remedy, "%s", err.text);
}

static const char *
name_of_authority(const void *list, size_t i)
{
	return ((const struct policy_authority *)list)[i].name;
}

static const char *
name_of_certificate(const void *list, size_t i)
{
	return ((const struct policy_certificate *)list)[i].name;
}

static int
by_authority(struct signing *is)
{
	const char *path = is->settings.policies;
	const struct policy_authority *a;
	int code = policies_load(path, &is->set, &is->rules);

	if (code != EX_OK)
		return code;
	a = is->authority = authority_of(is->set, is->o->authority);
	if (!a)
		return policies_no_name(path, "authority", is->o->authority,
		    is->set->authorities, is->set->authority_count,
		    name_of_authority);
	is->ca_name = a->certificate.path;
	is->ca_bytes = a->certificate.bytes;
	return take_key(is, a->key);
}

static int
by_file(struct signing *is)
{
	struct diag *d = diag_new();
	enum rc rc = d
	    ? policy_load_text("(built in)", SPAN_LIT(""), d, &is->set)
	    : RC_MEMORY;
	int code;

	diag_free(d);
	if (rc != RC_OK)
		return tool_fault(rc, "profile");
	code = pki_file_read(is->o->issuer, &is->issuer_file);

	is->ca_name = is->o->issuer;
	is->ca_bytes = span_of(is->issuer_file.bytes, is->issuer_file.len);
	return code == EX_OK ? take_key(is, is->o->ca) : code;
}

static int
find_profile(struct signing *is)
{
	const char *name = is->o->profile ? is->o->profile : built_in;

	is->document = profile_of(is->set, name);
	if (is->document)
		return EX_OK;
	return policies_no_name(is->settings.policies, "certificate_profile",
	    name, is->set->certificates, is->set->certificate_count,
	    name_of_certificate);
}

/** The first certificate is the one that signs. */
struct first {
	struct signing *is;
	bool taken;
};

static int
take_first(void *ctx, const struct cert *c)
{
	struct first *f = ctx;

	if (f->taken)
		return EX_OK;
	f->taken = true;
	return pki_certificate_take(f->is->ca_name, c->der, &f->is->ca);
}

/** What the certificate says; its key is not known yet. */
static int
describe(struct signing *is)
{
	const struct policy_issue issue = {
	    .profile = is->document,
	    .validity_s = is->o->validity_s != 0 ? is->o->validity_s : -1,
	};
	const struct placeholder_values device =
	    placeholder_device(is->set, span_str(is->o->endpoint));
	char detail[MINT_DETAIL_MAX] = "";
	enum rc rc;

	is->signer.cert = is->ca.cert;
	rc = mint_draft(&is->mint, &is->signer, &issue, &device,
	    span_of(is->spki, sizeof(is->spki)), is->now_s, detail);
	/* what nobody has asked for may be shorter */
	is->mint.profile.clip = is->o->validity_s == 0;
	if (rc == RC_OK)
		return EX_OK;
	return tool_error(EX_DATAERR, "shorten them", "%s", detail);
}

int
signing_sources(struct signing *is)
{
	struct first first = {is, false};
	int code = EX_OK;

	if (is->o->authority)
		code = settings_need(&is->settings, SETTINGS_POLICIES);
	if (code == EX_OK)
		code = is->o->authority ? by_authority(is) : by_file(is);
	if (code == EX_OK)
		code = find_profile(is);
	if (code == EX_OK)
		code = pki_certificates(
		    is->ca_name, is->ca_bytes, take_first, &first);
	return code == EX_OK ? describe(is) : code;
}
