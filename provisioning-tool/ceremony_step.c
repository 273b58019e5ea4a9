/* A step of a ceremony's file. */
#include "ceremony_reader.h"

#include "base/text.h"
#include "policy/word.h"

static const char *const kinds[] = {
    [CEREMONY_MASTER] = "master",
    [CEREMONY_SEAL] = "seal",
    [CEREMONY_REQUEST] = "request",
    [CEREMONY_ROOT] = "root",
    [CEREMONY_ISSUING] = "issuing",
    [CEREMONY_SERVER] = "server",
    NULL,
};

const char *
ceremony_kind_name(enum ceremony_kind kind)
{
	return kinds[kind];
}

bool
ceremony_step_has_key(const struct ceremony_step *s)
{
	return !s->request;
}

bool
ceremony_step_certifies(const struct ceremony_step *s)
{
	return s->kind >= CEREMONY_ROOT;
}

bool
ceremony_step_is_ca(const struct ceremony_step *s)
{
	return ceremony_step_has_key(s) &&
	    (s->kind == CEREMONY_ROOT || s->kind == CEREMONY_ISSUING);
}

static void
read_label(struct creader *r, struct yaml_node *n, struct hsm_ec_ref *ref)
{
	const char *text, *wrong;

	if (!creader_note(r, yaml_text(&r->yaml, n, &text)))
		return;
	wrong = word_label(n->text);
	if (wrong)
		creader_error(r, n, "ceremony-label", "%s: %s",
		    YAML_SHOW(n->text), wrong);
	else
		memcpy(ref->label, n->text.p, n->text.len);
}

/** `key: LABEL` and `id: HEX`. */
static void
read_key(
    struct creader *r, struct yaml_node *map, bool need, struct hsm_ec_ref *ref)
{
	struct yaml_node *key =
	    need ? yaml_need(&r->yaml, map, "key") : yaml_get(map, "key");
	struct yaml_node *id = yaml_get(map, "id");
	const char *text;
	struct writer w;

	if (key)
		read_label(r, key, ref);
	else if (need)
		creader_note(r, RC_CONFIG);
	if (!id || !creader_note(r, yaml_text(&r->yaml, id, &text)))
		return;
	writer_init(&w, ref->id, sizeof(ref->id));
	if (text_unhex(&w, id->text) != RC_OK || w.len == 0)
		creader_error(r, id, "ceremony-id",
		    "%s is no id: 1 to %d bytes in hexadecimal",
		    YAML_SHOW(id->text), HSM_EC_ID_MAX);
	ref->id_len = w.len;
}

/** A CA that an earlier step makes. */
static void
issuer_of_file(struct creader *r, struct yaml_node *n, struct ceremony_ca *ca)
{
	const struct ceremony_step *found = NULL;
	unsigned count = 0;

	for (size_t i = 0; i < r->c->step_count; i++) {
		const struct ceremony_step *s = &r->c->steps[i];

		if ((s->kind != CEREMONY_ROOT && s->kind != CEREMONY_ISSUING) ||
		    !s->key.ref.label[0] || !span_is(n->text, s->key.ref.label))
			continue;
		found = s;
		count++;
	}
	if (count != 1) {
		creader_error(r, n, "ceremony-issuer",
		    count ? "two CAs above have a key labelled %s"
			  : "no root or issuing CA above has a key labelled "
			    "%s; one that exists is {certificate: FILE, key: "
			    "LABEL}",
		    YAML_SHOW(n->text));
		return;
	}
	ca->step = found;
	ca->certificate = found->out;
	ca->key = found->key;
}

static void
read_issuer(struct creader *r, struct yaml_node *map, struct ceremony_ca *ca)
{
	static const char *const known[] = {
	    "certificate", "key", "id", "token", NULL};
	struct yaml_node *n = yaml_need(&r->yaml, map, "issuer");

	if (!n) {
		creader_note(r, RC_CONFIG);
	} else if (n->kind == YAML_SCALAR) {
		issuer_of_file(r, n, ca);
	} else if (creader_note(r, yaml_expect(&r->yaml, n, YAML_MAP))) {
		ca->certificate = creader_path(r, n, "certificate", true);
		read_key(r, n, true, &ca->key.ref);
		creader_token_name(r, n, &ca->key.token);
		yaml_leftover(&r->yaml, n, known);
	}
}

