#include "policy/grammar.h"

#include "lwm2m/object.h"
#include "policy/set.h"

#define TEXT(key) \
	{ \
		.name = (key), .takes = TAKES_TEXT \
	}
#define TEXTS(key) \
	{ \
		.name = (key), .takes = TAKES_TEXT | TAKES_LIST | TAKES_ALONE \
	}
#define USE \
	{ \
		.name = "use", .takes = TAKES_TEXT | TAKES_LIST | TAKES_ALONE, \
		.most = GRAMMAR_USES_MAX \
	}
#define BOOL(key) \
	{ \
		.name = (key), .takes = TAKES_BOOL \
	}
#define NUMBER(key, from, to) \
	{ \
		.name = (key), .takes = TAKES_NUMBER, .min = (from), \
		.max = (to) \
	}
#define SECONDS(key, from, to) \
	{ \
		.name = (key), .takes = TAKES_DURATION, \
		.min = INT64_C(1000) * (from), .max = INT64_C(1000) * (to) \
	}
#define SIZE(key, from, to) \
	{ \
		.name = (key), .takes = TAKES_SIZE, .min = (from), .max = (to) \
	}
#define WORD(key, list) \
	{ \
		.name = (key), .takes = TAKES_WORD, .words = (list) \
	}
#define WORDS(key, list) \
	{ \
		.name = (key), .takes = TAKES_WORD | TAKES_LIST | TAKES_ALONE, \
		.words = (list) \
	}
#define MAP(key, table) \
	{ \
		.name = (key), .takes = TAKES_MAP, .maps = { &(table) } \
	}
#define OPEN(key) \
	{ \
		.name = (key), .takes = TAKES_OPEN \
	}
#define VALUE(key, id) \
	{ \
		.name = (key), .takes = TAKES_VALUE, .resource = (id) \
	}
#define END \
	{ \
		.name = NULL \
	}

#define KEYS(table, text, ...) \
	const struct yaml_keys table = { \
	    (text), (const struct yaml_key[]){__VA_ARGS__, END}}

/* --- words ---------------------------------------------------------------- */

const char *const grammar_allocates[] = {"hashed", "network", "list", NULL};
const char *const grammar_agains[] = {"keep", "rotate", "reset", "never", NULL};
const char *const grammar_verifies[] = {"none", "discover", "read", NULL};
const char *const grammar_failures[] = {"leave", "clean", NULL};
const char *const grammar_credentials[] = {
    "psk", "certificate", "rpk", "nosec", NULL};
const char *const grammar_places[] = {"cn", "san-uri", NULL};
const char *const grammar_changes[] = {"keep", "rotate", NULL};
/* /0/x/15 */
const char *const grammar_usages[] = {
    "ca", "service", "trust-anchor", "domain", NULL};
/* /0/x/13: 0, 1 and 3 */
const char *const grammar_matchings[] = {"exact", "sha256", "sha512", NULL};
const char *const grammar_methods[] = {"POST", "PUT", "GET", NULL};
/* LwM2M Core E.2: as of /1/x/7 */
const char *const grammar_letters[] = {"U", "T", "S", "N", "M", "H", NULL};
/* /1/x/26 */
const char *const grammar_notifications[] = {
    "non-confirmable", "confirmable", NULL};
const char *const grammar_link_objects[] = {"0", "1", "21", NULL};
const char *const grammar_modes[] = {
    "psk", "nosec", "certificate", "rpk", NULL};
const char *const grammar_levels[] = {"instance", "object", "resource", NULL};
const char *const grammar_versions[] = {"1.0", "1.1", "1.2", NULL};
const char *const grammar_formats[] = {"text", "opaque", "cbor", "senml-json",
    "senml-cbor", "tlv", "oma-json", "lwm2m-cbor", NULL};
/* After the first, 8 << index. */
const char *const grammar_blocks[] = {
    "none", "16B", "32B", "64B", "128B", "256B", "512B", "1024B", "1KiB", NULL};
const char *const grammar_unknowns[] = {"ignore", "refuse", NULL};
const char *const grammar_zeros[] = {"accept", "refuse", NULL};
const char *const grammar_extended_usages[] = {
    "clientAuth", "serverAuth", NULL};
