/* The same dots as a drawing, and many of them on a sheet. */
#include "label.h"

/** XML 1.0 section 2.4, for text and for attributes. */
static void
put_xml(struct writer *w, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		switch (s.p[i]) {
		case '&':
			writer_str(w, "&amp;");
			break;
		case '<':
			writer_str(w, "&lt;");
			break;
		case '>':
			writer_str(w, "&gt;");
			break;
		case '"':
			writer_str(w, "&quot;");
			break;
		case '\'':
			writer_str(w, "&#39;");
			break;
		default:
			writer_be(w, s.p[i], 1);
		}
}

static void
put_mm(struct writer *w, unsigned um)
{
	writer_fmt(w, "%u", um / 1000);
	if (um % 1000)
		writer_fmt(w, ".%03u", um % 1000);
	writer_str(w, "mm");
}

/** A rectangle for each run of dark modules. */
static void
put_symbol(struct writer *w, const struct label *l)
{
	const struct label_symbol *s = &l->symbol;
	unsigned n;

	writer_fmt(w,
	    "<path transform=\"translate(%u %u) scale(%u)\" "
	    "shape-rendering=\"crispEdges\" d=\"",
	    l->origin, l->origin, l->module);
	for (unsigned y = 0; y < s->modules; y++)
		for (unsigned x = 0; x < s->modules; x += n) {
			const uint8_t *at = &s->dark[y * s->modules + x];

			for (n = 1; x + n < s->modules && at[n] == at[0]; n++)
				;
			if (at[0])
				writer_fmt(w, "M%u %uh%uv1h-%uz", x, y, n, n);
		}
	writer_str(w, "\"/>\n");
}

void
label_svg(const struct label *l, struct writer *w)
{
	writer_str(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
	put_mm(w, l->width_um);
	writer_str(w, "\" height=\"");
	put_mm(w, l->height_um);
	writer_fmt(w, "\" viewBox=\"0 0 %u %u\">\n", l->width, l->height);
	writer_fmt(w, "<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/>\n",
	    l->width, l->height);
	put_symbol(w, l);
	for (size_t i = 0; i < l->line_count; i++) {
		const struct label_line *line = &l->lines[i];

		/* a font of another width is pressed into the room */
		writer_fmt(w,
		    "<text x=\"%u\" y=\"%u\" font-size=\"%u\" "
		    "font-family=\"sans-serif\" textLength=\"%u\" "
		    "lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">",
		    line->x, line->y + line->height * 4 / 5, line->height,
		    line->width);
		put_xml(w, line->text);
		writer_str(w, "</text>\n");
	}
	writer_str(w, "</svg>\n");
}

void
label_sheet_head(struct writer *w, struct span title)
{
	writer_str(w,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" "
	    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	    "<title>");
	put_xml(w, title);
	writer_str(w,
	    "</title>\n<style>\n"
	    "@page { size: A4; margin: 10mm; }\n"
	    "body { margin: 0; line-height: 0; }\n"
	    "svg { break-inside: avoid; margin: 1mm; }\n"
	    "@media screen { body { margin: 10mm; }\n"
	    "svg { outline: 1px dotted #888; } }\n"
	    "</style>\n</head>\n<body>\n");
}

void
label_sheet_foot(struct writer *w)
{
	writer_str(w, "</body>\n</html>\n");
}
