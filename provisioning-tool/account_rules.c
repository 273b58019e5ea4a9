#include "account_rules.h"

#include "account_rules_internal.h"
#include "lwm2m/entry.h"

enum { PER_INSTANCE = 2 };

static void
add(const struct rules *r, enum diag_level level, struct lwm2m_path p,
    const char *code, const char *text)
{
	char path[LWM2M_PATH_TEXT_MAX];
	struct writer w;

	writer_init(&w, path, sizeof(path) - 1);
	path_print(&w, p);
	path[w.len] = '\0';
	diag_add(r->d, level, r->file, 0, 0, code, "%s: %s", path, text);
}

void
rules_error(const struct rules *r, uint16_t object, uint16_t instance,
    uint16_t resource, const char *code, const char *text)
{
	add(r, DIAG_ERROR, LWM2M_RESOURCE(object, instance, resource), code,
	    text);
}

void
rules_warning(const struct rules *r, uint16_t object, uint16_t instance,
    uint16_t resource, const char *code, const char *text)
{
	add(r, DIAG_WARNING, LWM2M_RESOURCE(object, instance, resource), code,
	    text);
}

const struct lwm2m_value *
rules_find(const struct rules *r, uint16_t object, uint16_t instance,
    uint16_t resource)
{
	struct lwm2m_path p = LWM2M_RESOURCE(object, instance, resource);

	for (size_t i = 0; i < r->image->entry_count; i++) {
		const struct lwm2m_entry *e = &r->image->entries[i];

		/* of another type it is a finding of its own */
		if (path_compare(e->path, p) == 0)
			return e->value.type == object_type(p) ? &e->value
							       : NULL;
	}
	return NULL;
}

/* Types and ranges of the tables, which every loader compares with. */
static void
check_entry(const struct rules *r, const struct lwm2m_entry *e)
{
	const struct lwm2m_resource *known =
	    resource_find(e->path.object, e->path.resource);
	const struct lwm2m_value *v = &e->value;
	uint64_t n = v->number;

	if (!known) {
		add(r, DIAG_WARNING, e->path, "account-unknown-resource",
		    "in no table; a loader refuses the whole image where its "
		    "firmware does not know the resource");
		return;
	}
	if (known->flags & RES_EXECUTABLE || v->type != known->type) {
		add(r, DIAG_ERROR, e->path, "account-type",
		    "not a value of the type that the resource has");
		return;
	}
	if (known->min == 0 && known->max == 0)
		return;
	if (v->type == LWM2M_STRING || v->type == LWM2M_OPAQUE)
		n = v->bytes.len;
	else if (v->type == LWM2M_INTEGER && v->integer < 0)
		n = UINT64_MAX;
	if (n < (uint64_t)known->min || n > (uint64_t)known->max)
		add(r, DIAG_ERROR, e->path, "account-range",
		    "outside of what the resource can be, or too long");
}

/** Is there an instance of `object` with that Short Server ID, other than
 *  `but`? */
static bool
has_ssid(const struct rules *r, uint16_t object, int64_t ssid, uint16_t but)
{
	uint16_t resource =
	    object == OBJECT_SECURITY ? SECURITY_SSID : SERVER_SSID;

	for (size_t i = 0; i < r->image->entry_count; i++) {
		const struct lwm2m_entry *e = &r->image->entries[i];
		const struct lwm2m_value *bootstrap;

		if (e->path.object != object || e->path.resource != resource ||
		    e->path.instance == but || e->value.integer != ssid ||
		    e->value.type != LWM2M_INTEGER)
			continue;
		bootstrap = rules_find(
		    r, OBJECT_SECURITY, e->path.instance, SECURITY_BOOTSTRAP);
		if (object == OBJECT_SERVER || !bootstrap ||
		    !bootstrap->boolean)
			return true;
	}
	return false;
}

static bool
has_other_bootstrap(const struct rules *r, uint16_t instance)
{
	for (size_t i = 0; i < r->image->entry_count; i++) {
		const struct lwm2m_entry *e = &r->image->entries[i];

		if (e->path.object == OBJECT_SECURITY &&
		    e->path.resource == SECURITY_BOOTSTRAP &&
		    e->path.instance < instance &&
		    e->value.type == LWM2M_BOOLEAN && e->value.boolean)
			return true;
	}
	return false;
}

static void
check_bootstrap(const struct rules *r, uint16_t instance)
{
	if (has_other_bootstrap(r, instance))
		rules_error(r, OBJECT_SECURITY, instance, SECURITY_BOOTSTRAP,
		    "account-two-bootstrap",
		    "a second Bootstrap-Server Account");
	if (rules_find(r, OBJECT_SECURITY, instance, SECURITY_SSID))
		rules_warning(r, OBJECT_SECURITY, instance, SECURITY_SSID,
		    "account-bootstrap-ssid",
		    "the account of a bootstrap server has none: leave it out");
}

static void
check_server_account(const struct rules *r, uint16_t instance)
{
	const struct lwm2m_value *ssid =
	    rules_find(r, OBJECT_SECURITY, instance, SECURITY_SSID);

	if (!ssid) {
		rules_error(r, OBJECT_SECURITY, instance, SECURITY_SSID,
		    "account-no-ssid",
		    "an account that is not a bootstrap server's needs one");
		return;
	}
	if (has_ssid(r, OBJECT_SECURITY, ssid->integer, instance))
		rules_error(r, OBJECT_SECURITY, instance, SECURITY_SSID,
		    "account-same-ssid",
		    "two accounts with the same Short Server ID");
	if (!has_ssid(r, OBJECT_SERVER, ssid->integer, LWM2M_ID_NONE))
		rules_error(r, OBJECT_SECURITY, instance, SECURITY_SSID,
		    "account-no-server-object",
		    "no instance of /1 has this Short Server ID: the device "
		    "could not register");
}