const char *const grammar_orders[] = {"required", NULL};
const char *const grammar_key_usages[] = {"digitalSignature", NULL};

const char *const grammar_image_formats[] = {"esp-nvs", "ihex", "json",
    "lwm2m-cbor", "nrf91-at", "raw", "senml-cbor", "tlv-smartcard", "uf2",
    "zephyr-nvs", NULL};
const char *const grammar_image_carried[] = {"esp-nvs", "lwm2m-cbor", "raw",
    "senml-cbor", "tlv-smartcard", "zephyr-nvs", NULL};
const char *const grammar_image_payloads[] = {
    "lwm2m-cbor", "senml-cbor", "tlv-smartcard", NULL};
/* ISO/IEC 18004: 7, 15, 25 and 30 % may be lost */
const char *const grammar_label_levels[] = {"L", "M", "Q", "H", NULL};

static const char *const none[] = {"none", NULL};
static const char *const unknown[] = {"unknown", NULL};
static const char *const forever[] = {"forever", NULL};

/* --- several -------------------------------------------------------------- */

#define EPOCH(key) NUMBER(key, 1, UINT32_MAX)
#define VALIDITY \
	{ \
		.name = "validity", .takes = TAKES_DURATION | TAKES_WORD, \
		.min = GRAMMAR_VALIDITY_MIN_S * INT64_C(1000), \
		.max = GRAMMAR_VALIDITY_MAX_Y * INT64_C(365) * 86400 * 1000, \
		.words = forever \
	}

KEYS(grammar_file, "a file", TEXT("file"));

KEYS(grammar_table, "a table", TEXT("table"));

KEYS(grammar_issue, "issue", TEXT("ca"), TEXT("profile"), VALIDITY);

KEYS(grammar_server_key, "server_certificate", TEXT("file"),
    WORD("usage", grammar_usages), WORD("matching", grammar_matchings),
    TEXT("sni"));

KEYS(grammar_raw_key, "server_key", TEXT("file"), TEXT("sni"));

KEYS(grammar_instance_of, "instance_of", TEXT("instance_of"),
    WORD("object", grammar_link_objects));

/* --- identity ------------------------------------------------------------- */

KEYS(grammar_epoch, "an epoch", EPOCH("epoch"), TEXT("until"));

KEYS(grammar_psk, "psk", TEXT("derive"),
    {.name = "epoch",
	.takes = TAKES_NUMBER | TAKES_MAP | TAKES_LIST | TAKES_ALONE,
	.min = 1,
	.max = UINT32_MAX,
	.maps = {&grammar_epoch},
	.most = POLICY_EPOCHS_MAX},
    TEXT("identity"), TEXT("imported"));

KEYS(grammar_certificate, "certificate", TEXT("trust"),
    {.name = "endpoint",
	.takes = TAKES_WORD | TAKES_MAP,
	.words = grammar_places,
	.maps = {&grammar_table}},
    MAP("issue", grammar_issue), MAP("server_certificate", grammar_server_key));

KEYS(grammar_nosec, "nosec", TEXTS("network"), BOOL("echo"));

KEYS(grammar_identity, "identity", TEXT("identity"), TEXT("endpoint"),
    WORD("order", grammar_orders), MAP("psk", grammar_psk),
    MAP("certificate", grammar_certificate), MAP("rpk", grammar_table),
    MAP("nosec", grammar_nosec));

/* --- server --------------------------------------------------------------- */

KEYS(grammar_registration, "registration", VALUE("priority", SERVER_PRIORITY),
    SECONDS("delay", 0, GRAMMAR_SECONDS_MAX),
    VALUE("failure_block", SERVER_FAILURE_BLOCK),
    VALUE("bootstrap_on_failure", SERVER_BOOTSTRAP_ON_FAILURE));

KEYS(grammar_retry, "retry", VALUE("count", SERVER_RETRY_COUNT),
    SECONDS("timer", 0, GRAMMAR_SECONDS_MAX),
    SECONDS("sequence_delay", 0, GRAMMAR_SECONDS_MAX),
    VALUE("sequence_count", SERVER_SEQUENCE_COUNT));

