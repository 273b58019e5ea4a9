/*
 * What a policies folder holds, byte for byte. A set comes out exactly when
 * nothing is wrong; every finding names this file; whatever the set says stays
 * within what set.h promises, and matching over it ends.
 */
#include "policy/match.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_findings(const struct diag *d, bool loaded)
{
	must(loaded == (diag_count(d, DIAG_ERROR) == 0));
	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);

		must(strcmp(f->file, "f.yaml") == 0 || f->file[0] == '\0');
		must(f->code && f->text && f->text[0]);
		/* A finding is a line, whatever it quotes. */
		must(strlen(f->text) < 2048 && !strchr(f->text, '\n'));
	}
}

static void
check_key(const struct policy_key *k)
{
	if (k->source == KEY_IMPORTED) {
		must(!k->master && k->collection[0]);
		return;
	}
	must(k->master[0] && k->epoch > 0);
	must(k->source == KEY_DERIVED || (k->length >= 16 && k->length <= 64));
}

/* Here no document has a folder, so none comes through that names a file. */
static void
check_server(const struct policy_server *s)
{
	must(s->name[0] && s->uri[0] && strlen(s->uri) <= 255);
	must(s->short_server_id >= 1 && s->short_server_id <= 65534);
	must(s->lifetime_s >= 1);
	must(s->mode == SERVER_PSK || s->mode == SERVER_NOSEC);
	must(!s->issue.ca && !s->server.file.name);
	if (s->mode == SERVER_PSK)
		check_key(&s->key);
}

static void
check_identity(const struct identity *id)
{
	must(id->name[0] && id->endpoint[0]);
	must(id->kind != IDENTITY_RPK && id->table_count == 0);
	must(id->kind != IDENTITY_IMPORTED || id->collection[0]);
	must(!id->issue.ca);
	must((id->kind == IDENTITY_PSK) == (id->epoch_count > 0));
	must(id->epoch_count <= POLICY_EPOCHS_MAX);
	for (size_t i = 0; i < id->epoch_count; i++) {
		must(id->epochs[i] > 0);
		must(identity_accepts(id, i, id->epoch_until_s[i] - 1));
		must(!identity_accepts(id, i, id->epoch_until_s[i]));
	}
}

static void
check_certificate(const struct policy_certificate *p)
{
	must(p->name[0] && p->subject_count > 0);
	must(p->subject_count <= POLICY_SUBJECT_MAX);
	for (size_t i = 0; i < p->subject_count; i++)
		must(p->subject[i].attribute[0] && p->subject[i].value[0]);
	must(!p->san_uri || p->san_uri[0]);
	must(!p->san_dns || p->san_dns[0]);
	must(p->backdate_s >= 0 && p->validity_s >= 60);
}

static void
check_policy(const struct policy *p)
{
	must(p->name[0] && p->endpoint[0]);
	must(p->device.max_message >= 64 && p->device.max_message <= 65535);
	must(p->server_count <= POLICY_SERVERS_MAX);
	for (size_t i = 0; i < p->server_count; i++)
		check_server(&p->servers[i]);
	for (size_t i = 0; i < p->clean_count; i++)
		must(path_depth(p->clean[i]) <= 2 && p->clean[i].object != 3);
	for (size_t i = 0; i < p->object_count; i++) {
		const struct policy_object *o = &p->objects[i];

		must(path_depth(o->path) == 2 && o->path.object > 1);
		must(o->entry_count > 0);
		for (size_t k = 0; k < o->entry_count; k++) {
			must(path_within(o->entries[k].path, o->path));
			must(k == 0 ||
			    path_compare(o->entries[k - 1].path,
				o->entries[k].path) < 0);
		}
	}
}

static enum rc
check_label(void *ctx, const char *label)
{
	(void)ctx;
	must(label[0] != '\0');
	return RC_OK;
}

static void
check_set(const struct policy_set *s, struct span input)
{
	struct address from = {.family = 4, .ip = {127, 0, 0, 1}};
	const struct identity *id;
	struct span endpoint;

	for (size_t i = 0; i < s->policy_count; i++) {
		check_policy(&s->policies[i]);
		must(
		    i == 0 || s->policies[i - 1].order <= s->policies[i].order);
	}
	for (size_t i = 0; i < s->identity_count; i++)
		check_identity(&s->identities[i]);
	must(s->certificate_count > 0 && s->authority_count == 0);
	for (size_t i = 0; i < s->certificate_count; i++)
		check_certificate(&s->certificates[i]);
	must(policy_masters(s, check_label, NULL) == RC_OK);
	if (input.len > 300)
		input.len = 300;
	id = identity_for_psk(s, input, &endpoint);
	must((id != NULL) == (endpoint.p != NULL));
	must(!id || id->epoch_count > 0);
	if (id)
		policy_for(s, id, endpoint);
	id = identity_for_nosec(s, &from, input);
	if (id)
		policy_for(s, id, input);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_of(data, size);
	struct diag *d = diag_new();
	struct policy_set *s;
	enum rc rc;

	must(d != NULL);
	rc = policy_load_text("f.yaml", input, d, &s);
	must(rc == RC_OK || rc == RC_CONFIG);
	must((rc == RC_OK) == (s != NULL));
	check_findings(d, s != NULL);
	if (s)
		check_set(s, input);
	policy_set_unref(s);
	diag_free(d);
	return 0;
}
