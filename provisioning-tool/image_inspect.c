/*
 * image inspect: what an image is, down through all that it is wrapped in, and
 * every value in it. Secrets stay masked, unless somebody at a terminal asks.
 */
#include "image_inspect.h"

#include "hsm/hsm.h"
#include "image_bytes.h"
#include "image_expect.h"
#include "image_options.h"
#include "tool.h"
#include "verbs.h"

#include "base/json_out.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	TEXT_MAX = 16384,
	HEX_SHOWN = 48, /* bytes of an opaque value */
};

struct inspect {
	const struct options *o;
	const struct image_format *as; /* NULL: by its look */
	struct image_geometry geometry;
	struct secret keys; /* that `geometry` borrows from */
	struct image_reader reader;
	char text[TEXT_MAX];
	bool json;
	unsigned count;
};

/* --- shared with the other form ------------------------------------------- */

/** The security mode of the instance that an entry is of; -1: not said. */
static int64_t
mode_of(const struct image *image, uint16_t instance)
{
	for (size_t i = 0; i < image->entry_count; i++) {
		const struct lwm2m_entry *e = &image->entries[i];

		if (e->path.object == OBJECT_SECURITY &&
		    e->path.instance == instance &&
		    e->path.resource == SECURITY_MODE &&
		    e->value.type == LWM2M_INTEGER)
			return e->value.integer;
	}
	return -1;
}

enum inspect_as
inspect_as(const struct image_reader *m, const struct lwm2m_entry *e,
    struct cert *cert)
{
	const struct lwm2m_resource *known =
	    resource_find(e->path.object, e->path.resource);
	struct der_fault fault;

	/* what no table knows may be one: a vendor's */
	if (known ? (known->flags & RES_SECRET) != 0
		  : e->value.type == LWM2M_OPAQUE)
		return INSPECT_SECRET;
	if (e->path.object == OBJECT_SECURITY &&
	    (e->path.resource == SECURITY_IDENTITY ||
		e->path.resource == SECURITY_SERVER_KEY) &&
	    e->value.type == LWM2M_OPAQUE &&
	    mode_of(&m->r.image, e->path.instance) == MODE_CERTIFICATE &&
	    cert_parse(e->value.bytes, cert, &fault) == RC_OK)
		return INSPECT_CERTIFICATE;
	return INSPECT_PLAIN;
}

const char *
inspect_fingerprint(const struct image_reader *m, const struct lwm2m_entry *e,
    char out[static HEX_TEXT_MAX])
{
	uint8_t fingerprint[HSM_FINGERPRINT_LEN];
	struct secret key = {0};

	out[0] = '\0';
	if (e->path.object != OBJECT_SECURITY ||
	    e->path.resource != SECURITY_SECRET_KEY ||
	    e->value.type != LWM2M_OPAQUE ||
	    mode_of(&m->r.image, e->path.instance) != MODE_PSK)
		return out;
	if (secret_set(&key, e->value.bytes) == RC_OK &&
	    hsm_fingerprint(&key, fingerprint) == RC_OK)
		hex_text(out, span_of(fingerprint, sizeof(fingerprint)));
	secret_fini(&key);
	return out;
}

void
inspect_sums(const struct image_reader *m, struct writer *w)
{
	static const struct {
		const struct image_format *format;
		const char *sums;
	} all[] = {
	    {&image_ihex, "of each record"},
	    {&image_raw, "CRC-32 of head, payload and partition"},
	    {&image_esp_nvs, "CRC-32 of pages, entries and data"},
	    {&image_zephyr_nvs, "CRC-8 of the table"},
	};
	bool any = false;

	for (size_t i = 0; i < m->r.depth; i++)
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
			if (m->r.nested[i] == all[k].format) {
				writer_str(w, any ? "; " : "");
				writer_str(w, all[k].sums);
				any = true;
			}
	if (any && image_reader_inner(m) == &image_zephyr_nvs)
		writer_str(w,
		    m->r.geometry.data_crc ? ", CRC-32 of the values"
					   : ", none of the values");
	writer_str(w, any ? ": good" : "none in this format");
}

