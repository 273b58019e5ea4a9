/* What is tried, in this order: from what harms nothing to what may. */
#include "probe_read.h"

#define GET(where, accept) \
	{ \
		.method = COAP_GET, .at = (where), .format = (accept) \
	}
#define PUT(where, what, in) \
	{ \
		.method = COAP_PUT, .at = (where), .body = (what), \
		.format = (in) \
	}
#define DELETE(where) \
	{ \
		.method = COAP_DELETE, .at = (where) \
	}
#define FINISH \
	{ \
		.method = COAP_POST, .at = AT_BS \
	}

#define FORMAT(title, number) \
	{ \
		.name = "format " title, .harm = HARM_CRASH, \
		.steps = {PUT(AT_SERVER_OURS, BODY_SERVER, (number))}, \
		.wanted = wanted_format, .read = read_format, .key = "formats" \
	}
#define MESSAGE(size) \
	{ \
		.name = "message of " #size, .harm = HARM_CRASH, \
		.steps = {{.method = COAP_PUT, \
		    .at = AT_SECURITY_OURS, \
		    .body = BODY_PADDED, \
		    .format = FORMAT_WORKS, \
		    .message = (size), \
		    .block = 1024}}, \
		.wanted = wanted_message, .read = read_message, \
		.key = "max_message" \
	}
#define BLOCK(size) \
	{ \
		.name = "blocks of " #size, .harm = HARM_CRASH, \
		.steps = {{.method = COAP_PUT, \
		    .at = AT_SECURITY_OURS, \
		    .body = BODY_PADDED, \
		    .format = FORMAT_WORKS, \
		    .block = (size)}}, \
		.wanted = wanted_written, .read = read_block, \
		.key = "block_size" \
	}

