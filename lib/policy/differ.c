#include "policy/differing.h"

#include <inttypes.h>
#include <stdio.h>

const char *
policy_change_name(enum policy_change c)
{
	static const char *const names[POLICY_CHANGES] = {
	    [CHANGE_SERVER_ADDED] = "server-added",
	    [CHANGE_SERVER_REMOVED] = "server-removed",
	    [CHANGE_SERVER_MOVED] = "server-moved",
	    [CHANGE_SSID] = "short-server-id",
	    [CHANGE_MODE] = "security-mode",
	    [CHANGE_KEY_EPOCH] = "key-epoch",
	    [CHANGE_KEY] = "key",
	    [CHANGE_PSK_IDENTITY] = "psk-identity",
	    [CHANGE_CERTIFICATE] = "certificate",
	    [CHANGE_SERVER_KEY] = "server-key",
	    [CHANGE_OSCORE] = "oscore",
	    [CHANGE_SERVER_SETTINGS] = "server-settings",
	    [CHANGE_SERVER_ORDER] = "server-order",
	    [CHANGE_ACCOUNT] = "bootstrap-account",
	    [CHANGE_OBJECTS] = "objects",
	    [CHANGE_CLEAN] = "clean",
	    [CHANGE_DEVICE] = "device",
	    [CHANGE_VERIFY] = "verify",
	    [CHANGE_ON_FAILURE] = "on-failure",
	    [CHANGE_CORRECTION] = "correction",
	};

	return names[c];
}

/* --- what all of them need ------------------------------------------------ */

void
differ_say(const struct differing *d, enum policy_change kind, const char *what,
    const char *before, const char *after)
{
	const struct policy_difference x = {kind, what, before, after};

	d->each(d->ctx, &x);
}

bool
differ_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

void
differ_text(const struct differing *d, enum policy_change kind,
    const char *what, const char *before, const char *after)
{
	if (!differ_same(before, after))
		differ_say(d, kind, what, before, after);
}

void
differ_number(const struct differing *d, enum policy_change kind,
    const char *what, int64_t before, int64_t after, int64_t none)
{
	char a[24], b[24];

	if (before == after)
		return;
	(void)snprintf(a, sizeof(a), "%" PRId64, before);
	(void)snprintf(b, sizeof(b), "%" PRId64, after);
	differ_say(
	    d, kind, what, before == none ? NULL : a, after == none ? NULL : b);
}

const char *
differ_join(
    char out[static DIFFER_TEXT_MAX], const char *name, const char *what)
{
	(void)snprintf(out, DIFFER_TEXT_MAX, "%s %s", name, what);
	return out;
}

/* --- values --------------------------------------------------------------- */

/** Numbers as they are; text in its own words; bytes only by how many. */
static const char *
value_text(char out[static DIFFER_TEXT_MAX], const struct lwm2m_value *v)
{
	switch (v->type) {
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		(void)snprintf(out, DIFFER_TEXT_MAX, "%" PRId64, v->integer);
		break;
	case LWM2M_UNSIGNED:
		(void)snprintf(out, DIFFER_TEXT_MAX, "%" PRIu64, v->number);
		break;
	case LWM2M_FLOAT:
		(void)snprintf(out, DIFFER_TEXT_MAX, "%.9g", v->real);
		break;
	case LWM2M_BOOLEAN:
		return v->boolean ? "true" : "false";
	case LWM2M_OBJLNK:
		(void)snprintf(out, DIFFER_TEXT_MAX, "%u:%u",
		    (unsigned)v->link.object, (unsigned)v->link.instance);
		break;
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		(void)snprintf(
		    out, DIFFER_TEXT_MAX, "%.*s", SPAN_FMT(v->bytes));
		break;
	case LWM2M_OPAQUE:
		(void)snprintf(out, DIFFER_TEXT_MAX, "%zu bytes", v->bytes.len);
		break;
	case LWM2M_NONE:
		out[0] = '\0';
		break;
	}
	return out;
}

static void
say_entry(const struct differing *d, enum policy_change kind, const char *of,
    const struct lwm2m_entry *a, const struct lwm2m_entry *b)
{
	char what[DIFFER_TEXT_MAX], before[DIFFER_TEXT_MAX];
	char after[DIFFER_TEXT_MAX], path[32];
	struct writer w;

	writer_init(&w, path, sizeof(path) - 1);
	path_print(&w, a ? a->path : b->path);
	path[w.len] = '\0';
	(void)snprintf(what, sizeof(what), "%s%s", of, path);
	differ_say(d, kind, what, a ? value_text(before, &a->value) : NULL,
	    b ? value_text(after, &b->value) : NULL);
}

