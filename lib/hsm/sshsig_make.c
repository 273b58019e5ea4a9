#include "hsm/sshsig_make.h"

#include "base/text.h"

#include <string.h>

enum {
	LINE_LEN = 70, /* characters of base64, as OpenSSH breaks them */
	BLOB_MAX = 512,
	VERSION = 1,
};

#define HASH "sha512"

static void
put_string(struct writer *w, struct span s)
{
	writer_be(w, s.len, 4);
	writer_put(w, s);
}

/* The bytes that are signed. */
static void
put_signed(struct writer *w, const char *space, struct span hash)
{
	writer_str(w, "SSHSIG");
	put_string(w, span_str(space));
	put_string(w, SPAN_LIT(""));
	put_string(w, SPAN_LIT(HASH));
	put_string(w, hash);
}

/* RFC 4251 section 5: no zero in front but the one that says it is positive. */
static void
put_mpint(struct writer *w, struct span n)
{
	while (n.len > 0 && n.p[0] == 0)
		n = span_from(n, 1);
	if (n.len > 0 && (n.p[0] & 0x80)) {
		writer_be(w, n.len + 1, 4);
		writer_be(w, 0, 1);
		writer_put(w, n);
	} else {
		put_string(w, n);
	}
}

/* RFC 5656 section 3.1.2: the name of the algorithm, and two numbers. */
static void
put_signature(
    struct writer *w, const uint8_t signature[static P256_SIGNATURE_LEN])
{
	uint8_t numbers[80], whole[160];
	struct writer n, all;

	writer_init(&n, numbers, sizeof(numbers));
	put_mpint(&n, span_of(signature, P256_SIGNATURE_LEN / 2));
	put_mpint(&n,
	    span_of(
		signature + P256_SIGNATURE_LEN / 2, P256_SIGNATURE_LEN / 2));
	writer_init(&all, whole, sizeof(whole));
	put_string(&all, span_str(sshkey_name(SSHKEY_ECDSA_P256)));
	put_string(&all, writer_span(&n));
	put_string(w, writer_span(&all));
}

static void
put_armor(struct writer *w, struct span blob)
{
	uint8_t letters[(BLOB_MAX + 2) / 3 * 4];
	struct writer l;
	struct span rest;

	writer_init(&l, letters, sizeof(letters));
	text_base64(&l, blob);
	writer_str(w, "-----BEGIN SSH SIGNATURE-----\n");
	for (rest = writer_span(&l); rest.len > 0;) {
		size_t n = rest.len < LINE_LEN ? rest.len : LINE_LEN;

		writer_put(w, span_of(rest.p, n));
		writer_str(w, "\n");
		rest = span_from(rest, n);
	}
	writer_str(w, "-----END SSH SIGNATURE-----\n");
}

enum rc
sshsig_make(struct hsm_session *s, const struct hsm_ec_ref *ref,
    const char *space, const uint8_t hash[static DIGEST512_LEN],
    struct writer *w)
{
	uint8_t spki[P256_SPKI_LEN], bytes[256], digest[P256_DIGEST_LEN];
	uint8_t signature[P256_SIGNATURE_LEN];
	uint8_t key[SSHKEY_P256_BLOB_LEN], blob[BLOB_MAX];
	const size_t space_len = strlen(space);
	struct writer b;
	enum rc rc;

	if (space_len == 0 || space_len > SSHSIG_SPACE_MAX)
		return RC_MALFORMED;
	rc = hsm_ec_public(s, ref, spki);
	if (rc != RC_OK)
		return rc;
	writer_init(&b, bytes, sizeof(bytes));
	put_signed(&b, space, span_of(hash, DIGEST512_LEN));
	digest_of(writer_span(&b), digest);
	rc = hsm_ec_sign(s, ref, digest, signature);
	if (rc != RC_OK)
		return rc;
	/* of two keys behind one name, or of a token that is not well */
	rc = p256_verify(span_of(spki, sizeof(spki)), digest, signature);
	if (rc != RC_OK)
		return rc;
	sshkey_p256_blob(spki, key);
	writer_init(&b, blob, sizeof(blob));
	writer_str(&b, "SSHSIG");
	writer_be(&b, VERSION, 4);
	put_string(&b, span_of(key, sizeof(key)));
	put_string(&b, span_str(space));
	put_string(&b, SPAN_LIT(""));
	put_string(&b, SPAN_LIT(HASH));
	put_signature(&b, signature);
	if (b.full)
		return RC_TOO_LARGE;
	put_armor(w, writer_span(&b));
	return w->full ? RC_TOO_LARGE : RC_OK;
}
