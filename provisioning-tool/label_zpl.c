/* ZPL II: the printer draws the code itself where it can. */
#include "label.h"

static bool
is_ascii(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

/** ^FD with its data: what a printer would take for a command stands in
 *  hexadecimal, and ^FH says behind which character. */
static void
field(struct writer *w, const char *switches, struct span s)
{
	bool escaped = false;

	for (size_t i = 0; i < s.len; i++)
		escaped = escaped || s.p[i] == '^' || s.p[i] == '~';
	writer_str(w, escaped ? "^FH_^FD" : "^FD");
	writer_str(w, switches);
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (escaped && (c == '^' || c == '~' || c == '_'))
			writer_fmt(w, "_%02X", c);
		else
			writer_be(w, c, 1);
	}
	writer_str(w, "^FS\n");
}

/** One row of dots of the code's picture, in hexadecimal. */
static void
picture_row(
    const struct label *l, unsigned row, unsigned row_bytes, struct writer *w)
{
	const struct label_symbol *s = &l->symbol;

	for (unsigned i = 0; i < row_bytes; i++) {
		unsigned byte = 0;

		for (unsigned bit = 0; bit < 8; bit++) {
			unsigned column = (8 * i + bit) / l->module;

			if (column < s->modules &&
			    s->dark[row * s->modules + column])
				byte |= 0x80u >> bit;
		}
		writer_fmt(w, "%02X", byte);
	}
}

/** The automatic mode of ^BQ loses bytes beyond ASCII: those codes are drawn
 *  dot by dot. */
static void
picture(const struct label *l, struct writer *w)
{
	const unsigned side = l->symbol.modules * l->module;
	const unsigned row_bytes = (side + 7) / 8;

	writer_fmt(w, "^FO%u,%u^GFA,%u,%u,%u,", l->origin, l->origin,
	    row_bytes * side, row_bytes * side, row_bytes);
	for (unsigned y = 0; y < side; y++)
		picture_row(l, y / l->module, row_bytes, w);
	writer_str(w, "^FS\n");
}

void
label_zpl(const struct label *l, struct writer *w)
{
	char switches[] = {"LMQH"[l->level], 'A', ',', '\0'};

	writer_fmt(w, "^XA\n^CI28\n^PW%u\n^LL%u\n", l->width, l->height);
	if (is_ascii(l->payload)) {
		writer_fmt(
		    w, "^FO%u,%u^BQN,2,%u", l->origin, l->origin, l->module);
		field(w, switches, l->payload);
	} else {
		picture(l, w);
	}
	for (size_t i = 0; i < l->line_count; i++) {
		const struct label_line *line = &l->lines[i];

		writer_fmt(w, "^FO%u,%u^A0N,%u,%u", line->x, line->y,
		    line->height, line->height);
		field(w, "", line->text);
	}
	writer_str(w, "^XZ\n");
}
