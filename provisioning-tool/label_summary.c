#include "label_summary.h"

#include "flat_json.h"
#include "tool.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

/** Columns by the names that they have; the first that is there counts. */
static const struct {
	const char *names[3];
	size_t offset; /* in struct label_values */
} columns[LABEL_COLUMNS] = {
    {{"endpoint"}, offsetof(struct label_values, endpoint)},
    {{"serial"}, offsetof(struct label_values, serial)},
    {{"fingerprint", "cert_sha256"},
	offsetof(struct label_values, fingerprint)},
    {{"identity"}, offsetof(struct label_values, identity)},
    {{"image"}, offsetof(struct label_values, image)},
    {{"batch"}, offsetof(struct label_values, batch)},
    {{"order", "work_order"}, offsetof(struct label_values, order)},
    {{"station"}, offsetof(struct label_values, station)},
    {{"model"}, offsetof(struct label_values, model)},
    {{"lot"}, offsetof(struct label_values, lot)},
};

static struct span
trimmed(const char *text, ssize_t len)
{
	struct span s = span_of(text, (size_t)len);

	while (s.len > 0 && (s.p[s.len - 1] == '\n' || s.p[s.len - 1] == '\r'))
		s.len--;
	return s;
}

/**
 * Take a field off `rest`, RFC 4180, into `w`, as rows.h writes them: the
 * escapes of JSON are in them. Returns a fault, or NULL.
 */
static const char *
take_field(struct span *rest, struct writer *w, bool *last)
{
	const char *fault = NULL;
	uint8_t plain[6 * LABEL_FIELD_MAX];
	struct writer field;
	bool quoted = rest->len > 0 && rest->p[0] == '"', escape = false;
	size_t i = quoted;

	writer_init(&field, plain, sizeof(plain));
	for (; i < rest->len; i++) {
		bool quote = rest->p[i] == '"';

		if (!quoted && rest->p[i] == ',')
			break;
		if (quote && !quoted)
			return "a quote stands within a field";
		if (quote && (i + 1 == rest->len || rest->p[i + 1] != '"'))
			break;
		i += quote;
		/* of a table that somebody else has written */
		if (quote && !escape)
			writer_be(&field, '\\', 1);
		escape = !escape && rest->p[i] == '\\';
		writer_be(&field, rest->p[i], 1);
	}
	if (quoted && i == rest->len)
		return "a quote is not closed";
	i += quoted;
	*last = i == rest->len;
	if (!*last && rest->p[i] != ',')
		return "something stands behind a quote";
	if (field.full || text_unescape(w, writer_span(&field)) != RC_OK)
		fault = "a field is too long, or has an escape that is none";
	*rest = span_from(*rest, i + 1);
	return fault;
}

static int
read_names(struct label_summary *s, struct span line)
{
	uint8_t room[LABEL_FIELD_MAX];
	bool last = line.len == 0;

	for (size_t c = 0; c < LABEL_COLUMNS; c++)
		s->column[c] = -1;
	for (int i = 0; !last; i++) {
		struct writer w;
		struct span name;

		writer_init(&w, room, sizeof(room));
		s->fault = take_field(&line, &w, &last);
		if (s->fault)
			return EX_DATAERR;
		name = writer_span(&w);
		for (size_t c = 0; c < LABEL_COLUMNS; c++)
			for (size_t n = 0; n < 3; n++)
				if (columns[c].names[n] && s->column[c] < 0 &&
				    span_is(name, columns[c].names[n]))
					s->column[c] = i;
	}
	if (s->column[0] >= 0)
		return EX_OK;
	s->fault = "it has no column `endpoint`";
	return EX_DATAERR;
}

static void
take_member(const struct flat_member *m, const char *name, char *out)
{
	struct writer w;

	if (!m->text || !span_is(m->name, name))
		return;
	writer_init(&w, out, LABEL_FIELD_MAX - 1);
	if (text_unquote(&w, m->value) != RC_OK)
		w.len = 0;
	out[w.len] = '\0';
}

/** What all images of the batch have in common; what is no such file says
 *  nothing. */
static int
read_description(struct label_summary *s, const char *folder)
{
	char *path, text[FLAT_JSON_MAX];
	struct flat_member m;
	struct flat_walk walk;
	size_t len = 0;
	FILE *f;

	if (asprintf(&path, "%s/batch.json", folder) < 0)
		return tool_fault(RC_MEMORY, "labels");
	f = fopen(path, "re");
	free(path);
	if (!f)
		return EX_OK;
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (!flat_valid(span_of(text, len)))
		return EX_OK;
	flat_begin(&walk, span_of(text, len));
	while (flat_next(&walk, &m)) {
		take_member(&m, "identity", s->identity);
		take_member(&m, "image", s->image);
	}
	return EX_OK;
}

int
label_summary_open(struct label_summary *s, const char *folder)
{
	struct quoted q;
	ssize_t len;
	char *path;
	int code;

	memset(s, 0, sizeof(*s));
	code = read_description(s, folder);
	if (code != EX_OK)
		return code;
	if (asprintf(&path, "%s/" LABEL_SUMMARY, folder) < 0)
		return tool_fault(RC_MEMORY, "labels");
	s->file = fopen(path, "re");
	if (!s->file)
		code = tool_error(EX_NOINPUT, "name the folder of a batch",
		    "%s: %s", quote_str(&q, path), strerror(errno));
	if (code == EX_OK) {
		len = getline(&s->text, &s->text_cap, s->file);
		s->line = 1;
		s->fault = "it is empty";
		code = len <= 0 ? EX_DATAERR
				: read_names(s, trimmed(s->text, len));
		if (code != EX_OK)
			code = tool_error(code, "see image batch", "%s: %s",
			    quote_str(&q, path), s->fault);
	}
	free(path);
	return code;
}

bool
label_summary_next(struct label_summary *s, struct label_values *v)
{
	ssize_t len = getline(&s->text, &s->text_cap, s->file);
	struct span line;
	bool last = false;

	s->fault = NULL;
	*v = (struct label_values){0};
	if (len < 0)
		return false;
	s->line++;
	line = trimmed(s->text, len);
	for (int i = 0; !last && !s->fault; i++) {
		uint8_t unused[6 * LABEL_FIELD_MAX];
		struct span *value = NULL;
		struct writer w;

		writer_init(&w, unused, sizeof(unused));
		for (size_t c = 0; c < LABEL_COLUMNS; c++)
			if (s->column[c] == i) {
				writer_init(&w, s->field[c], LABEL_FIELD_MAX);
				value = (struct span *)(void *)((char *)v +
				    columns[c].offset);
			}
		s->fault = take_field(&line, &w, &last);
		if (value)
			*value = writer_span(&w);
	}
	if (v->identity.len == 0)
		v->identity = span_str(s->identity);
	if (v->image.len == 0)
		v->image = span_str(s->image);
	if (!s->fault && v->endpoint.len == 0)
		s->fault = "it has no endpoint";
	return true;
}

int
label_summary_close(struct label_summary *s)
{
	bool broken = s->file && ferror(s->file);

	if (s->file)
		fclose(s->file);
	free(s->text);
	s->file = NULL;
	s->text = NULL;
	if (broken)
		return tool_error(
		    EX_IOERR, NULL, LABEL_SUMMARY ": %s", strerror(EIO));
	return EX_OK;
}
