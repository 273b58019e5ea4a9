#include "explain_message.h"

#include "base/text.h"
#include "coap/block.h"
#include "coap/message.h"
#include "lwm2m/format.h"
#include "lwm2m/object.h"

#include <stdlib.h>

enum {
	LINE = 16, /* bytes of a line */
	ENTRIES_MAX = 512,
	FORMAT_LINKS = 40,
	TEXT_OPTION_MAX = 300,
};

enum rc
message_body_init(struct message_body *b)
{
	b->bytes = calloc(1, MESSAGE_BODY_MAX);
	b->other = calloc(1, MESSAGE_BODY_MAX);
	return b->bytes && b->other ? RC_OK : RC_MEMORY;
}

void
message_body_fini(struct message_body *b)
{
	free(b->bytes);
	free(b->other);
	*b = (struct message_body){0};
}

/* --- the head ------------------------------------------------------------- */

static const char *
type_name(enum coap_type t)
{
	static const char *const names[] = {"CON", "NON", "ACK", "RST"};

	return names[t];
}

/** The name of an option that there is here; NULL: none. */
static const char *
option_name(uint16_t number)
{
	switch (number) {
	case COAP_ETAG:
		return "ETag";
	case COAP_URI_PATH:
		return "Uri-Path";
	case COAP_CONTENT_FORMAT:
		return "Content-Format";
	case COAP_MAX_AGE:
		return "Max-Age";
	case COAP_URI_QUERY:
		return "Uri-Query";
	case COAP_ACCEPT:
		return "Accept";
	case COAP_BLOCK2:
		return "Block2";
	case COAP_BLOCK1:
		return "Block1";
	case COAP_SIZE2:
		return "Size2";
	case COAP_SIZE1:
		return "Size1";
	case COAP_ECHO:
		return "Echo";
	default:
		return NULL;
	}
}

/** Printable. */
static void
put_option(struct writer *w, const struct coap_option *o)
{
	struct coap_block b;
	uint32_t n;

	switch (o->number) {
	case COAP_URI_PATH:
	case COAP_URI_QUERY:
		text_quote(w, o->value);
		return;
	case COAP_CONTENT_FORMAT:
	case COAP_ACCEPT:
		if (coap_uint_value(o->value, &n) && n <= 0xffff)
			writer_fmt(
			    w, "%u (%s)", (unsigned)n, format_name((int)n));
		return;
	case COAP_BLOCK1:
	case COAP_BLOCK2:
		if (coap_block_decode(o->value, &b) == RC_OK)
			writer_fmt(w, "%u/%d/%zu", (unsigned)b.num, b.more,
			    coap_block_size(b.szx));
		return;
	case COAP_MAX_AGE:
	case COAP_SIZE1:
	case COAP_SIZE2:
		if (coap_uint_value(o->value, &n))
			writer_fmt(w, "%u", (unsigned)n);
		return;
	default:
		text_hex(w, o->value);
	}
}

/** "/0/1", of a request. */
static void
put_path(struct writer *w, const struct coap_message *m)
{
	for (size_t i = 0; i < m->option_count; i++)
		if (m->options[i].number == COAP_URI_PATH) {
			writer_str(w, "/");
			writer_put(w, m->options[i].value);
		}
}

/* --- the body ------------------------------------------------------------- */

static int
format_of(const struct coap_message *m)
{
	const struct coap_option *o = coap_find(m, COAP_CONTENT_FORMAT);
	uint32_t n;

	return o && coap_uint_value(o->value, &n) && n <= 0xffff ? (int)n : -1;
}

/** Gather; true: the body is whole with this message. */
static bool
gather(struct message_body *b, const struct coap_message *m,
    const struct cost_message *cm)
{
	bool request = coap_is_request(m->code);
	const struct coap_option *o =
	    coap_find(m, request ? COAP_BLOCK1 : COAP_BLOCK2);
	struct coap_block block = {0};
	struct writer w;
	size_t at;

	if (o && coap_block_decode(o->value, &block) != RC_OK)
		return false;
	if (block.num == 0) {
		b->len = 0;
		b->format = format_of(m);
	}
	if (request) {
		writer_init(&w, b->path, sizeof(b->path) - 1);
		put_path(&w, m);
		b->path[w.len] = '\0';
	}
	if (m->payload.len == 0 || b->len + m->payload.len > MESSAGE_BODY_MAX)
		return false;
	at = (size_t)(m->payload.p - cm->bytes.p);
	memcpy(b->bytes + b->len, m->payload.p, m->payload.len);
	memcpy(b->other + b->len, cm->other.p + at, m->payload.len);
	b->len += m->payload.len;
	return !block.more;
}

/** Both bodies as values. */
struct decoded {
	struct lwm2m_entry mine[ENTRIES_MAX], other[ENTRIES_MAX];
	size_t count;
	uint8_t room[2][2 * MESSAGE_BODY_MAX];
};