KEYS(grammar_key, "a key", TEXT("derive"), TEXT("random"), TEXT("imported"),
    NUMBER("length", GRAMMAR_RANDOM_MIN, GRAMMAR_RANDOM_MAX), EPOCH("epoch"));

KEYS(grammar_oscore, "oscore", MAP("key", grammar_key), TEXT("sender_id"),
    TEXT("recipient_id"));

KEYS(grammar_security, "security", USE, WORD("mode", grammar_modes),
    TEXT("identity"), MAP("key", grammar_key), MAP("issue", grammar_issue),
    MAP("server_certificate", grammar_server_key),
    MAP("server_key", grammar_raw_key), MAP("oscore", grammar_oscore),
    OPEN("resources"));

KEYS(grammar_authorization, "authorization", TEXT("file"));

KEYS(grammar_trigger, "trigger", TEXT("url"), WORD("method", grammar_methods),
    OPEN("headers"), TEXT("body"), MAP("authorization", grammar_authorization),
    TEXT("ca"));

#define SERVER_VALUES(key, id) \
	{ \
		.name = (key), \
		.takes = TAKES_VALUE | TAKES_LIST | TAKES_ALONE, \
		.resource = (id), .most = GRAMMAR_VALUES_MAX \
	}

#define SERVER_SETTINGS \
	TEXT("uri"), SECONDS("lifetime", 1, GRAMMAR_SECONDS_MAX), \
	    TEXT("binding"), BOOL("storing"), \
	    SECONDS("min_period", 0, GRAMMAR_SECONDS_MAX), \
	    SECONDS("max_period", 1, GRAMMAR_SECONDS_MAX), \
	    SECONDS("disable_timeout", 0, GRAMMAR_SECONDS_MAX), \
	    MAP("registration", grammar_registration), \
	    MAP("retry", grammar_retry), VALUE("apn_link", SERVER_APN), \
	    VALUE("sms_trigger", SERVER_SMS_TRIGGER), \
	    WORD("preferred_transport", grammar_letters), \
	    VALUE("mute_send", SERVER_MUTE_SEND), \
	    SERVER_VALUES("alternate_apn_links", SERVER_ALTERNATE_APNS), \
	    SERVER_VALUES("server_versions", SERVER_VERSIONS), \
	    WORD("notification_mode", grammar_notifications), \
	    VALUE("profile_id_hash", SERVER_PROFILE_ID_HASH), \
	    OPEN("resources")

#define SERVER_KEYS \
	USE, TEXT("name"), NUMBER("short_server_id", 1, GRAMMAR_SSID_MAX), \
	    SERVER_SETTINGS, MAP("security", grammar_security), \
	    MAP("trigger", grammar_trigger)

KEYS(grammar_override_server, "a server of an override", SERVER_SETTINGS);

KEYS(grammar_server, "a server", SERVER_KEYS);

KEYS(grammar_piece, "server", SERVER_KEYS);

KEYS(grammar_member, "a server", SERVER_KEYS,
    NUMBER("weight", 1, POLICY_WEIGHT_MAX), BOOL("drain"),
    NUMBER("capacity", 1, UINT32_MAX), TEXTS("network"), TEXT("list"));

KEYS(grammar_pool, "a pool", TEXT("pool"), WORD("allocate", grammar_allocates),
    {.name = "servers",
	.takes = TAKES_MAP | TAKES_LIST,
	.maps = {&grammar_member},
	.most = POLICY_MEMBERS_MAX});

/* --- profile -------------------------------------------------------------- */

