/* One certificate of this server: what its file says, and whether its key is
 * the one in the token. */
#include "server_files.h"

#include "base/text.h"
#include "hsm/pem.h"

#include <stdio.h>

enum {
	CHAIN_MAX = 8, /**< certificates in one file */
	SHOWN_HEX = 32, /**< digits of a fingerprint in a line */
};

static enum rc
unusable(const struct issue_file *file, struct hsm_error *err, const char *what)
{
	snprintf(err->text, sizeof(err->text), "%s: %s", file->path, what);
	snprintf(err->remedy, sizeof(err->remedy),
	    "a certificate for serverAuth on P-256, PEM or DER, and its chain "
	    "behind it; `provisioning-tool pki show` looks at it");
	return RC_CONFIG;
}

/** All certificates of the file as DER. */
static enum rc
unpack(struct arena *a, const struct issue_file *file, struct span *out)
{
	struct span rest = file->bytes;
	struct writer w;
	void *room = arena_alloc(a, rest.len ? rest.len : 1);
	enum rc rc;

	if (!room)
		return RC_MEMORY;
	if (rest.len > 0 && rest.p[0] == DER_SEQUENCE) {
		*out = rest;
		return RC_OK;
	}
	writer_init(&w, room, rest.len);
	do
		rc = pem_next(&rest, "CERTIFICATE", &w);
	while (rc == RC_OK);
	*out = writer_span(&w);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/** Each by itself; the first is ours. */
static enum rc
take_apart(const struct issue_file *file, struct server_cert *out,
    struct hsm_error *err)
{
	struct der_fault fault;
	struct der_reader r;
	size_t count = 0;

	der_reader_init(&r, out->chain, &fault);
	r.clause = "RFC 5280 4.1";
	while (der_ok(&r) && der_peek(&r) != 0) {
		struct span der = der_take_whole(&r, DER_SEQUENCE);
		struct der_fault inside;
		struct cert c;
		char text[160];
		struct writer w;

		if (!der_ok(&r))
			break;
		if (cert_parse(der, &c, &inside) != RC_OK) {
			writer_init(&w, text, sizeof(text) - 1);
			der_fault_print(&inside, &w);
			text[w.len] = '\0';
			return unusable(file, err, text);
		}
		if (count++ == 0)
			out->cert = c;
	}
	if (!der_ok(&r) || count == 0)
		return unusable(file, err, "no certificate");
	if (count > CHAIN_MAX)
		return unusable(file, err, "more than 8 certificates");
	return RC_OK;
}

enum rc
server_cert_read(struct arena *a, const struct issue_file *file,
    const struct hsm_ec_ref *key, struct server_cert *out,
    struct hsm_error *err)
{
	uint8_t digest[DIGEST_LEN];
	const struct cert *c = &out->cert;
	enum rc rc;

	out->path = file->path;
	out->key = *key;
	rc = unpack(a, file, &out->chain);
	if (rc == RC_MEMORY)
		return rc;
	if (rc != RC_OK)
		return unusable(file, err, "neither PEM nor DER");
	rc = take_apart(file, out, err);
	if (rc != RC_OK)
		return rc;
	if (!c->p256)
		return unusable(file, err, "its key is not on P-256");
	if (c->has_eku && !(c->eku & (CERT_SERVER_AUTH | CERT_ANY_EKU)))
		return unusable(
		    file, err, "it is not for servers (serverAuth)");
	/* workers have whatever they like signed by this key */
	if (c->is_ca || (c->key_usage & CERT_KEY_CERT_SIGN))
		return unusable(file, err,
		    "it is a certificate authority's, or may sign "
		    "certificates (keyCertSign)");
	digest_of(c->der, out->sha256);
	digest_of(c->spki, digest);
	out->number = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 |
	    (uint32_t)digest[2] << 8 | digest[3];
	return RC_OK;
}

const char *
server_cert_state(const struct server_cert *c, int64_t now_s)
{
	if (now_s < c->cert.not_before_s)
		return "not-valid-yet";
	if (now_s > c->cert.not_after_s)
		return "expired";
	if (c->cert.not_after_s - now_s < SERVER_EXPIRES_SOON_S)
		return "expires-soon";
	return "ok";
}

/** A key that is compared with those of this server. */
struct foreign {
	const struct server_files *files;
	const struct server_cert *same; /**< NULL: none */
};

static enum rc
compare(void *ctx, struct span der)
{
	struct foreign *f = ctx;
	struct der_fault fault;
	struct cert other;

	/* it has been read before, so that it can be read */
	if (cert_read(der, &other, &fault) != RC_OK)
		return RC_MALFORMED;
	for (size_t i = 0; i < f->files->cert_count; i++)
		if (span_equal(f->files->certs[i].cert.spki, other.spki))
			f->same = &f->files->certs[i];
	return f->same ? RC_CONFLICT : RC_OK;
}

static enum rc
not_alone(const struct server_cert *c, const char *whose, struct hsm_error *err)
{
	snprintf(err->text, sizeof(err->text),
	    "%s: its key \"%s\" is also that of %s: whoever has a handshake "
	    "signed by it could make certificates",
	    c->path, c->key.label, whose);
	snprintf(err->remedy, sizeof(err->remedy),
	    "make a key for the server alone, and a certificate for it");
	return RC_CONFIG;
}

enum rc
server_files_apart(const struct server_files *f,
    const struct issue_rules *rules, struct hsm_error *err)
{
	const struct policy_set *set = issue_rules_set(rules);
	struct foreign foreign = {.files = f};
	enum rc rc = RC_OK;

	*err = (struct hsm_error){0};
	for (size_t i = 0; rc == RC_OK && i < set->authority_count; i++) {
		const struct issue_authority *a =
		    issue_rules_authority(rules, i);
		char whose[200];

		rc = compare(&foreign, a->cert.der);
		if (rc != RC_CONFLICT)
			continue;
		snprintf(whose, sizeof(whose), "authority %.100s (%.60s:%u)",
		    a->document->name, a->document->place.file,
		    a->document->place.line);
		return not_alone(foreign.same, whose, err);
	}
	if (rc == RC_OK)
		rc = issue_rules_anchors(rules, compare, &foreign);
	return rc == RC_CONFLICT
	    ? not_alone(foreign.same, "a trust anchor of devices", err)
	    : rc;
}

static void
print_name(struct span spki, char out[static SHOWN_HEX + 1])
{
	uint8_t digest[DIGEST_LEN];
	struct writer w;

	digest_of(spki, digest);
	writer_init(&w, out, SHOWN_HEX);
	text_hex(&w, span_of(digest, SHOWN_HEX / 2));
	out[w.len] = '\0';
}

static enum rc
is_another(
    const struct server_cert *c, struct span in_token, struct hsm_error *err)
{
	char token[SHOWN_HEX + 1], cert[SHOWN_HEX + 1];

	print_name(in_token, token);
	print_name(c->cert.spki, cert);
	snprintf(err->text, sizeof(err->text),
	    "%s is not for key \"%s\": its public key is %s..., the token's "
	    "%s... (SHA-256)",
	    c->path, c->key.label, cert, token);
	snprintf(err->remedy, sizeof(err->remedy),
	    "name the certificate that was made for that key, or the key that "
	    "the certificate was made for, in server.key");
	return RC_CONFLICT;
}

enum rc
server_files_check(struct hsm_session *hsm, const struct server_files *f,
    struct hsm_error *err)
{
	enum rc rc = RC_OK;

	*err = (struct hsm_error){0};
	for (size_t i = 0; rc == RC_OK && i < f->cert_count; i++) {
		const struct server_cert *c = &f->certs[i];
		uint8_t spki[P256_SPKI_LEN];

		rc = hsm_ec_public(hsm, &c->key, spki);
		if (rc == RC_OK &&
		    !span_equal(c->cert.spki, span_of(spki, sizeof(spki))))
			return is_another(c, span_of(spki, sizeof(spki)), err);
		if (rc == RC_OK)
			rc = hsm_ec_self_test(hsm, &c->key, c->cert.spki);
		if (rc != RC_OK)
			*err = *hsm_session_error(hsm);
	}
	return rc;
}