const struct probe_experiment probe_experiments[] = {
    /* what is there */
    {.name = "discover",
	.steps = {GET(AT_ROOT, FORMAT_LINK)},
	.read = read_discover,
	.key = "discover"},
    {.name = "discover of an object",
	.steps = {GET(AT_SECURITY, FORMAT_LINK)},
	.read = read_discover_object,
	.key = "account_instance"},

    /* one format that it takes: its own, or that of LwM2M 1.0 */
    {.name = "format that it names",
	.harm = HARM_WRITES,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_NAMED)},
	.wanted = wanted_named,
	.read = read_format,
	.key = "formats"},
    {.name = "format tlv",
	.harm = HARM_WRITES,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_TLV)},
	.wanted = wanted_format,
	.read = read_format,
	.key = "formats"},
    {.name = "named, to /1/1",
	.harm = HARM_WRITES,
	.server = 1,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_NAMED)},
	.wanted = wanted_until_written,
	.read = read_format,
	.key = "formats"},
    {.name = "tlv, to /1/1",
	.harm = HARM_WRITES,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_TLV)},
	.wanted = wanted_until_written,
	.read = read_format,
	.key = "formats"},

    {.name = "read of /1",
	.harm = HARM_WRITES,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_WORKS),
	    GET(AT_SERVER, FORMAT_WORKS)},
	.wanted = wanted_written,
	.read = read_read,
	.key = "read"},
    {.name = "read of /2",
	.steps = {GET(AT_ACCESS_CONTROL, FORMAT_WORKS)},
	.wanted = wanted_written,
	.read = read_read_other},
    {.name = "read of /0",
	.steps = {GET(AT_SECURITY, FORMAT_WORKS)},
	.wanted = wanted_written,
	.read = read_read_other},
    {.name = "read of /3",
	.steps = {GET(AT_DEVICE, FORMAT_WORKS)},
	.wanted = wanted_written,
	.read = read_read_other},

    /* what a Write may be about */
    {.name = "write of an object",
	.harm = HARM_WRITES,
	.steps = {PUT(AT_SERVER, BODY_SERVER, FORMAT_WORKS)},
	.wanted = wanted_written,
	.read = read_level,
	.key = "levels"},
    {.name = "write of a resource",
	.harm = HARM_WRITES,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_WORKS),
	    PUT(AT_SERVER_LIFETIME, BODY_LIFETIME, FORMAT_WORKS)},
	.wanted = wanted_written,
	.read = read_level,
	.key = "levels"},
    {.name = "resource that nobody has",
	.harm = HARM_WRITES,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER_UNKNOWN, FORMAT_WORKS)},
	.wanted = wanted_written,
	.read = read_unknown,
	.key = "unknown_resources"},
    {.name = "resources of 1.1",
	.harm = HARM_WRITES,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER_11, FORMAT_WORKS)},
	.wanted = wanted_written,
	.read = read_newer,
	.key = "version"},
    {.name = "resources of 1.2",
	.harm = HARM_WRITES,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER_12, FORMAT_WORKS)},
	.wanted = wanted_written,
	.read = read_newer,
	.key = "version"},

    /* how large */
    MESSAGE(128),
    MESSAGE(256),
    MESSAGE(384),
    MESSAGE(512),
    MESSAGE(640),
    MESSAGE(768),
    MESSAGE(896),
    MESSAGE(1024),
    BLOCK(16),
    BLOCK(32),
    BLOCK(64),
    BLOCK(128),
    BLOCK(256),
    BLOCK(512),
    BLOCK(1024),

    /* formats that some clients do not survive */
    FORMAT("senml-cbor", FORMAT_SENML_CBOR),
    FORMAT("senml-json", FORMAT_SENML_JSON),
    FORMAT("lwm2m-cbor", FORMAT_LWM2M_CBOR),
    FORMAT("oma-json", FORMAT_OMA_JSON),
    {.name = "format 1542",
	.harm = HARM_CRASH,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_LEGACY_TLV)},
	.wanted = wanted_legacy,
	.read = read_format,
	.key = "formats"},
    {.name = "format that nobody has",
	.harm = HARM_CRASH,
	.steps = {PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_FOREIGN)},
	.read = read_foreign},

    /* Deletes: no accounts but its own are left */
    {.name = "delete of what is absent",
	.harm = HARM_DELETES,
	.steps = {DELETE(AT_SERVER_ABSENT)},
	.read = read_delete},
    {.name = "delete of no object",
	.harm = HARM_DELETES,
	.steps = {DELETE(AT_NO_OBJECT)},
	.read = read_delete},
    {.name = "delete of /1",
	.harm = HARM_DELETES,
	.steps = {DELETE(AT_SERVER)},
	.read = read_delete},
    {.name = "delete of /0",
	.harm = HARM_DELETES,
	.steps = {DELETE(AT_SECURITY)},
	.read = read_delete},
    {.name = "own account after that",
	.harm = HARM_DELETES,
	.steps = {GET(AT_SECURITY, FORMAT_LINK)},
	.read = read_delete_security},
    {.name = "delete of all",
	.harm = HARM_DELETES,
	.steps = {DELETE(AT_ROOT)},
	.read = read_delete},

    /* Finish: its session ends where it is content */
    {.name = "finish without an account",
	.harm = HARM_ENDS,
	.steps = {FINISH},
	.read = read_finish_nothing},
    {.name = "finish without keys",
	.harm = HARM_ENDS,
	.steps = {PUT(AT_SECURITY_OURS, BODY_ACCOUNT_BARE, FORMAT_WORKS),
	    PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_WORKS), FINISH},
	.wanted = wanted_written,
	.read = read_finish_bare,
	.key = "empty_keys"},
    {.name = "finish with empty keys",
	.harm = HARM_ENDS,
	.steps = {PUT(AT_SECURITY_OURS, BODY_ACCOUNT, FORMAT_WORKS),
	    PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_WORKS), FINISH},
	.wanted = wanted_finish_keys,
	.read = read_finish_keys,
	.key = "empty_keys"},
    {.name = "finish with counts of zero",
	.harm = HARM_ENDS,
	.steps = {PUT(AT_SECURITY_OURS, BODY_ACCOUNT, FORMAT_WORKS),
	    PUT(AT_SERVER_OURS, BODY_SERVER_ZERO, FORMAT_WORKS), FINISH},
	.wanted = wanted_finish_zero,
	.read = read_finish_zero,
	.key = "zero_retries"},
    {.name = "a good end",
	.harm = HARM_ENDS,
	.steps = {PUT(AT_SECURITY_OURS, BODY_ACCOUNT, FORMAT_WORKS),
	    PUT(AT_SERVER_OURS, BODY_SERVER, FORMAT_WORKS), FINISH},
	.wanted = wanted_ending,
	.read = read_ending},
    {.name = "request refused",
	.harm = HARM_ENDS,
	.wanted = wanted_named,
	.refusal = COAP_UNSUPPORTED_FORMAT},

    {.name = "delete of its own account",
	.harm = HARM_ACCOUNT,
	.steps = {DELETE(AT_ACCOUNT)},
	.read = read_own_account},
    {.name = "own account after that",
	.harm = HARM_ACCOUNT,
	.steps = {GET(AT_SECURITY, FORMAT_LINK)},
	.read = read_delete_security},
};

const size_t probe_experiment_count =
    sizeof(probe_experiments) / sizeof(probe_experiments[0]);
