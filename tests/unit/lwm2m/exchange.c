/*
 * Payloads as lines of text, for a program that is not ours to read and write
 * the other side of: see against_python.py.
 *
 * usage: exchange write   the vectors, and each type by itself, in each format
 *        exchange read    payloads from stdin; what they hold
 *
 * A payload is FORMAT PATH HEX, where no bytes are "-"; what it holds follows
 * it (write) or answers it (read): "ok" and the entries, or what is wrong. An
 * entry is PATH=TYPE:VALUE, with text and bytes in hex and floats as %a.
 */
#include "vectors.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_LEN = 1 << 18, ROOM = 1 << 16 };

static void
print_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		printf("%02x", s.p[i]);
}

static void
print_path(struct lwm2m_path p)
{
	char text[LWM2M_PATH_TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	path_print(&w, p);
	printf("%.*s", SPAN_FMT(writer_span(&w)));
}

static void
print_entry(const struct lwm2m_entry *e)
{
	const struct lwm2m_value *v = &e->value;

	putchar(' ');
	print_path(e->path);
	/* One word, "Unsigned" of "Unsigned Integer". */
	printf("=%.*s:", (int)strcspn(lwm2m_type_name(v->type), " "),
	    lwm2m_type_name(v->type));
	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
	case LWM2M_OPAQUE:
		print_hex(v->bytes);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		printf("%" PRId64, v->integer);
		break;
	case LWM2M_UNSIGNED:
		printf("%" PRIu64, v->number);
		break;
	case LWM2M_FLOAT:
		printf("%a", v->real);
		break;
	case LWM2M_BOOLEAN:
		printf("%d", v->boolean);
		break;
	case LWM2M_OBJLNK:
		printf("%u:%u", (unsigned)v->link.object,
		    (unsigned)v->link.instance);
		break;
	case LWM2M_NONE:
		break;
	}
}

static void
write_one(int format, struct lwm2m_path base, const struct lwm2m_entry *entries,
    size_t count)
{
	static uint8_t buf[ROOM];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	if (lwm2m_encode(format, base, entries, count, &w) != RC_OK)
		return;
	printf("%d ", format);
	print_path(base);
	putchar(' ');
	if (w.len == 0)
		putchar('-');
	print_hex(writer_span(&w));
	for (size_t i = 0; i < count; i++)
		print_entry(&entries[i]);
	putchar('\n');
}

/* clang-format off */

static const struct lwm2m_entry values[] = {
	{AT(0, 1, 0), TEXT("")},
	{AT(0, 1, 0), TEXT("Z\xc3\xbcrich \"\\/\b\f\n\r\t\x01\x7f")},
	{AT(0, 1, 0), TEXT("\xe2\x80\xae\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf")},
	{AT(0, 1, 5), BYTES("")},
	{AT(0, 1, 5), BYTES("\xfb")},
	{AT(0, 1, 5), BYTES("\xfb\xff")},
	{AT(0, 1, 5), BYTES("\xfb\xff\xfe")},
	{AT(1, 0, 1), INTEGER(0)},
	{AT(1, 0, 1), INTEGER(-1)},
	{AT(1, 0, 1), INTEGER(24)},
	{AT(1, 0, 1), INTEGER(-25)},
	{AT(1, 0, 1), INTEGER(INT64_MAX)},
	{AT(1, 0, 1), INTEGER(INT64_MIN)},
	{AT(1, 0, 17), UNSIGNED(UINT64_MAX)},
	{AT(1, 0, 17), UNSIGNED(9007199254740993)},
	{AT(1, 0, 12), TIME(1700000000)},
	{AT(1, 0, 12), TIME(-1)},
	{AT(1, 0, 6), BOOLEAN(false)},
	{AT(1, 0, 6), BOOLEAN(true)},
	{AT(0, 1, 17), LINK(21, 0)},
	{AT(0, 1, 17), LINK(65535, 65535)},
	{AT4(2, 0, 2, 65534), INTEGER(15)},
	{AT(9, 0, 0), REAL(0.0)},
	{AT(9, 0, 0), REAL(-0.0)},
	{AT(9, 0, 0), REAL(20.48)},
	{AT(9, 0, 0), REAL(1e21)},
	{AT(9, 0, 0), REAL(1e-7)},
	{AT(9, 0, 0), REAL(1.7976931348623157e308)},
	{AT(9, 0, 0), REAL(5e-324)},
};

/* clang-format on */

static void
write_all(void)
{
	uint64_t random = 0x9e3779b97f4a7c15;

	for (size_t f = 0; f < lwm2m_format_count; f++) {
		int format = lwm2m_formats[f].number;

		for (size_t i = 0; i < vector_count; i++)
			write_one(format, vectors[i].base, vectors[i].entries,
			    vectors[i].count);
		for (size_t i = 0; i < COUNT(values); i++) {
			/* From the value up to "/". */
			for (unsigned d = path_depth(values[i].path) + 1;
			     d-- > 0;)
				write_one(format, path_upper(values[i].path, d),
				    &values[i], 1);
		}
	}
	for (int i = 0; i < 2000; i++) {
		struct lwm2m_entry e = {AT(9, 0, 0), REAL(0)};

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		memcpy(&e.value.real, &random, sizeof(e.value.real));
		if (isfinite(e.value.real))
			write_one(FORMAT_SENML_JSON, e.path, &e, 1);
	}
}

static void
read_one(int format, struct span path, struct span digits)
{
	static uint8_t payload[ROOM];
	static uint8_t scratch[2 * ROOM];
	struct lwm2m_entry entries[ENTRIES_MAX];
	struct lwm2m_path base;
	struct writer w;
	struct writer s;
	size_t count;
	enum rc rc;

	writer_init(&w, payload, sizeof(payload));
	writer_init(&s, scratch, sizeof(scratch));
	if (path_parse(path, &base) != RC_OK ||
	    (!span_is(digits, "-") && text_unhex(&w, digits) != RC_OK)) {
		fprintf(stderr, "exchange: a line that makes no sense\n");
		exit(64);
	}
	rc = lwm2m_decode(
	    format, base, writer_span(&w), &s, entries, COUNT(entries), &count);
	printf("%s", rc_name(rc));
	for (size_t i = 0; rc == RC_OK && i < count; i++)
		print_entry(&entries[i]);
	putchar('\n');
}

static void
read_all(void)
{
	static char line[LINE_MAX_LEN];

	while (fgets(line, sizeof(line), stdin)) {
		char *save;
		char *format = strtok_r(line, " \n", &save);
		char *path = strtok_r(NULL, " \n", &save);
		char *digits = strtok_r(NULL, " \n", &save);

		if (!format || !path || !digits)
			continue;
		read_one((int)strtol(format, NULL, 10), span_str(path),
		    span_str(digits));
	}
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "write") == 0) {
		write_all();
	} else if (argc == 2 && strcmp(argv[1], "read") == 0) {
		read_all();
	} else {
		fprintf(stderr, "usage: exchange write|read\n");
		return 64;
	}
	return ferror(stdout) || fclose(stdout) != 0;
}