#define PROFILE_KEYS \
	WORD("version", grammar_versions), \
	    {.name = "formats", \
		.takes = TAKES_WORD | TAKES_NUMBER | TAKES_LIST | TAKES_ALONE, \
		.min = 0, \
		.max = UINT16_MAX, \
		.words = grammar_formats, \
		.most = POLICY_FORMATS_MAX}, \
	    WORD("level", grammar_levels), WORDS("levels", grammar_levels), \
	    BOOL("discover"), BOOL("read"), BOOL("pack"), BOOL("empty_keys"), \
	    BOOL("strict_delete"), \
	    WORD("unknown_resources", grammar_unknowns), \
	    WORD("zero_retries", grammar_zeros), \
	    SIZE("max_message", GRAMMAR_MESSAGE_MIN, GRAMMAR_MESSAGE_MAX), \
	    WORD("block_size", grammar_blocks), \
	    {.name = "account_instance", \
		.takes = TAKES_NUMBER | TAKES_WORD, \
		.min = 0, \
		.max = GRAMMAR_INSTANCE_MAX, \
		.words = unknown}, \
	    WORDS("security", grammar_modes), BOOL("oscore"), \
	    BOOL("access_control"), \
	    {.name = "key_max", \
		.takes = TAKES_SIZE | TAKES_WORD, \
		.min = 1, \
		.max = GRAMMAR_KEY_MAX, \
		.words = none}, \
	    SIZE("endpoint_max", 1, POLICY_ENDPOINT_MAX), \
	    TEXT("discover_reply")

KEYS(grammar_profile, "profile", TEXT("profile"), TEXT("based_on"),
    PROFILE_KEYS);

KEYS(grammar_override_device, "device", PROFILE_KEYS);

KEYS(grammar_device, "device", TEXT("profile"), PROFILE_KEYS);

/* --- policy --------------------------------------------------------------- */

KEYS(grammar_pattern, "a pattern", TEXT("regex"), TEXT("list"), TEXT("prefix"));

KEYS(grammar_issuer, "an issuer", TEXT("key_sha256"));

#define ENDPOINT \
	{ \
		.name = "endpoint", \
		.takes = TAKES_TEXT | TAKES_MAP | TAKES_LIST | TAKES_ALONE, \
		.maps = {&grammar_pattern}, .most = GRAMMAR_PATTERNS_MAX \
	}

KEYS(grammar_match, "match", TEXTS("identity"), ENDPOINT,
    WORDS("credential", grammar_credentials),
    {.name = "issuer",
	.takes = TAKES_TEXT | TAKES_MAP | TAKES_LIST | TAKES_ALONE,
	.maps = {&grammar_issuer}},
    TEXTS("san"), TEXTS("network"), TEXTS("model"), TEXTS("batch"));

KEYS(grammar_override_match, "match", ENDPOINT, TEXTS("policy"), TEXTS("model"),
    TEXTS("batch"));

KEYS(grammar_rotation, "bootstrap_account",
    {.name = "rotate", .takes = TAKES_TEXT | TAKES_BOOL}, EPOCH("epoch"),
    TEXT("uri"), SECONDS("hold_off", 0, GRAMMAR_SECONDS_MAX),
    SECONDS("timeout", 1, GRAMMAR_SECONDS_MAX));

KEYS(grammar_hand_over, "bootstrap_account", TEXT("uri"),
    MAP("security", grammar_security),
    SECONDS("hold_off", 0, GRAMMAR_SECONDS_MAX),
    SECONDS("timeout", 1, GRAMMAR_SECONDS_MAX));

#define CLEAN \
	{ \
		.name = "clean", .takes = TAKES_TEXT | TAKES_LIST, \
		.most = POLICY_CLEAN_MAX \
	}

KEYS(grammar_correction, "correction", MAP("device", grammar_device), CLEAN,
    OPEN("objects"));

#define COST(key) \
	{ \
		.name = (key), .takes = TAKES_DURATION, .min = 1, \
		.max = UINT32_MAX \
	}

KEYS(grammar_budget, "budget", NUMBER("datagrams", 1, UINT32_MAX),
    SIZE("bytes", 1, UINT32_MAX), NUMBER("round_trips", 1, UINT32_MAX),
    NUMBER("blocks", 1, UINT32_MAX), COST("nb_iot"), COST("lte_m"));

KEYS(grammar_quarantine, "quarantine", TEXT("because"),
    SECONDS("retry", GRAMMAR_RETRY_MIN_S, GRAMMAR_RETRY_MAX_S));

#define GIVES \
	MAP("device", grammar_device), CLEAN, \
	    {.name = "servers", \
		.takes = TAKES_MAP | TAKES_LIST, \
		.maps = {&grammar_server, &grammar_pool}, \
		.most = POLICY_SERVERS_MAX}, \
	    OPEN("objects"), MAP("correction", grammar_correction), \
	    {.name = "bootstrap_account", \
		.takes = TAKES_WORD | TAKES_MAP, \
		.words = grammar_changes, \
		.maps = {&grammar_rotation, &grammar_hand_over}}, \
	    MAP("budget", grammar_budget), \
	    WORD("reprovision", grammar_agains), \
	    WORD("verify", grammar_verifies), \
	    WORD("on_failure", grammar_failures)

