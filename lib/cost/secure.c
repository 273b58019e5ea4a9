#include "cost/secure.h"

#include <string.h>

enum {
	DEVICE_PORT = 40000,
};

static bool
chain_equal(const struct cost_chain *a, const struct cost_chain *b)
{
	return a->count == b->count &&
	    memcmp(a->len, b->len, a->count * sizeof(a->len[0])) == 0;
}

bool
secure_papers_fit(const struct secure_papers *p, const struct cost_case *c)
{
	return p->proof == c->proof &&
	    chain_equal(&p->server_chain, &c->server_chain) &&
	    chain_equal(&p->device_chain, &c->device_chain) &&
	    strcmp(p->name, c->server_name ? c->server_name : "") == 0;
}

enum rc
secure_papers_make(struct secure_papers *p, const struct cost_case *c)
{
	static const struct cost_chain none;
	bool shown = c->proof == COST_CERTIFICATE;
	const struct cost_chain *server = shown ? &c->server_chain : &none;
	const struct cost_chain *device = shown ? &c->device_chain : &none;
	const char *name = c->server_name ? c->server_name : "";
	enum rc rc;

	_Static_assert((int)COST_CHAIN_MAX <= (int)SAMPLE_CHAIN_MAX,
	    "what is shown can be made");
	secure_papers_fini(p);
	if (strlen(name) >= sizeof(p->name) || server->count > COST_CHAIN_MAX ||
	    device->count > COST_CHAIN_MAX)
		return RC_MALFORMED;
	p->proof = c->proof;
	p->server_chain = c->server_chain;
	p->device_chain = c->device_chain;
	memcpy(p->name, name, strlen(name) + 1);
	if (c->proof == COST_PSK)
		return RC_OK;
	rc = sample_make(&p->server, name[0] ? name : "server.invalid",
	    server->len, server->count);
	if (rc == RC_OK)
		rc = sample_make(&p->device, NULL, device->len, device->count);
	return rc == RC_TOO_LARGE ? RC_MALFORMED : rc;
}

void
secure_papers_fini(struct secure_papers *p)
{
	sample_fini(&p->server);
	sample_fini(&p->device);
	p->proof = COST_NONE;
}

/** What the server shows, and whom it lets in. */
static enum rc
equip_server(struct secure *s)
{
	const struct secure_papers *p = s->papers;
	const struct dtls_server_credential shown = {
	    .chain = span_of(p->server.chain, p->server.chain_len),
	    .public_key = span_of(p->server.spki, sizeof(p->server.spki)),
	};
	const struct span trust = span_of(p->device.root, p->device.root_len);
	uint8_t raw_key[1][DTLS_DIGEST_LEN];
	struct dtls_credentials all = {
	    .servers = &shown,
	    .server_count = 1,
	    .raw_keys = (const uint8_t(*)[DTLS_DIGEST_LEN])raw_key,
	};

	if (p->proof == COST_PSK)
		return RC_OK;
	if (p->proof == COST_CERTIFICATE) {
		all.trust = &trust;
		all.trust_count = 1;
	} else {
		digest_of(span_of(p->device.spki, sizeof(p->device.spki)),
		    raw_key[0]);
		all.raw_key_count = 1;
	}
	return dtls_set_credentials(s->server, &all, NULL);
}

static enum rc
open_client(struct secure *s, const struct cost_case *c)
{
	const struct secure_papers *p = s->papers;
	struct dtls_client_config config = {
	    .version =
		c->transport == COST_DTLS_13 ? DTLS_CLIENT_13 : DTLS_CLIENT_12,
	};
	uint8_t zeros[DTLS_KEY_MAX] = {0};
	struct secret key = {0};
	enum rc rc = RC_OK;

	switch (p->proof) {
	case COST_PSK:
		config.identity = c->psk_identity;
		config.key = &key;
		rc = secret_set(&key, span_of(zeros, s->key_len));
		break;
	case COST_CERTIFICATE:
		config.chain = span_of(p->device.chain, p->device.chain_len);
		config.private_key = &p->device.private_key;
		config.trust = span_of(p->server.root, p->server.root_len);
		config.server_name = p->name[0] ? p->name : NULL;
		break;
	case COST_RAW_KEY:
		config.public_key =
		    span_of(p->device.spki, sizeof(p->device.spki));
		config.private_key = &p->device.private_key;
		config.server_key =
		    span_of(p->server.spki, sizeof(p->server.spki));
		config.server_raw = true;
		break;
	case COST_NONE:
		rc = RC_BUG;
		break;
	}
	if (rc == RC_OK)
		rc = dtls_client_open(&config, &s->client);
	secret_fini(&key);
	return rc;
}

enum rc
secure_open(struct secure *s, const struct secure_papers *papers,
    const struct cost_case *c)
{
	struct dtls_config config = dtls_config_default;
	enum rc rc;

	*s = (struct secure){
	    .papers = papers,
	    .key_len = c->key_len,
	    .address = {.family = 4, .ip = {192, 0, 2, 1}, .port = DEVICE_PORT},
	};
	if (c->proof == COST_PSK &&
	    (c->key_len < DTLS_KEY_MIN || c->key_len > DTLS_KEY_MAX))
		return RC_MALFORMED;
	config.connections_max = config.handshakes_max = 2;
	rc = dtls_new(&config, &s->server);
	if (rc == RC_OK)
		rc = equip_server(s);
	if (rc == RC_OK)
		rc = open_client(s, c);
	return rc;
}

void
secure_close(struct secure *s)
{
	dtls_client_free(s->client);
	dtls_free(s->server);
	*s = (struct secure){0};
}

void
secure_server_receive(struct secure *s, struct span datagram, uint64_t now_ms)
{
	dtls_receive(s->server, &s->address, datagram, now_ms);
}

static void
give_key(struct secure *s, uint64_t conn, uint64_t now_ms)
{
	uint8_t zeros[DTLS_KEY_MAX] = {0};
	struct secret key = {0};
	enum rc rc = secret_set(&key, span_of(zeros, s->key_len));

	if (rc == RC_OK)
		rc = dtls_psk_answer(s->server, conn, &key, 0, now_ms);
	if (rc != RC_OK && s->rc == RC_OK)
		s->rc = rc;
	secret_fini(&key);
}

static void
give_signature(
    struct secure *s, uint64_t conn, struct span digest, uint64_t now_ms)
{
	uint8_t signature[DTLS_SIGNATURE_LEN];
	enum rc rc = digest.len == P256_DIGEST_LEN
	    ? sample_sign(&s->papers->server, digest.p, signature)
	    : RC_BUG;

	if (rc == RC_OK)
		rc = dtls_sign_answer(s->server, conn, signature, now_ms);
	if (rc != RC_OK && s->rc == RC_OK)
		s->rc = rc;
}

bool
secure_server_next(struct secure *s, struct span *message, uint64_t now_ms)
{
	struct dtls_event ev;

	while (dtls_event(s->server, &ev)) {
		switch (ev.kind) {
		case DTLS_EVENT_PSK_WANTED:
			give_key(s, ev.conn, now_ms);
			break;
		case DTLS_EVENT_SIGN_WANTED:
			give_signature(s, ev.conn, ev.digest, now_ms);
			break;
		case DTLS_EVENT_ESTABLISHED:
			s->conn = ev.conn;
			s->accepted = true;
			break;
		case DTLS_EVENT_DATA:
			*message = ev.data;
			return true;
		case DTLS_EVENT_MOVED:
			break;
		case DTLS_EVENT_CLOSED:
			s->broken |= ev.conn == s->conn || !s->accepted;
			s->accepted = false;
			break;
		}
	}
	return false;
}
