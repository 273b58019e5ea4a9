#include "dtls/peek_tls.h"

/*
 * ClientHello: RFC 5246 7.4.1.2 with the cookie of RFC 6347 4.2.1, and those
 * of its extensions that decide before wolfSSL does.
 */

enum {
	SESSION_ID_MAX = 32, /* bytes */
	VERSION_1_3 = 0xfefc, /* DTLS */
	VERSION_TLS_1_3 = 0x0304,
	EXT_SERVER_NAME = 0,
	EXT_CLIENT_CERTIFICATE_TYPE = 19,
	EXT_SERVER_CERTIFICATE_TYPE = 20,
	EXT_ENCRYPT_THEN_MAC = 22,
	EXT_PRE_SHARED_KEY = 41,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_COOKIE = 44,
	EXT_CONNECTION_ID = 54,
	TYPE_X509 = 0,
	TYPE_RAW = 2,
	HOST_NAME = 0,
	HOST_NAME_MAX_LEN = 255, /* bytes */
	BINDER_MIN = 32, /* bytes */
};

/* A certificate_type list: X509 and RawPublicKey in it, which comes first. */
struct types {
	bool x509, raw, raw_first;
};

/* The content of a vector that must fill the rest of `r`. */
static struct reader
vector(struct reader *r, size_t width)
{
	struct reader inner;
	size_t len = (size_t)reader_be(r, width);
	struct span s = reader_take(r, len);

	if (reader_left(r) > 0)
		reader_fail(r);
	reader_init(&inner, s);
	return inner;
}

/* RFC 6066 3. */
static void
server_name(struct reader *r, struct peek_hello *out)
{
	struct reader list = vector(r, 2);

	while (reader_left(&list) > 0) {
		uint64_t type = reader_be(&list, 1);
		size_t len = (size_t)reader_be(&list, 2);
		struct span name = reader_take(&list, len);

		if (type != HOST_NAME)
			continue;
		if (name.len == 0 || name.len > HOST_NAME_MAX_LEN ||
		    out->server_name.len > 0)
			reader_fail(&list);
		out->server_name = name;
	}
	if (list.bad)
		reader_fail(r);
}

/* RFC 7250 4.1. */
static struct types
certificate_types(struct reader *r)
{
	struct reader list = vector(r, 1);
	struct types t = {0};

	if (reader_left(&list) == 0)
		reader_fail(r);
	while (reader_left(&list) > 0) {
		switch (reader_be(&list, 1)) {
		case TYPE_X509:
			t.x509 = true;
			break;
		case TYPE_RAW:
			t.raw_first = !t.x509;
			t.raw = true;
			break;
		default:
			break;
		}
	}
	return t;
}

/* RFC 8446 4.2.1. */
static void
supported_versions(struct reader *r, uint64_t wanted, struct peek_hello *out)
{
	struct reader list = vector(r, 1);

	if (reader_left(&list) == 0 || reader_left(&list) % 2)
		reader_fail(r);
	while (reader_left(&list) > 0)
		out->version_13 |= reader_be(&list, 2) == wanted;
}

/* RFC 8446 4.2.11: identities, then one binder for each. */
static void
pre_shared_key(struct reader *r, struct peek_hello *out)
{
	size_t len = (size_t)reader_be(r, 2);
	struct span identities = reader_take(r, len);
	struct reader binders = vector(r, 2);
	struct reader list;
	size_t count = 0;

	reader_init(&list, identities);
	while (reader_left(&list) > 0) {
		struct span identity;

		len = (size_t)reader_be(&list, 2);
		if (len == 0)
			reader_fail(&list);
		identity = reader_take(&list, len);
		(void)reader_be(&list, 4); /* obfuscated_ticket_age */
		if (count++ == 0)
			out->identity = identity;
	}
	for (; reader_left(&binders) > 0 && count > 0; count--) {
		len = (size_t)reader_be(&binders, 1);
		if (len < BINDER_MIN)
			reader_fail(&binders);
		(void)reader_take(&binders, len);
	}
	if (list.bad || binders.bad || out->identity.len == 0 || count > 0 ||
	    reader_left(&binders) > 0)
		reader_fail(r);
	out->psk = true;
}