static void
check_security(const struct rules *r, uint16_t instance)
{
	const struct lwm2m_value *bootstrap =
	    rules_find(r, OBJECT_SECURITY, instance, SECURITY_BOOTSTRAP);
	const struct lwm2m_value *hold_off =
	    rules_find(r, OBJECT_SECURITY, instance, SECURITY_HOLD_OFF);

	if (!bootstrap)
		rules_error(r, OBJECT_SECURITY, instance, SECURITY_BOOTSTRAP,
		    "account-no-bootstrap-flag",
		    "the image does not say whether it is a bootstrap server");
	else if (r->credentials_only)
		;
	else if (bootstrap->boolean)
		check_bootstrap(r, instance);
	else
		check_server_account(r, instance);
	if (hold_off && hold_off->integer < 0)
		rules_error(r, OBJECT_SECURITY, instance, SECURITY_HOLD_OFF,
		    "account-hold-off", "a time below 0");
	rules_check_credentials(r, instance);
}

/* LwM2M 1.0 has the combinations of U, S and Q, 1.1 letters of transports,
 * 1.2 two more. */
static bool
binding_known(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!memchr("UTSNMHQ", s.p[i], 7) ||
		    memchr(s.p, s.p[i], i) != NULL)
			return false;
	}
	return s.len > 0 && !span_is(s, "Q");
}

static void
check_needed(const struct rules *r, uint16_t instance)
{
	static const struct {
		uint16_t resource;
		const char *code, *text;
	} needed[] = {
	    {SERVER_SSID, "account-server-no-ssid", "it has none"},
	    {SERVER_LIFETIME, "account-no-lifetime",
		"clients refuse a server without a lifetime"},
	    {SERVER_STORING, "account-no-storing",
		"clients refuse a server that does not say it"},
	    {SERVER_BINDING, "account-no-binding",
		"clients refuse a server without a binding"},
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!rules_find(r, OBJECT_SERVER, instance, needed[i].resource))
			rules_error(r, OBJECT_SERVER, instance,
			    needed[i].resource, needed[i].code, needed[i].text);
}

static void
check_numbers(const struct rules *r, uint16_t instance)
{
	static const struct {
		uint16_t resource;
		int64_t min;
	} numbers[] = {
	    {SERVER_LIFETIME, 0},
	    {SERVER_MIN_PERIOD, 0},
	    {SERVER_MAX_PERIOD, 1},
	    {SERVER_DISABLE_TIMEOUT, 0},
	    {SERVER_RETRY_COUNT, 1},
	    {SERVER_SEQUENCE_COUNT, 1},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct lwm2m_value *v =
		    rules_find(r, OBJECT_SERVER, instance, numbers[i].resource);

		if (v && v->integer < numbers[i].min)
			rules_error(r, OBJECT_SERVER, instance,
			    numbers[i].resource, "account-number",
			    "clients refuse so small a number");
	}
}

static void
check_server(const struct rules *r, uint16_t instance)
{
	const struct lwm2m_value *ssid =
	    rules_find(r, OBJECT_SERVER, instance, SERVER_SSID);
	const struct lwm2m_value *binding =
	    rules_find(r, OBJECT_SERVER, instance, SERVER_BINDING);

	check_needed(r, instance);
	check_numbers(r, instance);
	if (binding && !binding_known(binding->bytes))
		rules_error(r, OBJECT_SERVER, instance, SERVER_BINDING,
		    "account-binding",
		    "letters of U, T, S, N, M, H and Q, each once");
	if (!ssid)
		return;
	if (has_ssid(r, OBJECT_SERVER, ssid->integer, instance))
		rules_error(r, OBJECT_SERVER, instance, SERVER_SSID,
		    "account-same-ssid",
		    "two servers with the same Short Server ID");
	if (!has_ssid(r, OBJECT_SECURITY, ssid->integer, LWM2M_ID_NONE))
		rules_error(r, OBJECT_SERVER, instance, SERVER_SSID,
		    "account-no-security",
		    "no account of /0 has this Short Server ID");
}

void
account_rules_check(const struct image *image, bool credentials_only,
    const char *file, struct diag *d)
{
	const struct rules r = {image, credentials_only, file, d};
	const struct lwm2m_entry *e = image->entries;
	size_t left = image->entry_count, n;
	bool accounts = false;

	for (; left > 0; e += n, left -= n) {
		n = entries_run(e, left, PER_INSTANCE);
		for (size_t i = 0; i < n; i++)
			check_entry(&r, &e[i]);
		if (e->path.object == OBJECT_SECURITY) {
			check_security(&r, e->path.instance);
			accounts = true;
		} else if (e->path.object == OBJECT_SERVER) {
			check_server(&r, e->path.instance);
		}
	}
	/* a loader takes it, and has deleted what the device had before */
	if (!accounts)
		add(&r, DIAG_ERROR, LWM2M_ROOT, "account-none",
		    "there is no account in it: it would leave the device "
		    "with nothing");
}
