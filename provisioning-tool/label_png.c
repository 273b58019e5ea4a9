/* The code alone, as PNG (ISO/IEC 15948), one bit a dot. */
#include "label.h"

#include <png.h>
#include <setjmp.h>

/** All that outlives a longjmp. */
struct png {
	const struct label *l;
	struct writer *w;
	png_structp png;
	png_infop info;
	uint8_t
	    row[((LABEL_MODULES_MAX + 2 * LABEL_QUIET) * LABEL_MODULE_MAX) / 8 +
		1];
};

static void
put(png_structp png, png_bytep data, size_t len)
{
	const struct png *p = png_get_io_ptr(png);

	writer_put(p->w, span_of(data, len));
}

static void
nothing(png_structp png)
{
	(void)png;
}

/** They print: we do not. */
static void
quiet_error(png_structp png, png_const_charp what)
{
	(void)what;
	png_longjmp(png, 1);
}

static void
quiet_warning(png_structp png, png_const_charp what)
{
	(void)png;
	(void)what;
}

/** The dots of one row of modules; `y` of the symbol, or of its quiet zone. */
static void
fill_row(struct png *p, unsigned y)
{
	const struct label_symbol *s = &p->l->symbol;
	const unsigned side = (s->modules + 2 * LABEL_QUIET) * p->l->module;

	memset(p->row, 0xff, sizeof(p->row));
	if (y < LABEL_QUIET || y >= LABEL_QUIET + s->modules)
		return;
	for (unsigned dot = 0; dot < side; dot++) {
		unsigned x = dot / p->l->module;

		if (x >= LABEL_QUIET && x < LABEL_QUIET + s->modules &&
		    s->dark[(y - LABEL_QUIET) * s->modules + x - LABEL_QUIET])
			p->row[dot / 8] &= (uint8_t) ~(0x80u >> dot % 8);
	}
}

static void
draw(struct png *p)
{
	const unsigned modules = p->l->symbol.modules + 2 * LABEL_QUIET;
	const unsigned side = modules * p->l->module;
	const unsigned per_metre = (p->l->dpi * 10000 + 127) / 254;

	png_set_write_fn(p->png, p, put, nothing);
	png_set_IHDR(p->png, p->info, side, side, 1, PNG_COLOR_TYPE_GRAY,
	    PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
	    PNG_FILTER_TYPE_DEFAULT);
	png_set_pHYs(
	    p->png, p->info, per_metre, per_metre, PNG_RESOLUTION_METER);
	png_write_info(p->png, p->info);
	for (unsigned y = 0; y < modules; y++) {
		fill_row(p, y);
		for (unsigned i = 0; i < p->l->module; i++)
			png_write_row(p->png, p->row);
	}
	png_write_end(p->png, p->info);
}

static enum rc
try_draw(struct png *p)
{
	if (setjmp(png_jmpbuf(p->png)))
		return RC_MEMORY;
	draw(p);
	return RC_OK;
}

enum rc
label_png(const struct label *l, struct writer *w)
{
	struct png p = {.l = l, .w = w};
	enum rc rc = RC_MEMORY;

	p.png = png_create_write_struct(
	    PNG_LIBPNG_VER_STRING, NULL, quiet_error, quiet_warning);
	if (p.png)
		p.info = png_create_info_struct(p.png);
	if (p.info)
		rc = try_draw(&p);
	png_destroy_write_struct(&p.png, &p.info);
	return rc;
}
