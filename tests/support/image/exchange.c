/*
 * An image from one format into another: what is read from standard input, by its
 * looks, is written to standard output.
 *
 * usage: image_exchange FORMAT [NAME=VALUE ...]
 *
 * with partition, offset, address, family, sector, write_block, value_max,
 * nvs_version, generation as numbers; carry and payload as formats; data_crc
 * and base_names as 1; nvs_keys as a file; in_keys as the file to read with.
 * Exit 0, 1 (`fault at OFFSET` on standard error) or 64.
 */
#include "esp_nvs.h"
#include "image_format.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t input[IMAGE_BYTES_MAX], output[IMAGE_BYTES_MAX],
    carried[IMAGE_BYTES_MAX], scratch[IMAGE_READ_SCRATCH(IMAGE_BYTES_MAX)];
static struct lwm2m_entry entries[IMAGE_ENTRIES_MAX];

static const uint8_t *
read_keys(const char *path)
{
	static uint8_t keys[2][ESP_NVS_KEYS_LEN + 1];
	static size_t used;
	uint8_t *to = keys[used++ % 2];
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(to, 1, sizeof(keys[0]), f) : 0;

	if (f)
		fclose(f);
	return esp_nvs_keys_read(span_of(to, len));
}

static bool
set(struct image_geometry *out, struct image_geometry *in, const char *name,
    const char *value)
{
	unsigned long n = strtoul(value, NULL, 0);

	if (strcmp(name, "partition") == 0)
		out->partition_len = n;
	else if (strcmp(name, "offset") == 0)
		out->offset = n;
	else if (strcmp(name, "address") == 0)
		out->address = (uint32_t)n;
	else if (strcmp(name, "family") == 0)
		out->family = (uint32_t)n;
	else if (strcmp(name, "sector") == 0)
		out->sector_len = n;
	else if (strcmp(name, "write_block") == 0)
		out->write_block = n;
	else if (strcmp(name, "value_max") == 0)
		out->value_max = n;
	else if (strcmp(name, "nvs_version") == 0)
		out->nvs_version = (unsigned)n;
	else if (strcmp(name, "generation") == 0)
		out->generation = (uint32_t)n;
	else if (strcmp(name, "data_crc") == 0)
		out->data_crc = n == 1;
	else if (strcmp(name, "base_names") == 0)
		out->base_names = n == 1;
	else if (strcmp(name, "carry") == 0)
		return (out->carries = image_format_find(value)) != NULL;
	else if (strcmp(name, "payload") == 0)
		return (out->payload = image_format_find(value)) != NULL;
	else if (strcmp(name, "nvs_keys") == 0)
		return (out->nvs_key = read_keys(value)) != NULL;
	else if (strcmp(name, "in_keys") == 0)
		return (in->nvs_key = read_keys(value)) != NULL;
	else
		return false;
	return true;
}

int
main(int argc, char **argv)
{
	const struct image_format *f = NULL;
	struct image_geometry out = image_geometry_default();
	struct image_geometry in = image_geometry_any();
	struct image_writing job = {.geometry = &out};
	struct image_reading r = {
	    .entries = entries,
	    .entry_cap = IMAGE_ENTRIES_MAX,
	};
	struct writer w;
	size_t len;

	if (argc > 1)
		f = image_format_find(argv[1]);
	for (int i = 2; i < argc && f; i++) {
		char *equals = strchr(argv[i], '=');

		if (equals)
			*equals = '\0';
		if (!equals || !set(&out, &in, argv[i], equals + 1))
			f = NULL;
	}
	if (!f)
		return 64;
	len = fread(input, 1, sizeof(input), stdin);
	r.geometry = in;
	writer_init(&r.scratch, scratch, sizeof(scratch));
	if (image_read(span_of(input, len), NULL, &r) != RC_OK) {
		fprintf(stderr, "%s at 0x%zx\n", r.fault, r.fault_at);
		return 1;
	}
	writer_init(&job.scratch, carried, sizeof(carried));
	writer_init(&w, output, sizeof(output));
	if (f->write(&r.image, &job, &w) != RC_OK) {
		fprintf(stderr, "not written: %s\n", job.why ? job.why : "");
		return 1;
	}
	fwrite(w.buf, 1, w.len, stdout);
	return fflush(stdout) == 0 ? 0 : 74;
}
