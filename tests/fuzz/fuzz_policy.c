/*
 * What a policies folder holds, byte for byte. A set comes out exactly when
 * nothing is wrong; every finding names this file; whatever the set says stays
 * within what set.h promises, and matching over it ends.
 */
#include "lwm2m/object.h"
#include "policy/image.h"
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

static void
check_entries(
    const struct lwm2m_entry *e, size_t count, struct lwm2m_path instance)
{
	must(count <= POLICY_ENTRIES_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct lwm2m_resource *r =
		    resource_find(e[i].path.object, e[i].path.resource);

		must(path_within(e[i].path, instance));
		must(i == 0 || path_compare(e[i - 1].path, e[i].path) < 0);
		must(r && r->type == e[i].value.type);
		must(!(r->flags & (RES_SECRET | RES_EXECUTABLE)));
		must(!(r->flags & RES_MULTIPLE) ==
		    (e[i].path.resource_instance == LWM2M_ID_NONE));
	}
}

static void
check_trigger(const struct policy_trigger *t)
{
	if (!t->url)
		return;
	must(strncmp(t->url, "http", 4) == 0 && t->method[0]);
	must(t->header_count <= POLICY_HEADERS_MAX);
	for (size_t i = 0; i < t->header_count; i++)
		must(!strpbrk(t->headers[i], "\r\n"));
	must(!t->authorization_file || t->authorization_file[0] == '/');
	must(!t->ca_file);
}

/* Here no document has a folder, so none comes through that names a file. */
static void
check_credentials(const struct policy_server *s)
{
	must(s->uri[0] && strlen(s->uri) <= 255);
	must(s->mode == SERVER_PSK || s->mode == SERVER_NOSEC);
	must(!s->issue.ca && !s->server.file.name);
	if (s->mode == SERVER_PSK)
		check_key(&s->key);
	if (s->oscore.present) {
		check_key(&s->oscore.key);
		must(s->oscore.key.source != KEY_IMPORTED);
		must(strlen(s->oscore.recipient_id) <= 14);
	}
	check_entries(s->security_entries, s->security_entry_count,
	    LWM2M_INSTANCE(OBJECT_SECURITY, 0));
}

static void
check_server(const struct policy_server *s)
{
	must(s->name[0]);
	must(s->short_server_id >= 1 && s->short_server_id <= 65534);
	must(s->lifetime_s >= 1);
	check_credentials(s);
	check_entries(s->server_entries, s->server_entry_count,
	    LWM2M_INSTANCE(OBJECT_SERVER, 0));
	check_trigger(&s->trigger);
}

static void
check_device(const struct policy_profile *p)
{
	must(p->name[0] && p->version >= 10 && p->version <= 12);
	must(p->format_count <= POLICY_FORMATS_MAX);
	must(p->levels & 1u << p->level && p->modes != 0);
	must(p->max_message >= 64 && p->max_message <= 65535);
	must(p->block_size <= 1024);
	must(p->account_instance >= -1 && p->account_instance < 65535);
	must(p->endpoint_max >= 1 && p->endpoint_max <= POLICY_ENDPOINT_MAX);
}

static void
check_account(const struct policy_account *a)
{
	must(a->hold_off_s >= -1 && a->timeout_s >= -1 && a->timeout_s != 0);
	if (a->change == ACCOUNT_HAND_OVER)
		check_credentials(&a->server);
	if (a->change != ACCOUNT_ROTATE)
		must(!a->identity && !a->epoch && !a->uri);
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
check_objects(
    const struct policy *p, const struct policy_object *objects, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct policy_object *o = &objects[i];

		must(path_depth(o->path) == 2 && o->path.object > 1);
		must(o->entry_count > 0);
		check_entries(o->entries, o->entry_count, o->path);
		for (size_t k = 0; k < o->account_of_count; k++) {
			must(o->account_of[k].entry < o->entry_count);
			must(o->account_of[k].server < p->pool_count);
		}
	}
}

