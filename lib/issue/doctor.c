#include "issue/doctor.h"

#include "issue/doctor_source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct doctor {
	struct span psk_identity, endpoint;
	struct psk_test *test;
	struct sources sources;
	size_t at; /* the source that comes next */
	bool untried; /* a master that the token does not digest */
	struct secret form; /* room for one */
	struct doctor_result result;
};

static enum rc
token_derive(void *ctx, const struct hsm_derivation *d, struct secret *key)
{
	return hsm_derive(ctx, d, key);
}

static enum rc
token_premaster(void *ctx, const char *master,
    uint8_t digest[static PSK_TEST_PREMASTER_LEN])
{
	return hsm_master_premaster(ctx, master, digest);
}

struct doctor_keys
doctor_keys_of(struct hsm_session *s)
{
	return (struct doctor_keys){token_derive, token_premaster, s};
}

enum rc
doctor_new(const struct policy_set *set, struct span psk_identity,
    struct span evidence, int64_t now_s, struct doctor **out)
{
	struct span endpoint;
	const struct identity *id =
	    identity_for_psk(set, psk_identity, &endpoint);
	struct psk_evidence facts;
	struct doctor *d;
	enum rc rc;

	*out = NULL;
	if (!id || !id->master)
		return RC_NOT_FOUND;
	rc = evidence_get(evidence, &facts);
	if (rc)
		return rc;
	d = calloc(1, sizeof(*d));
	if (!d)
		return RC_MEMORY;
	d->psk_identity = psk_identity;
	d->endpoint = endpoint;
	sources_list(&d->sources, set, id, psk_identity, endpoint, now_s);
	rc = secret_reserve(&d->form, FORM_KEY_MAX);
	if (rc == RC_OK)
		rc = psk_test_new(&facts, &d->test);
	if (rc) {
		doctor_free(d);
		return rc;
	}
	*out = d;
	return RC_OK;
}

void
doctor_free(struct doctor *d)
{
	if (!d)
		return;
	psk_test_free(d->test);
	secret_fini(&d->form);
	free(d);
}

const struct doctor_result *
doctor_result(const struct doctor *d)
{
	return &d->result;
}

static bool
opens(struct doctor *d, const struct secret *key)
{
	d->result.tried++;
	return psk_test_key(d->test, key);
}

/* --- what to say of a source ---------------------------------------------- */

PRINTF_LIKE(4, 5)
static void
say(struct doctor_result *r, const char *code, const char *remedy,
    const char *fmt, ...)
{
	va_list ap;

	r->verdict = DOCTOR_MISTAKE;
	r->proves = true;
	(void)snprintf(r->code, sizeof(r->code), "%s", code);
	va_start(ap, fmt);
	(void)vsnprintf(r->sentence, sizeof(r->sentence), fmt, ap);
	va_end(ap);
	r->remedy = remedy;
}