/** What stands behind the kind, by kind; the first four are of every key. */
static const char *const *
known_keys(enum ceremony_kind kind)
{
	static const char *const master[] = {
	    "key", "token", "on_missing", NULL};
	static const char *const request[] = {
	    "key", "id", "token", "on_missing", "subject", "out", NULL};
	static const char *const root[] = {"key", "id", "token", "on_missing",
	    "subject", "validity", "backdate", "path_length",
	    "name_constraints", "out", NULL};
	static const char *const issuing[] = {"key", "id", "token",
	    "on_missing", "subject", "validity", "backdate", "path_length",
	    "name_constraints", "extended_key_usage", "issuer", "request",
	    "out", NULL};
	static const char *const server[] = {"key", "id", "token", "on_missing",
	    "subject", "validity", "backdate", "dns", "ip", "uri", "issuer",
	    "request", "chain", "out", NULL};

	switch (kind) {
	case CEREMONY_REQUEST:
		return request;
	case CEREMONY_ROOT:
		return root;
	case CEREMONY_ISSUING:
		return issuing;
	case CEREMONY_SERVER:
		return server;
	case CEREMONY_MASTER:
	case CEREMONY_SEAL:
		break;
	}
	return master;
}

static void
read_certificate(
    struct creader *r, struct yaml_node *map, struct ceremony_step *s)
{
	static const enum cert_kind profiles[] = {
	    [CEREMONY_REQUEST] = CERT_ROOT, /* signs itself */
	    [CEREMONY_ROOT] = CERT_ROOT,
	    [CEREMONY_ISSUING] = CERT_ISSUING,
	    [CEREMONY_SERVER] = CERT_SERVER,
	};
	struct yaml_node *chain;

	cert_profile_init(&s->profile, profiles[s->kind]);
	creader_profile(r, map, &s->profile);
	s->out = creader_path(r, map, "out", true);
	if (s->kind < CEREMONY_ISSUING)
		return;
	s->request = creader_path(r, map, "request", false);
	read_issuer(r, map, &s->issuer);
	s->chain = s->kind == CEREMONY_SERVER;
	chain = s->chain ? yaml_get(map, "chain") : NULL;
	if (chain)
		creader_note(r, yaml_bool(&r->yaml, chain, &s->chain));
}

/** The one key of an item says what the step is. */
static bool
read_kind(struct creader *r, struct yaml_node *item, enum ceremony_kind *out)
{
	if (!creader_note(r, yaml_expect(&r->yaml, item, YAML_MAP)))
		return false;
	if (item->count != 1) {
		creader_error(r, item, "ceremony-step",
		    "a step has one key, its kind, and the rest below that");
		return false;
	}
	for (unsigned i = 0; kinds[i]; i++)
		if (yaml_get(item, kinds[i])) {
			*out = (enum ceremony_kind)i;
			return true;
		}
	yaml_leftover(&r->yaml, item, kinds);
	creader_note(r, RC_CONFIG);
	return false;
}

void
creader_step(struct creader *r, struct yaml_node *item)
{
	struct ceremony_step *s = &r->c->steps[r->c->step_count];
	struct yaml_node *map;
	bool master;

	*s = (struct ceremony_step){
	    .number = (unsigned)r->c->step_count + 1,
	    .line = item->line,
	    .generate = r->c->generate,
	};
	if (!read_kind(r, item, &s->kind))
		return;
	map = yaml_get(item, kinds[s->kind]);
	master = s->kind == CEREMONY_MASTER || s->kind == CEREMONY_SEAL;
	if (master && map->kind == YAML_SCALAR) {
		read_label(r, map, &s->key.ref);
		if (r->c->token_count > 0 && r->c->tokens[0].name)
			creader_error(r, map, "ceremony-token",
			    "in which token? ({key: LABEL, token: %s})",
			    r->c->tokens[0].name);
	} else if (creader_note(r, yaml_expect(&r->yaml, map, YAML_MAP))) {
		if (!master)
			read_certificate(r, map, s);
		read_key(r, map, ceremony_step_has_key(s), &s->key.ref);
		if (ceremony_step_has_key(s) || s->key.ref.label[0])
			creader_token_name(r, map, &s->key.token);
		creader_on_missing(r, map, &s->generate);
		yaml_leftover(&r->yaml, map, known_keys(s->kind));
	}
	r->c->step_count++;
}
