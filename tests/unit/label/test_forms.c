/* The same label as ZPL, SVG and PNG: the samples, and hostile names. */
#include "label.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <png.h>

static struct label l;
static uint8_t bytes[LABEL_BYTES_MAX], sample[65536], dots[512 * 512];

static struct span
vector(const char *name)
{
	char path[1024];
	FILE *f;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", getenv("VECTORS"), name);
	f = fopen(path, "rb");
	assert_non_null(f);
	len = fread(sample, 1, sizeof(sample), f);
	fclose(f);
	return span_of(sample, len);
}

static void
make_golden(void)
{
	struct label_spec spec = label_spec_default();
	const struct label_values v = {
	    .endpoint = SPAN_LIT("urn:dev:os:32473-000042"),
	    .serial = SPAN_LIT("000042"),
	};

	spec.payload =
	    SPAN_LIT("https://id.example.com/01/09506000134352/21/{serial}");
	spec.level = LABEL_Q;
	spec.width_um = 50800;
	spec.height_um = 25400;
	assert_int_equal(label_make(&l, &spec, &v), RC_OK);
}

static struct span
written(void (*form)(const struct label *, struct writer *))
{
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	form(&l, &w);
	assert_false(w.full);
	return writer_span(&w);
}

static void
golden_zpl(void **state)
{
	struct span wanted = vector("label-gs1.zpl"), is;

	(void)state;
	make_golden();
	is = written(label_zpl);
	assert_int_equal(is.len, wanted.len);
	assert_memory_equal(is.p, wanted.p, is.len);
}

/** Into `dots`, a byte a dot; returns a side. */
static unsigned
decode(struct span png)
{
	png_image image = {.version = PNG_IMAGE_VERSION};

	assert_true(png_image_begin_read_from_memory(&image, png.p, png.len));
	image.format = PNG_FORMAT_GRAY;
	assert_int_equal(image.width, image.height);
	assert_true(PNG_IMAGE_SIZE(image) <= sizeof(dots));
	assert_true(png_image_finish_read(&image, NULL, dots, 0, NULL));
	return image.width;
}

/** The dots, a square of `module` each, are the symbol in its quiet zone. */
static void
expect_modules(unsigned side, unsigned module)
{
	const struct label_symbol *s = &l.symbol;

	assert_int_equal(side, (s->modules + 2 * LABEL_QUIET) * module);
	for (unsigned y = 0; y < side; y++)
		for (unsigned x = 0; x < side; x++) {
			unsigned column = x / module - LABEL_QUIET;
			unsigned row = y / module - LABEL_QUIET;
			/* both wrap around in the quiet zone */
			bool dark = column < s->modules && row < s->modules &&
			    s->dark[row * s->modules + column];

			assert_int_equal(dots[y * side + x], dark ? 0 : 255);
		}
}

static void
golden_png(void **state)
{
	struct writer w;

	(void)state;
	make_golden();
	assert_int_equal(l.symbol.version, 4);
	expect_modules(decode(vector("label-gs1-qr.png")), 6);

	writer_init(&w, bytes, sizeof(bytes));
	assert_int_equal(label_png(&l, &w), RC_OK);
	assert_false(w.full);
	expect_modules(decode(writer_span(&w)), l.module);
	/* a row of modules is written module by module: 203 dpi */
	assert_non_null(
	    memmem(bytes, w.len, "pHYs\0\0\x1f\x38\0\0\x1f\x38\1", 13));

	/* no room: said, and nothing is written behind it */
	writer_init(&w, bytes, 100);
	assert_int_equal(label_png(&l, &w), RC_OK);
	assert_true(w.full);
}

static void
make(const char *endpoint)
{
	struct label_spec spec = label_spec_default();
	const struct label_values v = {
	    .endpoint = span_str(endpoint),
	    .serial = span_str(endpoint),
	};

	spec.width_um = 100000;
	spec.height_um = 60000;
	assert_int_equal(label_make(&l, &spec, &v), RC_OK);
}

/** Undo ^FH_, as a printer does. */
static size_t
unescape(struct span field, bool escaped, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < field.len; i++) {
		if (escaped && field.p[i] == '_') {
			char hex[3] = {
			    (char)field.p[i + 1], (char)field.p[i + 2], '\0'};

			out[n++] = (char)strtol(hex, NULL, 16);
			i += 2;
		} else {
			assert_true(field.p[i] != '^' && field.p[i] != '~');
			out[n++] = (char)field.p[i];
		}
	}
	out[n] = '\0';
	return n;
}

static const char *const hostile[] = {
    "plain",
    "^XZ^XA^FDother",
    "~JR",
    "a_5Eb",
    "_",
    "^_~",
    "_^",
    "</text><script>alert(1)</script>",
    "&amp;<>\"'",
    "]]>",
    "QA,MA,N,",
    "\\&\\",
    "{endpoint}",
    "%s%n%d",
    "caf\u00e9",
    "\u65e5\u672c\u8a9e^\u00e9",
    " two  spaces ",
};
enum { HOSTILE = sizeof(hostile) / sizeof(hostile[0]) };

/** Every field ends where it ends: the commands are as many as ours, and what
 *  they hold is the text. */
static void
zpl_escapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < HOSTILE; i++) {
		char out[4096], wanted[256], *at, *line, *next;
		unsigned fields = 0;
		bool graphic;

		make(hostile[i]);
		memset(bytes, 0, sizeof(bytes));
		(void)written(label_zpl);
		at = (char *)bytes;
		graphic = strstr(at, "^GFA") != NULL;
		for (line = at; *line; line = next) {
			bool escaped;
			char *fd = strstr(line, "^FD"), *end;

			next = strchr(line, '\n') + 1;
			end = strstr(line, "^FS\n");
			if (!fd || fd > next)
				continue;
			assert_ptr_equal(end + 4, next);
			escaped = strncmp(fd - 4, "^FH_", 4) == 0;
			(void)unescape(span_of(fd + 3, (size_t)(end - fd - 3)),
			    escaped, out);
			if (fields == 0 && !graphic)
				snprintf(wanted, sizeof(wanted), "MA,LWB1:%s",
				    hostile[i]);
			else if (fields == (graphic ? 0 : 1))
				snprintf(wanted, sizeof(wanted), "SN %s",
				    hostile[i]);
			else
				snprintf(
				    wanted, sizeof(wanted), "%s", hostile[i]);
			assert_string_equal(out, wanted);
			fields++;
		}
		assert_int_equal(fields, graphic ? 2 : 3);
	}
}

/** No name opens or closes an element, or an attribute. */
static void
svg_escapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < HOSTILE; i++) {
		size_t open = 0, close = 0, quotes = 0;
		struct span is;

		make(hostile[i]);
		is = written(label_svg);
		for (size_t n = 0; n < is.len; n++) {
			open += is.p[n] == '<';
			close += is.p[n] == '>';
			quotes += is.p[n] == '"';
		}
		/* svg, rect, path, two texts: with ends 8 */
		assert_int_equal(open, 8);
		assert_int_equal(close, 8);
		assert_int_equal(quotes, 2 * (4 + 3 + 3 + 2 * 7));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(golden_zpl),
	    cmocka_unit_test(golden_png),
	    cmocka_unit_test(zpl_escapes),
	    cmocka_unit_test(svg_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
