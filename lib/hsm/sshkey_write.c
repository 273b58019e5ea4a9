/* Keys of the token as OpenSSH writes them (RFC 5656 section 3.1). */
#include "hsm/sshkey.h"

#include "base/text.h"

static void
put_string(struct writer *w, struct span s)
{
	writer_be(w, s.len, 4);
	writer_put(w, s);
}

void
sshkey_p256_blob(const uint8_t spki[static P256_SPKI_LEN],
    uint8_t out[static SSHKEY_P256_BLOB_LEN])
{
	struct writer w;

	writer_init(&w, out, SSHKEY_P256_BLOB_LEN);
	put_string(&w, span_str(sshkey_name(SSHKEY_ECDSA_P256)));
	put_string(&w, SPAN_LIT("nistp256"));
	put_string(
	    &w, span_of(spki + P256_SPKI_LEN - P256_POINT_LEN, P256_POINT_LEN));
}

void
sshkey_p256_print(const uint8_t spki[static P256_SPKI_LEN], struct writer *w)
{
	uint8_t blob[SSHKEY_P256_BLOB_LEN];

	sshkey_p256_blob(spki, blob);
	writer_str(w, sshkey_name(SSHKEY_ECDSA_P256));
	writer_str(w, " ");
	text_base64(w, span_of(blob, sizeof(blob)));
}