/* RFC 9146 3. */
static void
connection_id(struct reader *r, struct peek_hello *out)
{
	struct reader cid = vector(r, 1);

	out->takes_cid = true;
	out->cid = reader_rest(&cid);
}

/* No extension twice (RFC 8446 4.2), as far as it is read here. */
static void
once(struct reader *r, uint32_t *seen, uint64_t type)
{
	uint32_t bit = 1u << (type % 32);

	if (*seen & bit)
		reader_fail(r);
	*seen |= bit;
}

static enum rc
read_extensions(struct reader *all, bool stream, struct peek_hello *out)
{
	struct types client = {0}, server = {0};
	uint32_t seen = 0;

	while (reader_left(all) > 0) {
		uint64_t type = reader_be(all, 2);
		size_t len = (size_t)reader_be(all, 2);
		struct reader r;

		if (out->psk) /* it must be the last one */
			reader_fail(all);
		reader_init(&r, reader_take(all, len));
		switch (type) {
		case EXT_SERVER_NAME:
			server_name(&r, out);
			break;
		case EXT_CLIENT_CERTIFICATE_TYPE:
			client = certificate_types(&r);
			break;
		case EXT_SERVER_CERTIFICATE_TYPE:
			server = certificate_types(&r);
			break;
		case EXT_PRE_SHARED_KEY:
			pre_shared_key(&r, out);
			break;
		case EXT_SUPPORTED_VERSIONS:
			supported_versions(
			    &r, stream ? VERSION_TLS_1_3 : VERSION_1_3, out);
			break;
		case EXT_COOKIE:
			out->cookie_13 = reader_rest(&r);
			if (out->cookie_13.len < 3)
				reader_fail(&r);
			break;
		case EXT_ENCRYPT_THEN_MAC:
			out->encrypt_then_mac = true;
			continue;
		case EXT_CONNECTION_ID:
			connection_id(&r, out);
			break;
		default:
			continue;
		}
		once(&r, &seen, type);
		if (r.bad || all->bad)
			return RC_MALFORMED;
	}
	/* Who lists X509 first may hold a raw key alone: then ours is one. */
	out->raw_key =
	    server.raw && (server.raw_first || (client.raw && !client.x509));
	return all->bad ? RC_MALFORMED : RC_OK;
}

static enum rc
read_hello(struct span body, bool stream, struct peek_hello *out)
{
	struct reader r, extensions;
	size_t len;

	reader_init(&r, body);
	(void)reader_be(&r, 2); /* client_version: wolfSSL decides */
	out->random = reader_take(&r, PEEK_RANDOM_LEN);
	len = (size_t)reader_be(&r, 1);
	if (len > SESSION_ID_MAX)
		reader_fail(&r);
	(void)reader_take(&r, len);
	if (!stream) {
		len = (size_t)reader_be(&r, 1);
		out->cookie = reader_take(&r, len);
	}
	len = (size_t)reader_be(&r, 2);
	if (len == 0 || len % 2)
		reader_fail(&r);
	out->suites = reader_take(&r, len);
	len = (size_t)reader_be(&r, 1);
	if (len == 0)
		reader_fail(&r);
	(void)reader_take(&r, len);
	if (r.bad || reader_left(&r) == 0)
		return r.bad ? RC_MALFORMED : RC_OK;
	extensions = vector(&r, 2);
	return r.bad ? RC_MALFORMED : read_extensions(&extensions, stream, out);
}

enum rc
peek_hello(const struct peek_record *r, struct peek_hello *out)
{
	struct span body = r->body;
	struct peek_message m;

	*out = (struct peek_hello){0};
	if (peek_message(&body, &m) != RC_OK || m.type != PEEK_CLIENT_HELLO)
		return RC_MALFORMED;
	if (!peek_whole(&m))
		return RC_UNSUPPORTED;
	if (body.len > 0)
		return RC_MALFORMED;
	out->seq = m.seq;
	return read_hello(m.fragment, false, out);
}

enum rc
peek_tls_hello(struct span body, struct peek_hello *out)
{
	*out = (struct peek_hello){0};
	return read_hello(body, true, out);
}