/** In hex, straight to the descriptor: no stream keeps a copy of it. */
static void
put_secret(int fd, struct span value)
{
	struct secret line = {0};
	struct writer w;

	if (secret_reserve_large(&line, 2 * value.len + 1) != RC_OK) {
		tool_fault(RC_MEMORY, "image");
		return;
	}
	writer_init(&w, line.bytes, line.cap);
	text_hex(&w, value);
	for (size_t at = 0; at < w.len;) {
		ssize_t n = write(fd, line.bytes + at, w.len - at);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	secret_fini(&line);
}

/* --- for people ----------------------------------------------------------- */

static void
line(const char *name)
{
	printf("  %-13s", name);
}

static void
print_certificate(struct inspect *in, const struct cert *c)
{
	struct writer w;
	struct span text;

	writer_init(&w, in->text, sizeof(in->text));
	cert_print(c, &w);
	text = writer_span(&w);
	printf("a certificate, %zu bytes\n", c->der.len);
	while (text.len > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.len);
		size_t len = end ? (size_t)(end - text.p) + 1 : text.len;

		fputs("                  ", stdout);
		print_span(span_of(text.p, len));
		text = span_from(text, len);
	}
}

static void
print_secret(const struct inspect *in, const struct lwm2m_entry *e)
{
	char hex[HEX_TEXT_MAX];

	printf("secret, %zu bytes", e->value.bytes.len);
	if (inspect_fingerprint(&in->reader, e, hex)[0])
		printf(", fingerprint %s", hex);
	if (in->o->show_secrets) {
		fputs(": ", stdout);
		fflush(stdout);
		put_secret(STDOUT_FILENO, e->value.bytes);
	}
	putchar('\n');
}

static void
print_plain(const struct lwm2m_value *v)
{
	char text[2 * HEX_SHOWN + VALUE_PRINT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		put_quoted(stdout, v->bytes);
		break;
	case LWM2M_OPAQUE:
		if (v->bytes.len > 0 && text_printable(v->bytes)) {
			put_quoted(stdout, v->bytes);
			break;
		}
		text_hex(&w,
		    span_of(v->bytes.p,
			v->bytes.len < HEX_SHOWN ? v->bytes.len : HEX_SHOWN));
		printf("%zu bytes: %.*s%s", v->bytes.len, (int)w.len, text,
		    v->bytes.len > HEX_SHOWN ? "..." : "");
		break;
	case LWM2M_BOOLEAN:
		fputs(v->boolean ? "true" : "false", stdout);
		break;
	case LWM2M_FLOAT:
		printf("%.17g", v->real);
		break;
	case LWM2M_NONE:
		break;
	case LWM2M_INTEGER:
	case LWM2M_UNSIGNED:
	case LWM2M_TIME:
	case LWM2M_OBJLNK:
		value_print(&w, v);
		print_span(writer_span(&w));
		break;
	}
	putchar('\n');
}

static void
print_entry(struct inspect *in, const struct lwm2m_entry *e)
{
	const struct lwm2m_resource *known =
	    resource_find(e->path.object, e->path.resource);
	char path[LWM2M_PATH_TEXT_MAX];
	struct cert cert;
	struct writer w;

	writer_init(&w, path, sizeof(path) - 1);
	path_print(&w, e->path);
	path[w.len] = '\0';
	printf("  %-13s%-35s ", path, known ? known->name : "(in no table)");
	switch (inspect_as(&in->reader, e, &cert)) {
	case INSPECT_PLAIN:
		print_plain(&e->value);
		break;
	case INSPECT_SECRET:
		print_secret(in, e);
		break;
	case INSPECT_CERTIFICATE:
		print_certificate(in, &cert);
		break;
	}
}

static void
print_image(struct inspect *in, const struct image_file *f)
{
	const struct image_reader *m = &in->reader;
	char hex[HEX_TEXT_MAX];
	struct writer w;

	line("format");
	writer_init(&w, in->text, sizeof(in->text));
	image_reader_print(m, &w);
	print_span(writer_span(&w));
	putchar('\n');
	line("bytes");
	printf("%zu\n", f->bytes.len);
	line("sha256");
	puts(hex_text(hex, span_of(f->sha256, DIGEST_LEN)));
	writer_init(&w, in->text, sizeof(in->text));
	image_expect_print(m, &w);
	if (w.len > 0) {
		line("geometry");
		print_span(writer_span(&w));
		putchar('\n');
	}
	writer_init(&w, in->text, sizeof(in->text));
	inspect_sums(m, &w);
	line("checksums");
	print_span(writer_span(&w));
	putchar('\n');
	if (m->r.image.endpoint.len > 0) {
		line("endpoint");
		put_quoted(stdout, m->r.image.endpoint);
		putchar('\n');
	}
	for (size_t i = 0; i < m->r.image.entry_count; i++)
		print_entry(in, &m->r.image.entries[i]);
}