void
differ_entries(const struct differing *d, enum policy_change kind,
    const char *of, struct differ_entries a, struct differ_entries b)
{
	size_t i = 0, n = 0;

	while (i < a.count || n < b.count) {
		int order = i == a.count ? 1
		    : n == b.count       ? -1
				   : path_compare(a.p[i].path, b.p[n].path);

		if (order < 0)
			say_entry(d, kind, of, &a.p[i++], NULL);
		else if (order > 0)
			say_entry(d, kind, of, NULL, &b.p[n++]);
		else {
			if (!value_equal(&a.p[i].value, &b.p[n].value))
				say_entry(d, kind, of, &a.p[i], &b.p[n]);
			i++;
			n++;
		}
	}
}

/* --- the parts of a policy ------------------------------------------------ */

static const struct policy_object *
object_at(const struct policy_object *list, size_t count, struct lwm2m_path at)
{
	for (size_t i = 0; i < count; i++)
		if (path_compare(list[i].path, at) == 0)
			return &list[i];
	return NULL;
}

static bool
same_links(const struct policy_object *a, const struct policy_object *b)
{
	if (a->account_of_count != b->account_of_count)
		return false;
	for (size_t i = 0; i < a->account_of_count; i++) {
		const struct policy_account_of *x = &a->account_of[i];
		const struct policy_account_of *y = &b->account_of[i];

		if (x->entry != y->entry || x->server != y->server ||
		    x->object != y->object)
			return false;
	}
	return true;
}

static void
say_links(const struct differing *d, enum policy_change kind,
    const struct policy_object *o)
{
	char path[32];
	struct writer w;

	writer_init(&w, path, sizeof(path) - 1);
	path_print(&w, o->path);
	path[w.len] = '\0';
	differ_say(d, kind, path, "instance_of", "instance_of");
}

static void
differ_objects(const struct differing *d, enum policy_change kind,
    const struct policy_object *before, size_t before_count,
    const struct policy_object *after, size_t after_count)
{
	static const struct differ_entries none;

	for (size_t i = 0; i < before_count; i++) {
		const struct policy_object *a = &before[i];
		const struct policy_object *b =
		    object_at(after, after_count, a->path);

		differ_entries(d, kind, "",
		    (struct differ_entries){a->entries, a->entry_count},
		    b ? (struct differ_entries){b->entries, b->entry_count}
		      : none);
		if (b && !same_links(a, b))
			say_links(d, kind, b);
	}
	for (size_t i = 0; i < after_count; i++)
		if (!object_at(before, before_count, after[i].path))
			differ_entries(d, kind, "", none,
			    (struct differ_entries){
				after[i].entries, after[i].entry_count});
}

/** "/0 /1". */
static const char *
paths_text(char out[static DIFFER_TEXT_MAX], const struct lwm2m_path *p,
    size_t count, bool strict)
{
	struct writer w;

	writer_init(&w, out, DIFFER_TEXT_MAX - 1);
	for (size_t i = 0; i < count; i++) {
		writer_str(&w, i ? " " : "");
		path_print(&w, p[i]);
	}
	if (count > 0 && strict)
		writer_str(&w, " (answered 2.02)");
	out[w.len] = '\0';
	return count > 0 ? out : NULL;
}

static void
differ_clean(const struct differing *d, enum policy_change kind,
    const struct policy *a, const struct policy *b)
{
	char before[DIFFER_TEXT_MAX], after[DIFFER_TEXT_MAX];

	differ_text(d, kind, "clean",
	    paths_text(
		before, a->clean, a->clean_count, a->device.strict_delete),
	    paths_text(
		after, b->clean, b->clean_count, b->device.strict_delete));
}

static const char *
formats_text(char out[static DIFFER_TEXT_MAX], const struct policy_profile *p)
{
	struct writer w;

	writer_init(&w, out, DIFFER_TEXT_MAX - 1);
	for (size_t i = 0; i < p->format_count; i++)
		writer_fmt(&w, "%s%u", i ? " " : "", (unsigned)p->formats[i]);
	out[w.len] = '\0';
	return out;
}

static const char *
yes_no(bool b)
{
	return b ? "true" : "false";
}

