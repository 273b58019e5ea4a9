/*
 * What an account has beside the keys that every account has: when and how
 * often a device registers, and whatever else the object tables know of /1 and
 * /0.
 */
#include "policy/checking.h"
#include "policy/entry.h"

/* How what stands behind a key is a value. */
enum kind {
	AS_TYPED, /* as the tables say */
	SECONDS, /* a duration */
	LIST, /* instances 0, 1, ... of a multiple resource */
	LETTER, /* of a binding */
	MODE, /* of notifications */
};

struct row {
	const char *key;
	uint16_t resource;
	enum kind kind;
};

static const struct row registration[] = {
    {"priority", SERVER_PRIORITY, AS_TYPED},
    {"delay", SERVER_REGISTRATION_DELAY, SECONDS},
    {"failure_block", SERVER_FAILURE_BLOCK, AS_TYPED},
    {"bootstrap_on_failure", SERVER_BOOTSTRAP_ON_FAILURE, AS_TYPED},
    {NULL, 0, AS_TYPED},
};

static const struct row retry[] = {
    {"count", SERVER_RETRY_COUNT, AS_TYPED},
    {"timer", SERVER_RETRY_TIMER, SECONDS},
    {"sequence_delay", SERVER_SEQUENCE_DELAY, SECONDS},
    {"sequence_count", SERVER_SEQUENCE_COUNT, AS_TYPED},
    {NULL, 0, AS_TYPED},
};

static const struct row others[] = {
    {"apn_link", SERVER_APN, AS_TYPED},
    {"sms_trigger", SERVER_SMS_TRIGGER, AS_TYPED},
    {"preferred_transport", SERVER_PREFERRED_TRANSPORT, LETTER},
    {"mute_send", SERVER_MUTE_SEND, AS_TYPED},
    {"alternate_apn_links", SERVER_ALTERNATE_APNS, LIST},
    {"server_versions", SERVER_VERSIONS, LIST},
    {"notification_mode", SERVER_NOTIFICATION_MODE, MODE},
    {"profile_id_hash", SERVER_PROFILE_ID_HASH, AS_TYPED},
    {NULL, 0, AS_TYPED},
};

/* --- keys with a name ----------------------------------------------------- */

static void
read_seconds(struct entries *e, struct yaml_node *n, uint16_t resource)
{
	int64_t v;

	if (load_seconds(e->ctx, n, 0, GRAMMAR_SECONDS_MAX, &v))
		entries_put(e, n, resource, LWM2M_VALUE_UNSIGNED((uint64_t)v));
}

static void
read_list(struct entries *e, struct yaml_node *n, uint16_t resource)
{
	struct yaml_node *item;
	size_t count;

	item = yaml_items(n, &count);
	if (count == 0 || count > GRAMMAR_VALUES_MAX) {
		yaml_error(e->ctx, n, "policy-limit",
		    "%zu values; 1 to %d are expected", count,
		    GRAMMAR_VALUES_MAX);
		return;
	}
	for (uint16_t i = 0; i < count; i++, item = item->next)
		entries_read_as(e, item, resource, i);
}

static void
read_letter(struct entries *e, struct yaml_node *n, uint16_t resource)
{
	unsigned i;

	if (yaml_choice(e->ctx, n, grammar_letters, &i) == RC_OK)
		entries_put(e, n, resource,
		    LWM2M_VALUE_STRING(span_str(grammar_letters[i])));
}

static void
read_notification(struct entries *e, struct yaml_node *n, uint16_t resource)
{
	unsigned i;

	if (yaml_choice(e->ctx, n, grammar_notifications, &i) == RC_OK)
		entries_put(e, n, resource, LWM2M_VALUE_INTEGER(i));
}

static void
read_row(struct entries *e, struct yaml_node *n, const struct row *row)
{
	switch (row->kind) {
	case AS_TYPED:
		entries_read_as(e, n, row->resource, LWM2M_ID_NONE);
		break;
	case SECONDS:
		read_seconds(e, n, row->resource);
		break;
	case LIST:
		read_list(e, n, row->resource);
		break;
	case LETTER:
		read_letter(e, n, row->resource);
		break;
	case MODE:
		read_notification(e, n, row->resource);
		break;
	}
}

static void
read_rows(struct entries *e, struct yaml_node *map, const struct row *rows)
{
	for (; rows->key; rows++) {
		struct yaml_node *n = yaml_get(map, rows->key);

		if (n)
			read_row(e, n, rows);
	}
}

/* A map of such keys and no others; NULL: nothing happens. */
static void
read_group(struct entries *e, struct yaml_node *n, const struct row *rows,
    const struct yaml_keys *keys)
{
	if (!n || yaml_expect(e->ctx, n, YAML_MAP) != RC_OK)
		return;
	read_rows(e, n, rows);
	yaml_rest(e->ctx, n, keys);
}

/* --- keys that are numbers ------------------------------------------------ */

/* What a resource is called where it has a key of its own. */
struct taken {
	uint16_t resource;
	const char *key;
};