static void
say_form(struct doctor_result *r, const struct form_name *name, bool proves)
{
	say(r, name->code, name->remedy, "%s", name->sentence);
	r->proves = proves;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/** Until a day is over: the sentence names it. */
static void
say_ended(struct doctor_result *r, const struct source *s)
{
	static const int months[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t day = (s->until_s - 1) / 86400;
	int year = 1970, month = 0;

	for (; day >= 365 + is_leap(year); year++)
		day -= 365 + is_leap(year);
	for (; day >= months[month] + (month == 1 && is_leap(year)); month++)
		day -= months[month] + (month == 1 && is_leap(year));
	say(r, "other-epoch",
	    "Mint the device a new image of an epoch that is accepted, or have "
	    "the identity document accept this one until a later day.",
	    "The device used its key of epoch %u, which ended on "
	    "%04d-%02d-%02d.",
	    (unsigned)s->derivation.epoch, year, month + 1, (int)day + 1);
}

static void
say_source(struct doctor_result *r, const struct source *s)
{
	const struct hsm_derivation *d = &s->derivation;

	r->epoch = d->epoch;
	switch (s->kind) {
	case SOURCE_OWN:
		say(r, "accepted", "", "The key is right, of epoch %u.",
		    (unsigned)d->epoch);
		r->verdict = DOCTOR_RIGHT;
		break;
	case SOURCE_ENDED:
		say_ended(r, s);
		break;
	case SOURCE_EPOCH:
		say(r, "other-epoch",
		    "Add the epoch to the identity document, or mint the "
		    "device a new image.",
		    "The device used its key of epoch %u, which is not "
		    "accepted.",
		    (unsigned)d->epoch);
		break;
	case SOURCE_NAME:
		say(r, s->name->code,
		    "Mint the device an image for its endpoint as it is "
		    "written.",
		    "The device used the key of its endpoint %s, of epoch %u.",
		    s->name->phrase, (unsigned)d->epoch);
		break;
	case SOURCE_ACCOUNT:
		say(r, "server-account",
		    "Give the device the key of its Bootstrap-Server Account "
		    "for this server; the account's key stays at its server.",
		    "The device used the key of its account at server %u, of "
		    "epoch %u.",
		    d->short_server_id, (unsigned)d->epoch);
		break;
	case SOURCE_OTHER_MASTER:
		say(r, "other-master",
		    "Mint the device an image by this identity document, or "
		    "have the document name that master.",
		    "The device used a key of the master \"%s\", of epoch %u.",
		    d->master, (unsigned)d->epoch);
		break;
	case SOURCE_MASTER:
		say(r, "master",
		    "Replace the master and every key of it: whoever reads "
		    "this device can make them all.",
		    "The device used the master \"%s\" itself as its key.",
		    d->master);
		r->epoch = 0;
		break;
	case SOURCE_PUBLIC:
		break; /* each has a name of its own */
	}
}

static void
say_unknown(struct doctor *d)
{
	struct doctor_result *r = &d->result;

	say(r, "unknown",
	    "Mint the device a new image, or find out which key was put into "
	    "it.",
	    "The device used another key, by none of the mistakes that are "
	    "known%s.",
	    d->untried ? "; the token does not let the master itself be tried"
		       : "");
	r->verdict = DOCTOR_UNKNOWN;
	r->proves = false;
}

/* --- trying --------------------------------------------------------------- */

/* True: the diagnosis is there. */
static bool
try_forms(struct doctor *d, const struct secret *key)
{
	struct form_name name;

	for (size_t i = 0; i < form_count(); i++) {
		if (!form_make(i, key, &d->form) || !opens(d, &d->form))
			continue;
		form_name(i, &name);
		say_form(&d->result, &name, true);
		return true;
	}
	return false;
}

static bool
try_public(struct doctor *d)
{
	struct form_name name;

	for (size_t i = 0; i < form_public_count(); i++) {
		if (!form_public_make(
			i, d->psk_identity, d->endpoint, &d->form) ||
		    !opens(d, &d->form))
			continue;
		form_public_name(i, &name);
		say_form(&d->result, &name, false);
		return true;
	}
	return false;
}

static enum rc
try_derived(struct doctor *d, const struct source *s,
    const struct doctor_keys *keys, bool *found)
{
	struct secret key = {0};
	enum rc rc = keys->derive(keys->ctx, &s->derivation, &key);

	if (rc == RC_OK && opens(d, &key)) {
		say_source(&d->result, s);
		*found = true;
	} else if (rc == RC_OK &&
	    (s->kind == SOURCE_OWN || s->kind == SOURCE_ENDED)) {
		*found = try_forms(d, &key);
		d->result.epoch = *found ? s->derivation.epoch : 0;
	}
	secret_fini(&key);
	return rc;
}

static enum rc
try_master(struct doctor *d, const struct source *s,
    const struct doctor_keys *keys, bool *found)
{
	uint8_t digest[PSK_TEST_PREMASTER_LEN];
	enum rc rc = keys->premaster(keys->ctx, s->derivation.master, digest);

	if (rc == RC_OK) {
		d->result.tried++;
		*found = psk_test_premaster(d->test, digest);
	}
	d->untried |= rc == RC_UNSUPPORTED;
	if (*found)
		say_source(&d->result, s);
	secret_wipe(digest, sizeof(digest));
	return rc;
}

enum rc
doctor_step(struct doctor *d, const struct doctor_keys *keys)
{
	const struct source *s = &d->sources.all[d->at];
	bool found = false;
	enum rc rc = RC_OK;

	if (s->kind == SOURCE_PUBLIC)
		found = try_public(d);
	else if (s->kind == SOURCE_MASTER)
		rc = try_master(d, s, keys, &found);
	else
		rc = try_derived(d, s, keys, &found);
	/* A key that this token does not make, the device does not have. */
	if (rc == RC_TOKEN || rc == RC_MEMORY)
		return rc;
	if (found)
		return RC_OK;
	if (++d->at < d->sources.count)
		return RC_AGAIN;
	say_unknown(d);
	return RC_OK;
}
