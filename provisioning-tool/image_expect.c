#include "image_expect.h"

#include <inttypes.h>
#include <stdio.h>

enum { TEXT_MAX = 64 };

static void
print_family(char *out, uint32_t family)
{
	const char *name = image_uf2_family_name(family);

	if (name)
		snprintf(out, TEXT_MAX, "%s", name);
	else
		snprintf(out, TEXT_MAX, "0x%08" PRIX32, family);
}

/** One part of a geometry in words; false: it says nothing of it. */
static bool
print_part(
    char out[static TEXT_MAX], unsigned option, const struct image_geometry *g)
{
	out[0] = '\0';
	switch ((enum image_option)option) {
	case IMAGE_OPTION_PARTITION:
		if (g->partition_len > 0)
			snprintf(out, TEXT_MAX, "%zu bytes", g->partition_len);
		break;
	case IMAGE_OPTION_OFFSET:
		snprintf(out, TEXT_MAX, "%zu", g->offset);
		break;
	case IMAGE_OPTION_ADDRESS:
		snprintf(out, TEXT_MAX, "0x%08" PRIX32, g->address);
		break;
	case IMAGE_OPTION_CARRY:
	case IMAGE_OPTION_PAYLOAD: {
		const struct image_format *f =
		    option == IMAGE_OPTION_CARRY ? g->carries : g->payload;

		snprintf(out, TEXT_MAX, "%s", f ? f->name : "");
		break;
	}
	case IMAGE_OPTION_GENERATION:
		snprintf(out, TEXT_MAX, "%" PRIu32, g->generation);
		break;
	case IMAGE_OPTION_FAMILY:
		print_family(out, g->family);
		break;
	case IMAGE_OPTION_SECTOR:
		snprintf(out, TEXT_MAX, "%zu bytes", g->sector_len);
		break;
	case IMAGE_OPTION_WRITE_BLOCK:
		snprintf(out, TEXT_MAX, "%zu", g->write_block);
		break;
	case IMAGE_OPTION_DATA_CRC:
		snprintf(out, TEXT_MAX, "%s", g->data_crc ? "yes" : "no");
		break;
	case IMAGE_OPTION_NAMESPACE:
		snprintf(out, TEXT_MAX, "%s", g->name_space);
		break;
	case IMAGE_OPTION_NVS_VERSION:
		snprintf(out, TEXT_MAX, "%u", g->nvs_version);
		break;
	case IMAGE_OPTION_NVS_KEYS:
		snprintf(out, TEXT_MAX, "%s", g->nvs_key ? "yes" : "");
		break;
	case IMAGE_OPTION_SECURITY_TAG:
		snprintf(out, TEXT_MAX, "%" PRIu32, g->security_tag);
		break;
	case IMAGE_OPTION_BASE_NAMES:
		snprintf(out, TEXT_MAX, "%s", g->base_names ? "yes" : "no");
		break;
	case IMAGE_OPTION_CARD_VERSION:
		if (g->card_major > 0)
			snprintf(out, TEXT_MAX, "%u.%u", g->card_major,
			    g->card_minor);
		break;
	/* of the firmware, not of the bytes */
	case IMAGE_OPTION_VALUE_MAX:
	case IMAGE_OPTION_COUNT:
		break;
	}
	return out[0] != '\0';
}

/** Which parts the formats that were found have. */
static unsigned
parts_of(const struct image_reader *m)
{
	unsigned parts = 0;

	for (size_t i = 0; i < m->r.depth; i++)
		parts |= m->r.nested[i]->options;
	return parts;
}

void
image_expect_print(const struct image_reader *m, struct writer *w)
{
	unsigned parts = parts_of(m);
	/* the formats that were found say it already */
	const unsigned said = IMAGE_OPTION_CARRY | IMAGE_OPTION_PAYLOAD;
	char text[TEXT_MAX];
	bool first = true;

	for (unsigned i = 0; image_option_name(i); i++) {
		if (!(parts & ~said & 1u << i) ||
		    !print_part(text, 1u << i, &m->r.geometry))
			continue;
		writer_str(w, first ? "" : ", ");
		writer_str(w, image_option_name(i));
		writer_str(w, " ");
		writer_str(w, text);
		first = false;
	}
}

bool
image_expect_differs(const struct image_reader *m, unsigned given,
    const struct image_geometry *want, unsigned *i, struct writer *w)
{
	unsigned parts = parts_of(m) & given;
	char have[TEXT_MAX], wish[TEXT_MAX];

	for (; image_option_name(*i); (*i)++) {
		if (!(parts & 1u << *i) || !print_part(wish, 1u << *i, want))
			continue;
		(void)print_part(have, 1u << *i, &m->r.geometry);
		if (strcmp(have, wish) == 0)
			continue;
		writer_str(w, image_option_name(*i));
		writer_str(w, " ");
		writer_str(w, have[0] ? have : "none");
		writer_str(w, ", not ");
		writer_str(w, wish);
		(*i)++;
		return true;
	}
	return false;
}