static const struct taken server_taken[] = {
    {SERVER_SSID, "short_server_id"},
    {SERVER_LIFETIME, "lifetime"},
    {SERVER_MIN_PERIOD, "min_period"},
    {SERVER_MAX_PERIOD, "max_period"},
    {SERVER_DISABLE_TIMEOUT, "disable_timeout"},
    {SERVER_STORING, "storing"},
    {SERVER_BINDING, "binding"},
    {0, NULL},
};

static const struct taken security_taken[] = {
    {SECURITY_URI, "uri"},
    {SECURITY_BOOTSTRAP, "bootstrap_account"},
    {SECURITY_MODE, "mode"},
    {SECURITY_IDENTITY, "identity"},
    {SECURITY_SERVER_KEY, "server_certificate"},
    {SECURITY_SECRET_KEY, "key"},
    {SECURITY_SSID, "short_server_id"},
    {SECURITY_HOLD_OFF, "bootstrap_account.hold_off"},
    {SECURITY_ACCOUNT_TIMEOUT, "bootstrap_account.timeout"},
    {SECURITY_MATCHING_TYPE, "server_certificate.matching"},
    {SECURITY_SNI, "server_certificate.sni"},
    {SECURITY_CERTIFICATE_USAGE, "server_certificate.usage"},
    {SECURITY_OSCORE, "oscore"},
    {0, NULL},
};

static const char *
key_of(const struct yaml_node *n, const struct taken *taken)
{
	uint64_t id;

	if (!span_decimal(n->key->text, LWM2M_ID_NONE - 1, &id))
		return NULL;
	for (; taken->key; taken++)
		if (taken->resource == id)
			return taken->key;
	return NULL;
}

static void
read_resources(
    struct entries *e, struct yaml_node *n, const struct taken *taken)
{
	if (!n || yaml_expect(e->ctx, n, YAML_MAP) != RC_OK)
		return;
	for (struct yaml_node *r = n->children; r; r = r->next) {
		const char *key = key_of(r, taken);

		r->used = true;
		if (key)
			yaml_error(e->ctx, r, "policy-resource",
			    "has a key of its own: `%s:`", key);
		else
			entries_read(e, r);
	}
}

/* --- both objects --------------------------------------------------------- */

void
load_server_entries(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, struct policy_server *out)
{
	struct entries e;

	if (!entries_init(&e, l, c, NULL, object_find(OBJECT_SERVER),
		LWM2M_INSTANCE(OBJECT_SERVER, 0)))
		return;
	read_group(&e, yaml_get(n, "registration"), registration,
	    &grammar_registration);
	read_group(&e, yaml_get(n, "retry"), retry, &grammar_retry);
	read_rows(&e, n, others);
	read_resources(&e, yaml_get(n, "resources"), server_taken);
	entries_end(
	    &e, &out->server_entries, &out->server_entry_count, NULL, NULL);
}

/* /0/x/25: more URIs of the same server. */
static void
check_uris(const struct entries *e)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct lwm2m_entry *at = &e->list[i].value;
		const char *wrong;

		if (at->path.resource != SECURITY_SECONDARY_URI)
			continue;
		wrong = word_uri(at->value.bytes);
		if (wrong)
			yaml_error(e->ctx, e->list[i].node, "policy-uri",
			    "%s: %s", YAML_SHOW(at->value.bytes), wrong);
	}
}

void
load_security_entries(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, struct policy_server *out)
{
	struct entries e;

	if (!n ||
	    !entries_init(&e, l, c, NULL, object_find(OBJECT_SECURITY),
		LWM2M_INSTANCE(OBJECT_SECURITY, 0)))
		return;
	read_resources(&e, n, security_taken);
	check_uris(&e);
	entries_end(
	    &e, &out->security_entries, &out->security_entry_count, NULL, NULL);
}

/* --- back ----------------------------------------------------------------- */

static struct yaml_node *
by_number(struct yaml_node *map, uint16_t resource)
{
	struct yaml_node *n = map ? yaml_get(map, "resources") : NULL;
	char key[8];

	snprintf(key, sizeof(key), "%u", resource);
	return n ? yaml_get(n, key) : NULL;
}

static struct yaml_node *
by_name(struct yaml_node *map, const struct row *rows, uint16_t resource)
{
	for (; map && rows->key; rows++)
		if (rows->resource == resource)
			return yaml_get(map, rows->key);
	return NULL;
}

struct yaml_node *
server_entry_node(struct yaml_node *n, uint16_t object, uint16_t resource)
{
	struct yaml_node *found;

	if (object == OBJECT_SECURITY) {
		found = by_number(yaml_get(n, "security"), resource);
		return found ? found : n;
	}
	found = by_name(yaml_get(n, "registration"), registration, resource);
	if (!found)
		found = by_name(yaml_get(n, "retry"), retry, resource);
	if (!found)
		found = by_name(n, others, resource);
	if (!found)
		found = by_number(n, resource);
	return found ? found : n;
}