static bool
decode(const struct message_body *b, struct decoded *d)
{
	const uint8_t *bytes[2] = {b->bytes, b->other};
	struct lwm2m_entry *to[2] = {d->mine, d->other};
	struct lwm2m_path base;
	size_t counts[2];

	if (b->format < 0 || path_parse(span_str(b->path), &base) != RC_OK)
		return false;
	for (size_t i = 0; i < 2; i++) {
		struct writer scratch;

		writer_init(&scratch, d->room[i], sizeof(d->room[i]));
		if (lwm2m_decode(b->format, base, span_of(bytes[i], b->len),
			&scratch, to[i], ENTRIES_MAX, &counts[i]) != RC_OK)
			return false;
	}
	d->count = counts[0];
	return counts[0] == counts[1];
}

static bool
has_bytes(const struct lwm2m_value *v)
{
	return v->type == LWM2M_OPAQUE || v->type == LWM2M_STRING ||
	    v->type == LWM2M_CORELNK;
}

static bool
is_secret(const struct decoded *d, size_t i)
{
	const struct lwm2m_value *v = &d->mine[i].value;

	return has_bytes(v) && !span_equal(v->bytes, d->other[i].value.bytes);
}

/** Printable. */
static void
put_value(struct writer *w, const struct lwm2m_value *v)
{
	enum { SHOWN = 48 };

	switch (v->type) {
	case LWM2M_OPAQUE:
		text_hex(w,
		    span_of(v->bytes.p,
			v->bytes.len < SHOWN ? v->bytes.len : SHOWN));
		if (v->bytes.len > SHOWN)
			writer_fmt(w, "... %zu bytes", v->bytes.len);
		break;
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		text_quote(w, v->bytes);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		writer_fmt(w, "%lld", (long long)v->integer);
		break;
	case LWM2M_UNSIGNED:
		writer_fmt(w, "%llu", (unsigned long long)v->number);
		break;
	case LWM2M_FLOAT:
		writer_fmt(w, "%g", v->real);
		break;
	case LWM2M_BOOLEAN:
		writer_str(w, v->boolean ? "true" : "false");
		break;
	case LWM2M_OBJLNK:
		writer_fmt(w, "%u:%u", v->link.object, v->link.instance);
		break;
	case LWM2M_NONE:
		break;
	}
}

/** The text of a value, as it is told. */
static struct span
value_text(const struct decoded *d, size_t i, char *room, size_t cap)
{
	struct writer w;

	writer_init(&w, room, cap);
	if (is_secret(d, i))
		writer_fmt(
		    &w, "<%zu secret bytes>", d->mine[i].value.bytes.len);
	else
		put_value(&w, &d->mine[i].value);
	return writer_span(&w);
}

/* --- bytes ---------------------------------------------------------------- */

static void
put_byte(FILE *f, const struct cost_message *m, size_t i)
{
	if (m->bytes.p[i] != m->other.p[i])
		fputs("XX", f);
	else
		fprintf(f, "%02x", m->bytes.p[i]);
}

static void
put_dump(FILE *f, const struct cost_message *m)
{
	for (size_t i = 0; i < m->bytes.len; i++) {
		if (i % LINE == 0)
			fprintf(f, "%s      %04zx ", i ? "\n" : "", i);
		putc(' ', f);
		put_byte(f, m, i);
	}
	putc('\n', f);
}

/* --- for people ----------------------------------------------------------- */

static void
tell_head(FILE *f, size_t n, const struct cost_message *cm,
    const struct coap_message *m)
{
	char path[TEXT_OPTION_MAX];
	struct writer w;

	writer_init(&w, path, sizeof(path));
	put_path(&w, m);
	fprintf(f, "  %3zu  %s  %s %s", n, cm->down ? ">" : "<",
	    type_name(m->type), coap_code_name(m->code));
	if (w.len > 0)
		putc(' ', f);
	/* of a peer's making in this model, and quoted below all the same */
	for (size_t i = 0; i < w.len; i++)
		putc(path[i] > ' ' && path[i] < 0x7f ? path[i] : '?', f);
	fprintf(f, ", %zu bytes\n", cm->bytes.len);
}

static void
tell_options(FILE *f, const struct coap_message *m)
{
	fprintf(f, "      message ID %u, token of %u bytes\n", m->mid,
	    m->token.len);
	for (size_t i = 0; i < m->option_count; i++) {
		const struct coap_option *o = &m->options[i];
		const char *name = option_name(o->number);
		char text[6 * TEXT_OPTION_MAX];
		struct writer w;

		writer_init(&w, text, sizeof(text));
		put_option(&w, o);
		fprintf(f, "      option %u %s %.*s\n", o->number,
		    name ? name : "", SPAN_FMT(writer_span(&w)));
	}
}

