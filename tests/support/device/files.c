#include "files.h"

#include "dtls/keypair.h"
#include "dtls/pem.h"
#include "file.h"

/* DER of the objects that have one of these labels, or of all that is DER. */
static enum rc
unpack(struct files *f, const char *path, const char *const labels[2],
    struct secret *out)
{
	struct secret text;
	struct writer w = {0};
	enum rc rc;

	f->fault = path;
	rc = file_read(path, FILES_BYTES_MAX, &text);
	if (rc == RC_OK)
		rc = secret_reserve(out, FILES_BYTES_MAX);
	if (rc == RC_OK) {
		writer_init(&w, out->bytes, out->cap);
		rc = pem_unpack(secret_expose(&text), labels[0], &w);
	}
	if (rc == RC_NOT_FOUND && labels[1] && text.len > 0)
		rc = pem_unpack(secret_expose(&text), labels[1], &w);
	out->len = w.len;
	secret_fini(&text);
	return rc == RC_NOT_FOUND ? RC_MALFORMED : rc;
}

static enum rc
read_key(struct files *f, const char *path)
{
	static const char *const labels[] = {"PRIVATE KEY", "EC PRIVATE KEY"};
	enum rc rc = unpack(f, path, labels, &f->key);

	return rc == RC_OK
	    ? keypair_public(secret_expose(&f->key), f->public_key)
	    : rc;
}

static enum rc
read_certificate(struct files *f, const char *path)
{
	static const char *const labels[] = {"CERTIFICATE", NULL};
	struct x509_certificate c;
	enum rc rc = unpack(f, path, labels, &f->certificate);

	return rc == RC_OK
	    ? account_certificate(secret_expose(&f->certificate), &c)
	    : rc;
}

static enum rc
read_server(struct files *f, const struct file_names *names, struct span *out)
{
	static const char *const certificates[] = {"CERTIFICATE", NULL};
	static const char *const keys[] = {"PUBLIC KEY", "CERTIFICATE"};
	struct x509_certificate c;
	enum rc rc =
	    unpack(f, names->ca, names->raw ? keys : certificates, &f->ca);

	*out = secret_expose(&f->ca);
	if (rc != RC_OK || !names->raw || x509_is_p256_key(*out))
		return rc;
	rc = account_certificate(*out, &c);
	*out = c.public_key;
	return rc;
}

enum rc
files_read(
    struct files *f, const struct file_names *names, struct account *account)
{
	enum rc rc;

	*f = (struct files){0};
	rc = read_key(f, names->key);
	if (rc == RC_OK && !names->raw)
		rc = read_certificate(f, names->certificate);
	if (rc == RC_OK)
		rc = read_server(f, names, &account->server_key);
	if (rc != RC_OK)
		return rc;
	f->fault = NULL;
	account->mode = names->raw ? MODE_RPK : MODE_CERTIFICATE;
	account->identity = names->raw
	    ? span_of(f->public_key, sizeof(f->public_key))
	    : secret_expose(&f->certificate);
	account->key = secret_expose(&f->key);
	account->matching = MATCHING_EXACT;
	account->usage = names->usage;
	if (names->sni)
		account->sni = span_str(names->sni);
	if (account->endpoint.len == 0)
		account->endpoint =
		    account_common_name(secret_expose(&f->certificate));
	return RC_OK;
}

void
files_fini(struct files *f)
{
	secret_fini(&f->certificate);
	secret_fini(&f->key);
	secret_fini(&f->ca);
}