/* --- both ----------------------------------------------------------------- */

/** What unknown bytes are, without showing any: it may be a key. */
static const char *
kind_of(struct span s)
{
	if (bytes_erased(s))
		return "erased flash, FF alone";
	if (text_utf8_valid(s))
		return "text that begins with no head of a format";
	if (s.len % 4096 == 0)
		return "as long as a partition of flash, and none that is "
		       "known: encrypted, or of another kind";
	return "binary, with the magic number of no format";
}

/** What it is not, and what was looked at. */
static int
not_read(const struct inspect *in, const struct image_file *f, enum rc rc)
{
	const struct image_reading *r = &in->reader.r;
	const struct image_format *inner = image_reader_inner(&in->reader);
	struct quoted label;

	quote_str(&label, f->label);
	if (f->fault)
		return tool_error(
		    f->fault == IMAGE_FILE_UNREADABLE ? EX_NOINPUT : EX_DATAERR,
		    NULL, "%s: %s", label.text, f->why);
	if (rc == RC_MEMORY)
		return tool_fault(rc, "image");
	if (rc == RC_NOT_FOUND)
		return tool_error(EX_DATAERR,
		    "say which by --as FORMAT (image formats lists them); an "
		    "encrypted partition takes --nvs-keys",
		    "%s looks like no image: %zu bytes, %s", label.text,
		    f->bytes.len, kind_of(f->bytes));
	return tool_error(EX_DATAERR,
	    "flash another one; provisioning-tool image verify says more",
	    "%s is no sound image of the format %s: %s (byte %zu of it)",
	    label.text, inner ? inner->name : "it looks like", r->fault,
	    r->fault_at);
}

static int
inspect_one(struct inspect *in, const struct image_file *f)
{
	enum rc rc = RC_NOT_FOUND;

	if (!f->fault)
		rc = image_reader_read(
		    &in->reader, f->bytes, in->as, &in->geometry);
	if (rc != RC_OK) {
		fflush(stdout);
		return not_read(in, f, rc);
	}
	if (in->json) {
		inspect_json(f, &in->reader);
		return EX_OK;
	}
	if (in->count++ > 0)
		putchar('\n');
	put_quoted(stdout, span_str(f->label));
	putchar('\n');
	print_image(in, f);
	return EX_OK;
}

static int
inspect_path(struct inspect *in, const char *path)
{
	struct image_files *files;
	struct image_file f;
	int worst = image_files_open(path, &files);

	if (worst != EX_OK)
		return worst;
	while (image_files_next(files, &f)) {
		int code = inspect_one(in, &f);

		if (code > worst)
			worst = code;
	}
	image_files_close(files);
	return worst;
}

static int
check_options(const struct options *o)
{
	if (o->show_secrets && isatty(STDOUT_FILENO) != 1)
		return tool_error(EX_NOPERM,
		    "without it the fingerprint of a key is shown, which can "
		    "be "
		    "compared with the ledger",
		    "--show-secrets is for a terminal, and standard output is "
		    "none");
	if (o->show_secrets && strcmp(o->format, "json") == 0)
		return tool_error(EX_USAGE, "leave one of them out",
		    "--show-secrets does not go with --format json");
	return EX_OK;
}

static int
inspect_all(struct inspect *in)
{
	const struct options *o = in->o;
	int worst = EX_OK;

	for (size_t i = 0; i < o->operand_count; i++) {
		int code = inspect_path(in, o->operands[i]);

		if (code > worst)
			worst = code;
	}
	return worst;
}

int
image_inspect(const struct options *o)
{
	struct inspect *in = calloc(1, sizeof(*in));
	struct image_given given;
	unsigned which;
	int code;

	if (!in)
		return tool_fault(RC_MEMORY, "image");
	in->o = o;
	in->json = strcmp(o->format, "json") == 0;
	in->as = o->as_format ? image_format_find(o->as_format) : NULL;
	image_options_gather(NULL, o, &given);
	code = check_options(o);
	if (code == EX_OK)
		code = image_options_any(
		    &given, NULL, &in->geometry, &in->keys, &which);
	if (code == EX_OK)
		code = inspect_all(in);
	image_reader_end(&in->reader);
	secret_fini(&in->keys);
	free(in);
	return code;
}