static void
tell_body(FILE *f, const struct message_body *b)
{
	struct decoded *d = calloc(1, sizeof(*d));
	char path[LWM2M_PATH_TEXT_MAX], *text = malloc(6 * MESSAGE_BODY_MAX);

	fprintf(
	    f, "      body %zu bytes, %s\n", b->len, format_name(b->format));
	if (d && text && decode(b, d)) {
		for (size_t i = 0; i < d->count; i++) {
			struct writer w;

			writer_init(&w, path, sizeof(path));
			path_print(&w, d->mine[i].path);
			fprintf(f, "        %.*s  %.*s\n",
			    SPAN_FMT(writer_span(&w)),
			    SPAN_FMT(
				value_text(d, i, text, 6 * MESSAGE_BODY_MAX)));
		}
	} else if (b->format == FORMAT_LINKS) {
		fputs("        ", f);
		put_quoted(f, span_of(b->bytes, b->len));
		putc('\n', f);
	}
	free(text);
	free(d);
}

void
message_tell(
    FILE *f, size_t n, const struct cost_message *cm, struct message_body *b)
{
	struct coap_message m;

	if (coap_decode(cm->bytes, &m) != RC_OK)
		return;
	tell_head(f, n, cm, &m);
	put_dump(f, cm);
	tell_options(f, &m);
	if (gather(b, &m, cm))
		tell_body(f, b);
}

/* --- for machines --------------------------------------------------------- */

static void
options_json(struct json_out *j, const struct coap_message *m)
{
	jout_begin(j, "options", '[');
	for (size_t i = 0; i < m->option_count; i++) {
		const struct coap_option *o = &m->options[i];
		char text[6 * TEXT_OPTION_MAX];
		struct writer w;

		writer_init(&w, text, sizeof(text));
		if (o->number == COAP_URI_PATH || o->number == COAP_URI_QUERY)
			writer_put(&w, o->value);
		else
			put_option(&w, o);
		jout_begin(j, NULL, '{');
		jout_int(j, "number", o->number);
		jout_str(j, "name", option_name(o->number));
		jout_text(j, "value", writer_span(&w));
		jout_end(j, '}');
	}
	jout_end(j, ']');
}

static void
body_json(struct json_out *j, const struct message_body *b)
{
	struct decoded *d = calloc(1, sizeof(*d));
	char path[LWM2M_PATH_TEXT_MAX], *text = malloc(6 * MESSAGE_BODY_MAX);

	jout_begin(j, "body", '{');
	jout_int(j, "bytes", (int64_t)b->len);
	jout_int(j, "format", b->format);
	jout_str(j, "format_name", format_name(b->format));
	if (d && text && decode(b, d)) {
		jout_begin(j, "values", '[');
		for (size_t i = 0; i < d->count; i++) {
			struct writer w;

			writer_init(&w, path, sizeof(path));
			path_print(&w, d->mine[i].path);
			jout_begin(j, NULL, '{');
			jout_text(j, "path", writer_span(&w));
			jout_bool(j, "secret", is_secret(d, i));
			if (has_bytes(&d->mine[i].value))
				jout_int(j, "bytes",
				    (int64_t)d->mine[i].value.bytes.len);
			if (!is_secret(d, i) &&
			    d->mine[i].value.type == LWM2M_STRING)
				jout_text(j, "value", d->mine[i].value.bytes);
			else if (!is_secret(d, i))
				jout_text(j, "value",
				    value_text(
					d, i, text, 6 * MESSAGE_BODY_MAX));
			jout_end(j, '}');
		}
		jout_end(j, ']');
	} else if (b->format == FORMAT_LINKS) {
		jout_text(j, "links", span_of(b->bytes, b->len));
	}
	jout_end(j, '}');
	free(text);
	free(d);
}

void
message_json(struct json_out *j, size_t n, const struct cost_message *cm,
    struct message_body *b)
{
	struct coap_message m;

	if (coap_decode(cm->bytes, &m) != RC_OK)
		return;
	jout_begin(j, NULL, '{');
	jout_int(j, "message", (int64_t)n);
	jout_str(j, "from", cm->down ? "server" : "device");
	jout_str(j, "type", type_name(m.type));
	jout_str(j, "code", coap_code_name(m.code));
	jout_int(j, "message_id", m.mid);
	jout_hex(j, "token", span_of(m.token.bytes, m.token.len));
	jout_int(j, "bytes", (int64_t)cm->bytes.len);
	jout_raw(j, "hex", SPAN_LIT("\""));
	for (size_t i = 0; i < cm->bytes.len; i++)
		put_byte(j->f, cm, i);
	putc('"', j->f);
	options_json(j, &m);
	if (gather(b, &m, cm))
		body_json(j, b);
	jout_end(j, '}');
}
