#include "pki.h"

#include "base/digest.h"
#include "dtls/pem.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>

enum {
	FILES = 64,
	FILE_LEN_MAX = 8192,
};

static const char *const servers[] = {
    [PKI_SERVER] = "server",
    [PKI_SERVER_TWO] = "server-two",
    [PKI_SERVER_CN] = "server-cn",
};

static struct {
	char name[64];
	uint8_t *bytes;
	size_t len;
} files[FILES];

struct span
pki_file(const char *name, const char *suffix)
{
	char path[4096], file[64];
	size_t i;
	FILE *f;

	(void)snprintf(file, sizeof(file), "%s.%s", name, suffix);
	for (i = 0; i < FILES && files[i].bytes; i++)
		if (strcmp(files[i].name, file) == 0)
			return span_of(files[i].bytes, files[i].len);
	assert_in_range(i, 0, FILES - 1);
	(void)snprintf(path, sizeof(path), "%s/%s", PKI_VECTORS, file);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("no %s", path);
	files[i].bytes = malloc(FILE_LEN_MAX);
	assert_non_null(files[i].bytes);
	files[i].len = fread(files[i].bytes, 1, FILE_LEN_MAX, f);
	assert_int_equal(fclose(f), 0);
	(void)snprintf(files[i].name, sizeof(files[i].name), "%s", file);
	return span_of(files[i].bytes, files[i].len);
}

void
pki_forget(void)
{
	for (size_t i = 0; i < FILES; i++) {
		free(files[i].bytes);
		files[i].bytes = NULL;
	}
}

enum rc
pki_der(struct span pem, struct writer *out)
{
	return pem_unpack(pem, "CERTIFICATE", out);
}

/** PEM: the first server's certificate and its root. */
static struct span
chain_with_anchor(void)
{
	static uint8_t both[2 * FILE_LEN_MAX];
	struct writer w;

	writer_init(&w, both, sizeof(both));
	writer_put(&w, pki_file(servers[PKI_SERVER], "pem"));
	writer_put(&w, pki_file("server-ca", "pem"));
	return writer_span(&w);
}

enum rc
pki_try(struct world *w, const struct pki_house *h)
{
	struct dtls_server_credential shown[PKI_SERVERS] = {0};
	uint8_t raw_keys[4][DTLS_DIGEST_LEN];
	struct span trust = pki_file(h->trust ? h->trust : "device-ca", "pem");
	struct span crl = {0};
	struct dtls_credentials c = {.servers = shown,
	    .server_count = h->servers ? h->servers : PKI_SERVERS,
	    .trust = &trust,
	    .trust_count = 1,
	    .crls = &crl,
	    .raw_keys = (const uint8_t(*)[DTLS_DIGEST_LEN])raw_keys};

	for (uint32_t i = 0; i < PKI_SERVERS; i++) {
		shown[i].key = i;
		if (h->no_chains)
			shown[i].public_key = pki_file(servers[i], "spki");
		else
			shown[i].chain = pki_file(servers[i], "pem");
	}
	if (h->anchor_too)
		shown[0].chain = chain_with_anchor();
	if (h->crl) {
		crl = pki_file(h->crl, "crl");
		c.crl_count = 1;
	}
	for (; c.raw_key_count < 4 && h->raw_keys[c.raw_key_count];
	     c.raw_key_count++) {
		struct span key =
		    pki_file(h->raw_keys[c.raw_key_count], "spki");

		digest_of(key, raw_keys[c.raw_key_count]);
	}
	return dtls_set_credentials(w->server, &c, &w->fault);
}

void
pki_serve(struct world *w, const struct pki_house *h)
{
	assert_int_equal(pki_try(w, h), RC_OK);
}

void
pki_sign(
    uint32_t key, struct span digest, uint8_t out[static DTLS_SIGNATURE_LEN])
{
	struct span der;
	const unsigned char *p;
	unsigned char sig[128];
	size_t sig_len = sizeof(sig);
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *ctx;
	ECDSA_SIG *rs;

	assert_in_range(key, 0, PKI_SERVERS - 1);
	der = pki_file(servers[key], "key");
	p = der.p;
	pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.len);
	assert_non_null(pkey);
	ctx = EVP_PKEY_CTX_new(pkey, NULL);
	assert_non_null(ctx);
	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_sign(ctx, sig, &sig_len, digest.p, digest.len), 1);
	p = sig;
	rs = d2i_ECDSA_SIG(NULL, &p, (long)sig_len);
	assert_non_null(rs);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(rs), out, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(rs), out + 32, 32), 32);
	ECDSA_SIG_free(rs);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
}

static void
open_device(struct world *w, unsigned i, const char *name,
    struct dtls_client_config *config)
{
	struct secret key = {0};

	assert_int_equal(secret_set(&key, pki_file(name, "key")), RC_OK);
	config->private_key = &key;
	world_open(w, i, config);
	secret_fini(&key);
}

void
pki_device_for(struct world *w, unsigned i, const char *name,
    const char *server_name, enum dtls_client_version version)
{
	struct dtls_client_config config = {.version = version,
	    .chain = pki_file(name, "pem"),
	    .trust = pki_file("server-ca", "pem"),
	    .server_name = server_name};

	open_device(w, i, name, &config);
}

void
pki_device(struct world *w, unsigned i, const char *name,
    enum dtls_client_version version, const char *suites)
{
	struct dtls_client_config config = {.version = version,
	    .suites = suites,
	    .chain = pki_file(name, "pem"),
	    .trust = pki_file("server-ca", "pem")};

	open_device(w, i, name, &config);
}

void
pki_raw_device(struct world *w, unsigned i, const char *name,
    enum dtls_client_version version, const char *suites)
{
	struct dtls_client_config config = {.version = version,
	    .suites = suites,
	    .public_key = pki_file(name, "spki"),
	    .server_key = pki_file("server", "spki")};

	open_device(w, i, name, &config);
}

void
pki_psk_device(struct world *w, unsigned i, const char *identity,
    bool right_key, enum dtls_client_version version, const char *suites)
{
	struct secret key = world_key(span_str(identity), right_key);

	world_open(w, i,
	    &(struct dtls_client_config){.version = version,
		.suites = suites,
		.identity = span_str(identity),
		.key = &key});
	secret_fini(&key);
}

void
pki_bare_device(struct world *w, unsigned i, enum dtls_client_version version)
{
	world_open(w, i,
	    &(struct dtls_client_config){
		.version = version, .trust = pki_file("server-ca", "pem")});
}