/** What of a profile a device notices. */
static void
differ_device(const struct differing *d, enum policy_change kind,
    const struct policy_profile *a, const struct policy_profile *b)
{
	static const char *const levels[] = {
	    [WRITE_INSTANCE] = "instance",
	    [WRITE_OBJECT] = "object",
	    [WRITE_RESOURCE] = "resource",
	};
	char before[DIFFER_TEXT_MAX], after[DIFFER_TEXT_MAX];

	differ_number(d, kind, "version", a->version, b->version, -1);
	differ_text(d, kind, "formats", formats_text(before, a),
	    formats_text(after, b));
	differ_text(d, kind, "write", levels[a->level], levels[b->level]);
	differ_text(
	    d, kind, "discover", yes_no(a->discover), yes_no(b->discover));
	differ_text(d, kind, "empty_keys", yes_no(a->empty_keys),
	    yes_no(b->empty_keys));
	differ_text(d, kind, "refuses_unknown", yes_no(a->refuses_unknown),
	    yes_no(b->refuses_unknown));
	differ_number(d, kind, "max_message", (int64_t)a->max_message,
	    (int64_t)b->max_message, -1);
	differ_number(d, kind, "block_size", (int64_t)a->block_size,
	    (int64_t)b->block_size, -1);
	differ_number(d, kind, "account_instance", a->account_instance,
	    b->account_instance, -1);
}

static void
differ_account(
    const struct differing *d, const struct policy *a, const struct policy *b)
{
	static const char *const changes[] = {
	    [ACCOUNT_KEEP] = "keep",
	    [ACCOUNT_ROTATE] = "rotate",
	    [ACCOUNT_HAND_OVER] = "hand-over",
	};
	const enum policy_change kind = CHANGE_ACCOUNT;
	const struct policy_account *x = &a->account, *y = &b->account;

	differ_text(d, kind, "bootstrap_account", changes[x->change],
	    changes[y->change]);
	if (x->change != y->change)
		return;
	differ_text(d, kind, "bootstrap_account identity",
	    x->identity ? x->identity->name : NULL,
	    y->identity ? y->identity->name : NULL);
	differ_number(
	    d, kind, "bootstrap_account epoch", x->epoch, y->epoch, 0);
	differ_text(d, kind, "bootstrap_account uri", x->uri, y->uri);
	differ_number(d, kind, "bootstrap_account hold_off", x->hold_off_s,
	    y->hold_off_s, -1);
	differ_number(d, kind, "bootstrap_account timeout", x->timeout_s,
	    y->timeout_s, -1);
	if (x->change == ACCOUNT_HAND_OVER)
		differ_server(d, "bootstrap_account", &x->server, &y->server);
}

static void
differ_correction(
    const struct differing *d, const struct policy *a, const struct policy *b)
{
	const struct policy_correction *x = a->correction, *y = b->correction;
	char before[DIFFER_TEXT_MAX], after[DIFFER_TEXT_MAX];

	if (!x || !y) {
		differ_text(d, CHANGE_CORRECTION, "correction",
		    x ? "as written" : NULL, y ? "as written" : NULL);
		return;
	}
	differ_device(d, CHANGE_CORRECTION, &x->device, &y->device);
	differ_text(d, CHANGE_CORRECTION, "clean",
	    paths_text(
		before, x->clean, x->clean_count, x->device.strict_delete),
	    paths_text(
		after, y->clean, y->clean_count, y->device.strict_delete));
	differ_objects(d, CHANGE_CORRECTION, x->objects, x->object_count,
	    y->objects, y->object_count);
}

void
policy_differ(const struct policy *before, const struct policy *after,
    policy_differ_fn each, void *ctx)
{
	static const char *const verify[] = {
	    [VERIFY_NONE] = "none",
	    [VERIFY_DISCOVER] = "discover",
	    [VERIFY_READ] = "read",
	};
	static const char *const failure[] = {
	    [FAILURE_LEAVE] = "leave",
	    [FAILURE_CLEAN] = "clean",
	};
	const struct differing d = {each, ctx};

	differ_servers(&d, before, after);
	differ_account(&d, before, after);
	differ_objects(&d, CHANGE_OBJECTS, before->objects,
	    before->object_count, after->objects, after->object_count);
	differ_clean(&d, CHANGE_CLEAN, before, after);
	differ_device(&d, CHANGE_DEVICE, &before->device, &after->device);
	differ_text(&d, CHANGE_VERIFY, "verify", verify[before->verify],
	    verify[after->verify]);
	differ_text(&d, CHANGE_ON_FAILURE, "on_failure",
	    failure[before->on_failure], failure[after->on_failure]);
	differ_correction(&d, before, after);
}