KEYS(grammar_policy, "policy", TEXT("policy"), TEXT("description"),
    NUMBER("order", -GRAMMAR_ORDER_MAX, GRAMMAR_ORDER_MAX), USE,
    MAP("match", grammar_match), TEXT("deny"),
    MAP("quarantine", grammar_quarantine), GIVES);

KEYS(grammar_fragment, "fragment", TEXT("fragment"), USE,
    MAP("match", grammar_match), TEXT("deny"),
    MAP("quarantine", grammar_quarantine), GIVES, MAP("server", grammar_piece),
    MAP("security", grammar_security));

KEYS(grammar_override, "override", TEXT("override"),
    MAP("match", grammar_override_match), OPEN("servers"), OPEN("objects"),
    MAP("device", grammar_override_device), WORD("verify", grammar_verifies),
    WORD("on_failure", grammar_failures));

KEYS(grammar_include, "include",
    {.name = "include",
	.takes = TAKES_TEXT | TAKES_LIST | TAKES_ALONE,
	.most = GRAMMAR_INCLUDES_MAX});

/* --- the others ----------------------------------------------------------- */

KEYS(grammar_subject, "subject", TEXT("CN"), TEXT("O"), TEXT("OU"), TEXT("C"),
    TEXT("L"), TEXT("ST"), TEXT("serialNumber"));

KEYS(grammar_authority, "authority", TEXT("authority"), TEXT("certificate"),
    TEXT("key"));

KEYS(grammar_certificate_profile, "certificate_profile",
    TEXT("certificate_profile"),
    {.name = "subject",
	.takes = TAKES_TEXT | TAKES_MAP,
	.maps = {&grammar_subject}},
    TEXT("san_uri"), TEXT("san_dns"),
    WORDS("extended_key_usage", grammar_extended_usages),
    WORDS("key_usage", grammar_key_usages), BOOL("key_ids"),
    SECONDS("backdate", 0, GRAMMAR_BACKDATE_MAX_S), VALIDITY);

KEYS(grammar_devices, "devices", MAP("devices", grammar_file));

/* --- images --------------------------------------------------------------- */

KEYS(grammar_image_serial, "serial", TEXT("pattern"), TEXT("endpoint"));

KEYS(grammar_image_options, "options", TEXT("partition"), TEXT("address"),
    WORD("carry", grammar_image_carried),
    WORD("payload", grammar_image_payloads), TEXT("offset"),
    NUMBER("generation", 1, UINT32_MAX), TEXT("family"), TEXT("sector"),
    NUMBER("write-block", 1, 32), NUMBER("value-max", 1, 65536),
    BOOL("data-crc"), TEXT("namespace"), NUMBER("nvs-version", 1, 2),
    TEXT("nvs-keys"), NUMBER("security-tag", 1, INT32_MAX), BOOL("base-names"),
    TEXT("card-version"));

KEYS(grammar_image_label, "label", TEXT("payload"),
    WORD("level", grammar_label_levels),
    NUMBER("dpi", GRAMMAR_DPI_MIN, GRAMMAR_DPI_MAX), TEXT("size"),
    {.name = "text",
	.takes = TAKES_TEXT | TAKES_LIST | TAKES_ALONE,
	.most = GRAMMAR_LABEL_TEXTS_MAX});

KEYS(grammar_image, "image", TEXT("image"), TEXT("identity"), TEXT("uri"),
    SECONDS("hold_off", 0, GRAMMAR_IMAGE_HOLD_OFF_MAX_S),
    NUMBER("instance", 0, GRAMMAR_INSTANCE_MAX), EPOCH("epoch"),
    TEXT("servers"), WORD("format", grammar_image_formats),
    MAP("options", grammar_image_options), MAP("serial", grammar_image_serial),
    SIZE("endpoint_max", 1, POLICY_ENDPOINT_MAX),
    MAP("label", grammar_image_label));
