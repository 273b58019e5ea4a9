/* Sealing secrets at rest: the data key from the token, AES-GCM in process. */
#include "hsm/seal_internal.h"

#include "base/digest.h"
#include "hsm/hsm_internal.h"

#include <openssl/err.h>
#include <openssl/evp.h>

enum { FORMAT = 1 };

_Static_assert(
    1 + SEAL_NONCE_LEN + SEAL_TAG_LEN == SEAL_OVERHEAD, "as documented");

static bool
place_valid(const struct seal_place *p)
{
	struct span table = span_str(p->table), column = span_str(p->column);

	return p->version > 0 && hsm_label_valid(p->master) && table.len > 0 &&
	    table.len <= SEAL_NAME_MAX && column.len > 0 &&
	    column.len <= SEAL_NAME_MAX && p->record.len > 0 &&
	    p->record.len <= SEAL_RECORD_MAX;
}

static void
put_part(struct writer *w, struct span part)
{
	writer_be(w, part.len, 2);
	writer_put(w, part);
}

enum rc
seal_context(const struct seal_place *place, struct writer *w)
{
	if (!place_valid(place))
		return RC_MALFORMED;
	writer_put(w, SPAN_LIT("lwm2m-bs/dek\0"));
	writer_be(w, place->version, 4);
	put_part(w, place->record);
	return w->full ? RC_BUG : RC_OK;
}

enum rc
seal_aad(const struct seal_place *place, struct writer *w)
{
	if (!place_valid(place))
		return RC_MALFORMED;
	put_part(w, span_str(place->table));
	put_part(w, place->record);
	put_part(w, span_str(place->column));
	writer_be(w, place->version, 4);
	return w->full ? RC_BUG : RC_OK;
}

enum rc
seal_encrypt(const uint8_t key[static SEAL_KEY_LEN],
    const uint8_t nonce[static SEAL_NONCE_LEN], struct span aad,
    struct span plain, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	/* EVP's default nonce for GCM has the 12 bytes that are wanted. */
	bool done = ctx &&
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) &&
	    EVP_EncryptUpdate(ctx, NULL, &n, aad.p, (int)aad.len) &&
	    EVP_EncryptUpdate(ctx, out, &n, plain.p, (int)plain.len) &&
	    (size_t)n == plain.len &&
	    EVP_EncryptFinal_ex(ctx, out + plain.len, &n) && n == 0 &&
	    EVP_CIPHER_CTX_ctrl(
		ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_LEN, out + plain.len);

	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return done ? RC_OK : RC_MEMORY;
}

enum rc
seal_decrypt(const uint8_t key[static SEAL_KEY_LEN],
    const uint8_t nonce[static SEAL_NONCE_LEN], struct span aad,
    struct span cipher, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	size_t len = cipher.len - SEAL_TAG_LEN;
	uint8_t tag[SEAL_TAG_LEN];
	enum rc rc = RC_MEMORY;
	int n = 0;

	memcpy(tag, cipher.p + len, sizeof(tag));
	if (ctx &&
	    EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) &&
	    EVP_DecryptUpdate(ctx, NULL, &n, aad.p, (int)aad.len) &&
	    EVP_DecryptUpdate(ctx, out, &n, cipher.p, (int)len) &&
	    (size_t)n == len &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_LEN, tag))
		rc = EVP_DecryptFinal_ex(ctx, out + len, &n) == 1 ? RC_OK
								  : RC_DENIED;
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	if (rc)
		secret_wipe(out, len);
	return rc;
}

static enum rc
bad_place(struct hsm_session *s, const char *what)
{
	hsm_error_text(&s->error, 0, "%s", what);
	hsm_error_remedy(&s->error,
	    "table and column have 1..%d bytes, a record 1..%d, a secret "
	    "1..%d",
	    SEAL_NAME_MAX, SEAL_RECORD_MAX, SEAL_SECRET_MAX);
	return RC_MALFORMED;
}

static enum rc
data_key(struct hsm_session *s, const struct seal_place *place,
    struct secret *dek, struct writer *aad)
{
	uint8_t context[SEAL_CONTEXT_MAX];
	struct writer w;
	enum rc rc;

	writer_init(&w, context, sizeof(context));
	if (seal_context(place, &w) || seal_aad(place, aad))
		return bad_place(s, "not a place of a sealed secret");
	rc = secret_reserve(dek, HSM_MAC_CAP);
	if (rc) {
		hsm_error_text(&s->error, 0, "no locked memory for a key");
		hsm_error_remedy(&s->error, "raise LimitMEMLOCK");
		return rc;
	}
	rc = master_mac_label(s, place->master, writer_span(&w), dek->bytes);
	if (rc)
		secret_fini(dek);
	else
		dek->len = HSM_PSK_LEN;
	return rc;
}

enum rc
seal_close(struct hsm_session *s, const struct seal_place *place,
    const struct secret *secret, struct writer *out)
{
	uint8_t aad[SEAL_AAD_MAX];
	struct secret dek = {0};
	struct writer w;
	size_t before = out->len;
	uint8_t *at;
	enum rc rc;

	if (secret->len == 0 || secret->len > SEAL_SECRET_MAX)
		return bad_place(s, "a secret empty or too large");
	writer_init(&w, aad, sizeof(aad));
	rc = data_key(s, place, &dek, &w);
	if (rc)
		return rc;
	at = writer_skip(out, secret->len + SEAL_OVERHEAD);
	if (!at) {
		rc = RC_TOO_LARGE;
		goto out;
	}
	*at++ = FORMAT;
	rc = hsm_random(s, at, SEAL_NONCE_LEN);
	if (!rc)
		rc = seal_encrypt(dek.bytes, at, writer_span(&w),
		    secret_expose(secret), at + SEAL_NONCE_LEN);
	if (rc)
		out->len = before;
out:
	secret_fini(&dek);
	return rc;
}

static enum rc
not_ours(struct hsm_session *s, const struct seal_place *place)
{
	char record[96], label[2 * HSM_LABEL_MAX];

	hsm_quote(record, sizeof(record), place->record);
	hsm_quote(label, sizeof(label), span_str(place->master));
	hsm_error_text(&s->error, 0,
	    "the sealed secret of %s in %s.%s does not open under key %s",
	    record, place->table, place->column, label);
	hsm_error_remedy(&s->error,
	    "it was changed, moved, or sealed under another token's key: "
	    "restore it, or issue a new one");
	return RC_DENIED;
}

enum rc
seal_open(struct hsm_session *s, const struct seal_place *place,
    struct span sealed, struct secret *out)
{
	uint8_t aad[SEAL_AAD_MAX];
	struct secret dek = {0};
	struct writer w;
	size_t len;
	enum rc rc;

	secret_fini(out);
	if (sealed.len <= SEAL_OVERHEAD ||
	    sealed.len > SEAL_OVERHEAD + SEAL_SECRET_MAX ||
	    sealed.p[0] != FORMAT)
		return bad_place(s, "not a sealed secret");
	len = sealed.len - SEAL_OVERHEAD;
	writer_init(&w, aad, sizeof(aad));
	rc = data_key(s, place, &dek, &w);
	if (rc)
		return rc;
	rc = secret_reserve(out, len + SEAL_TAG_LEN);
	if (!rc)
		rc = seal_decrypt(dek.bytes, sealed.p + 1, writer_span(&w),
		    span_from(sealed, 1 + SEAL_NONCE_LEN), out->bytes);
	secret_fini(&dek);
	if (!rc) {
		out->len = len;
		return RC_OK;
	}
	secret_fini(out);
	return rc == RC_DENIED ? not_ours(s, place) : rc;
}
