/* Keys that nobody has given the device. */
#include "issue/doctor_form.h"

#include "base/cursor.h"

#include <stdio.h>

enum made_of { OF_NOTHING, OF_IDENTITY, OF_ENDPOINT, OF_ONE_BYTE, OF_COUNTING };

static const char never_given[] =
    "Give the device its key: the place where it looks for one was never "
    "written.";
static const char name_for_key[] =
    "Give the device its key; what it uses is its name, which everybody may "
    "know.";
static const char sample_key[] =
    "Give the device its key: the one of its client's sample code is known to "
    "everybody.";

static const struct public_key {
	enum made_of of;
	uint8_t byte;
	size_t len;
	const char *code, *sentence, *remedy;
} public_keys[] = {
    {OF_NOTHING, 0, 0, "empty", "The device used an empty key.", never_given},
    {OF_IDENTITY, 0, 0, "identity-as-key",
	"The device used its PSK identity as the key.", name_for_key},
    {OF_ENDPOINT, 0, 0, "endpoint-as-key",
	"The device used its endpoint name as the key.", name_for_key},
    {OF_ONE_BYTE, 0, 16, "zeros-16",
	"The device used 16 zero bytes as its key.", never_given},
    {OF_ONE_BYTE, 0, 32, "zeros-32",
	"The device used 32 zero bytes as its key.", never_given},
    {OF_ONE_BYTE, 0xff, 16, "erased-16",
	"The device used 16 bytes of erased flash (0xff) as its key.",
	never_given},
    {OF_ONE_BYTE, 0xff, 32, "erased-32",
	"The device used 32 bytes of erased flash (0xff) as its key.",
	never_given},
    {OF_COUNTING, 0, 16, "sample-16",
	"The device used the sample key 00 01 02 ... 0f.", sample_key},
    {OF_COUNTING, 1, 16, "sample-16-from-1",
	"The device used the sample key 01 02 03 ... 10.", sample_key},
    {OF_COUNTING, 0, 32, "sample-32",
	"The device used the sample key 00 01 02 ... 1f.", sample_key},
};

size_t
form_public_count(void)
{
	return sizeof(public_keys) / sizeof(public_keys[0]);
}

bool
form_public_make(
    size_t i, struct span identity, struct span endpoint, struct secret *out)
{
	const struct public_key *k = &public_keys[i];
	struct writer w;

	writer_init(&w, out->bytes, out->cap);
	switch (k->of) {
	case OF_NOTHING:
		break;
	case OF_IDENTITY:
		writer_put(&w, identity);
		break;
	case OF_ENDPOINT:
		writer_put(&w, endpoint);
		break;
	case OF_ONE_BYTE:
		for (size_t n = 0; n < k->len; n++)
			writer_be(&w, k->byte, 1);
		break;
	case OF_COUNTING:
		for (size_t n = 0; n < k->len; n++)
			writer_be(&w, k->byte + n, 1);
		break;
	}
	out->len = w.full ? 0 : w.len;
	return !w.full;
}

void
form_public_name(size_t i, struct form_name *out)
{
	const struct public_key *k = &public_keys[i];

	(void)snprintf(out->code, sizeof(out->code), "%s", k->code);
	(void)snprintf(out->sentence, sizeof(out->sentence), "%s", k->sentence);
	out->remedy = k->remedy;
}
