/*
 * Where everything stands, in dots. The code is in the upper left corner behind
 * its quiet zone, the text to its right, or below it where there is no room.
 * The first line is written larger. A line that is too wide is written smaller,
 * and broken where that is not enough.
 */
#include "label.h"

#include <stdio.h>

enum {
	GRID_UM = 1250, /* where columns begin */
	MARGIN_UM = 2500,
	FIRST_UM = 3000, /* height of the first line, */
	OTHER_UM = 2250, /* of the others, */
	LEAST_UM = 1500, /* and of what still can be read */
	COLUMN_UM = 8000, /* less is no column */
	MODULE_UM = 510, /* more is no use to a reader */
	EM = 20, /* units of width that a character's height is */
};

/** What is being tried. */
struct layout {
	struct label *l;
	unsigned grid, right, bottom;
	unsigned x, y; /* of the next line */
	unsigned module_um;
};

static unsigned
dots(const struct label *l, unsigned um)
{
	return (unsigned)(((uint64_t)um * l->dpi + 12700) / 25400);
}

static unsigned
round_up(unsigned n, unsigned grid)
{
	return (n + grid - 1) / grid * grid;
}

/** Bytes of the character at `s`, and its width in 1/EM of its height: as of a
 *  condensed sans serif, which is what printers have built in. */
static size_t
character(struct span s, unsigned *units)
{
	uint8_t c = s.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	*units = c >= 0xe0 ? EM : c >= 'A' && c <= 'Z' ? 13 : EM / 2;
	return n < s.len ? n : s.len;
}

/** Width of `s`, or of as much of it as fits `room`; *fits: bytes of that. */
static unsigned
measure(struct span s, unsigned height, unsigned room, size_t *fits)
{
	unsigned units = 0;

	for (*fits = 0; *fits < s.len;) {
		unsigned one;
		size_t n = character(span_from(s, *fits), &one);

		if ((units + one) * height / EM > room)
			break;
		units += one;
		*fits += n;
	}
	return units * height / EM;
}

/** One template's text: as a line, a smaller one, or several. */
static bool
place_text(struct layout *y, struct span text, unsigned height)
{
	struct label *l = y->l;
	const unsigned room = y->right - y->x, least = dots(l, LEAST_UM);
	size_t fits = 0;

	(void)measure(text, height, room, &fits);
	while (fits < text.len && height > least)
		(void)measure(text, --height, room, &fits);
	while (text.len > 0) {
		unsigned width = measure(text, height, room, &fits);

		if (fits == 0 || l->line_count == LABEL_LINES_MAX ||
		    y->y + height > y->bottom)
			return false;
		l->lines[l->line_count++] = (struct label_line){
		    .text = span_of(text.p, fits),
		    .x = y->x,
		    .y = y->y,
		    .height = height,
		    .width = width,
		};
		y->y += height * 5 / 4;
		text = span_from(text, fits);
	}
	return true;
}

/** A length of so many dots, "12.3": `up` where it is needed, down where it is
 *  there. */
static const char *
mm(char out[16], const struct label *l, unsigned n, bool up)
{
	unsigned tenths =
	    (unsigned)((n * 254ULL + (up ? l->dpi - 1 : 0)) / l->dpi);

	snprintf(out, 16, "%u.%u", tenths / 10, tenths % 10);
	return out;
}

static bool
no_room_for_code(struct layout *y, unsigned modules)
{
	struct label *l = y->l;
	unsigned side = (modules + 2 * LABEL_QUIET) * l->module;
	unsigned least = l->width < l->height ? l->width : l->height;
	char needs[16], has[16];

	snprintf(l->fault, sizeof(l->fault),
	    "%zu bytes at level %c are a QR code of version %u, %u modules a "
	    "side: with %u dots a module, its margin and its quiet zone it "
	    "needs %s mm, and the label has %s mm",
	    l->payload.len, "LMQH"[l->level], (modules - 17) / 4, modules,
	    l->module,
	    mm(needs, l, l->origin + side - LABEL_QUIET * l->module, true),
	    mm(has, l, least, false));
	return false;
}

/** Lay it out with modules of l->module dots; false: l->fault says what does
 *  not fit. */
static bool
try_module(struct layout *y, const struct span *texts, unsigned modules)
{
	struct label *l = y->l;
	const unsigned quiet = LABEL_QUIET * l->module;
	unsigned margin = dots(l, MARGIN_UM), end;

	l->line_count = 0;
	l->origin = margin > quiet ? margin : quiet;
	end = l->origin + modules * l->module + quiet;
	if (end > l->width || end > l->height)
		return no_room_for_code(y, modules);
	y->right = l->width - y->grid / 2;
	y->bottom = l->height - y->grid / 2;
	y->x = round_up(end, y->grid);
	y->y = l->origin + y->grid;
	if (y->x + dots(l, COLUMN_UM) > y->right) {
		y->x = l->origin;
		y->y = round_up(end, y->grid);
	}
	for (size_t i = 0; i < l->text_count; i++) {
		char room[16], down[16];

		if (y->x < y->right &&
		    place_text(
			y, texts[i], dots(l, i == 0 ? FIRST_UM : OTHER_UM)))
			continue;
		snprintf(l->fault, sizeof(l->fault),
		    "line %zu of the text does not fit: beside or below the "
		    "code there are %s mm by %s mm, for characters of 1.5 mm "
		    "at least",
		    i + 1,
		    mm(room, l, y->right > y->x ? y->right - y->x : 0, false),
		    mm(down, l, y->bottom > y->y ? y->bottom - y->y : 0,
			false));
		return false;
	}
	return true;
}

enum rc
label_layout(struct label *l, const struct label_spec *spec,
    const struct span *texts, unsigned byte_version)
{
	/* a printer that knows of no mixed modes makes a larger one */
	const unsigned version =
	    byte_version > l->symbol.version ? byte_version : l->symbol.version;
	unsigned least, most;
	struct layout y = {.l = l};

	l->width = dots(l, spec->width_um);
	l->height = dots(l, spec->height_um);
	y.grid = dots(l, GRID_UM);
	least = dots(l, LABEL_MODULE_MIN_UM);
	most = MODULE_UM * l->dpi / 25400;
	if (most > LABEL_MODULE_MAX)
		most = LABEL_MODULE_MAX;
	if (spec->module)
		least = most = spec->module;
	for (l->module = most; l->module >= least; l->module--)
		if (try_module(&y, texts, 17 + 4 * version)) {
			l->fault[0] = '\0';
			return RC_OK;
		}
	l->module = least;
	return RC_TOO_LARGE;
}
