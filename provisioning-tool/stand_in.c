#include "stand_in.h"

#include "base/digest.h"
#include "hsm/device_key.h"

enum rc
stand_in_key(uint8_t spki[static P256_SPKI_LEN])
{
	struct device_key k = {0};
	struct secret seed = {0};
	enum rc rc = secret_reserve(&seed, DEVICE_KEY_SEED_LEN);

	if (rc == RC_OK) {
		random_bytes(seed.bytes, DEVICE_KEY_SEED_LEN);
		seed.len = DEVICE_KEY_SEED_LEN;
		rc = device_key_of(&seed, &k);
	}
	memcpy(spki, k.spki, sizeof(k.spki));
	device_key_fini(&k);
	secret_fini(&seed);
	return rc;
}

void
stand_in_hide(struct writer *w, struct span text)
{
	static const char digest[] = "SHA-256 of the key";

	while (text.len > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.len);
		size_t len = end ? (size_t)(end - text.p) + 1 : text.len;

		if (span_starts(text, SPAN_LIT("SHA-256 of the key")))
			writer_fmt(w, "%-20s(to be made)\n", digest);
		else
			writer_put(w, span_of(text.p, len));
		text = span_from(text, len);
	}
}