static void
check_policy(const struct policy *p)
{
	must(p->name[0] && p->endpoint[0]);
	check_device(&p->device);
	must(p->pool_count <= POLICY_SERVERS_MAX);
	must(p->server_count <= POLICY_MEMBERS_MAX);
	for (size_t i = 0; i < p->pool_count; i++)
		must(p->pools[i].count >= 1 &&
		    p->pools[i].first + p->pools[i].count <= p->server_count);
	for (size_t i = 0; i < p->server_count; i++)
		check_server(&p->servers[i]);
	for (size_t i = 0; i < p->clean_count; i++)
		must(path_depth(p->clean[i]) <= 2 && p->clean[i].object != 3);
	check_objects(p, p->objects, p->object_count);
	check_account(&p->account);
	if (p->correction) {
		check_device(&p->correction->device);
		check_objects(
		    p, p->correction->objects, p->correction->object_count);
	}
}

static void
check_settings(const struct policy_setting *s, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		must(s[i].name[0] && s[i].value_count > 0 && s[i].at.line > 0);
		for (size_t k = 0; k < s[i].value_count; k++)
			must(!strchr(s[i].values[k], '\n'));
	}
}

/* Whatever serial number comes, an endpoint that comes out is one. */
static void
check_image(const struct policy_image *m, struct span serial)
{
	char endpoint[POLICY_ENDPOINT_MAX + 1];
	const char *why = NULL;
	enum rc rc;

	must(m->name[0] && m->identity && m->uri[0] && m->format[0]);
	must(m->identity->kind == IDENTITY_PSK ||
	    m->identity->kind == IDENTITY_NOSEC);
	must(m->endpoint_max >= 1 && m->endpoint_max <= POLICY_ENDPOINT_MAX);
	must(!m->endpoint == !m->serial && m->hold_off_s >= 0);
	check_settings(m->options, m->option_count);
	check_settings(m->label, m->label_count);
	rc = image_endpoint_of_serial(m, serial, endpoint, &why);
	must(m->endpoint || rc == RC_NOT_FOUND);
	if (rc != RC_OK) {
		must(why != NULL);
		return;
	}
	must(strlen(endpoint) <= m->endpoint_max);
	must(identity_fits(m->identity, span_str(endpoint)));
	must(span_equal(
	    image_serial_of_endpoint(m, span_str(endpoint)), serial));
}

static enum rc
check_label(void *ctx, const char *label)
{
	(void)ctx;
	must(label[0] != '\0');
	return RC_OK;
}

/* The first of those that miss nothing, and no other. */
static void
choose(const struct policy_set *s, const struct identity *id,
    struct span endpoint, const struct address *from)
{
	const struct policy_facts f = {
	    .identity = id, .endpoint = endpoint, .from = from};
	const struct policy *first = NULL;

	for (size_t i = 0; i < s->policy_count && !first; i++)
		if (policy_miss(s, &s->policies[i], &f) == MISS_NONE)
			first = &s->policies[i];
	must(policy_for(s, &f) == first);
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
	must(s->profile_count >= 7);
	for (size_t i = 0; i < s->profile_count; i++)
		check_device(&s->profiles[i]);
	must(s->certificate_count > 0 && s->authority_count == 0);
	for (size_t i = 0; i < s->certificate_count; i++)
		check_certificate(&s->certificates[i]);
	must(policy_masters(s, check_label, NULL) == RC_OK);
	if (input.len > 300)
		input.len = 300;
	for (size_t i = 0; i < s->image_count; i++) {
		check_image(&s->images[i], input);
		check_image(&s->images[i], SPAN_LIT("4Q0017"));
	}
	id = identity_for_psk(s, input, &endpoint);
	must((id != NULL) == (endpoint.p != NULL));
	must(!id || id->epoch_count > 0);
	if (id)
		choose(s, id, endpoint, &from);
	id = identity_for_nosec(s, &from, input);
	if (id)
		choose(s, id, input, &from);
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
