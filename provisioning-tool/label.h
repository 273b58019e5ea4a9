/**
 * label.h - what is stuck on a device: a QR code and lines of text, laid out in
 * the dots of a label printer, as ZPL, SVG, PNG (the code alone) or a sheet of
 * HTML. A label is public: it is made of the values below and of nothing else,
 * and none of them is a key or gives one away.
 *
 * Texts are templates. `{endpoint}`, `{serial}` and the others of label_words
 * stand for what differs; a word of letters and _ in
 * single braces that is none of them is a fault, `{{word}}` is written
 * `{word}`, all other braces stand for themselves. In a payload that begins
 * with http:// or https:// the values are percent-encoded (RFC 3986 section
 * 2.1).
 *
 * Codecs: nothing here but label_qr.c and label_png.c (their libraries do)
 * allocates, and nothing logs.
 */
#ifndef TOOL_LABEL_H
#define TOOL_LABEL_H

#include "base/cursor.h"

/** The payload where none is said. */
#define LABEL_PAYLOAD "LWB1:{endpoint}"

enum {
	LABEL_PAYLOAD_MAX = 2953, /**< bytes that any QR code holds */
	LABEL_MODULES_MAX = 177, /**< a side of version 40 */
	LABEL_QUIET = 4, /**< modules around it (ISO/IEC 18004 section 9.1) */
	LABEL_TEXTS_MAX = 8, /**< templates */
	LABEL_LINES_MAX = 48, /**< after they were broken */
	LABEL_MODULE_MAX = 10, /**< dots: the most that ^BQ takes */
	LABEL_MODULE_MIN_UM = 250, /**< what good printers and readers hold */
	LABEL_BYTES_MAX = 524288, /**< of one label in any form */
	LABEL_FAULT_MAX = 400,
};

/** What a label may say. Empty: not known. Borrowed. */
struct label_values {
	struct span endpoint;
	struct span serial;
	/** Hex: of a key the keyed fingerprint that the ledger has, which
	 *  nobody can try keys against; of a certificate its SHA-256. */
	struct span fingerprint;
	struct span identity; /**< name of the identity document */
	struct span image; /**< name of the image document */
	struct span batch;
	struct span order, station; /**< that it was made under, and where */
	struct span model, lot;
};

/** The words, without braces, NULL-ended. */
extern const char *const label_words[];

/** "L", "M", "Q", "H": 7, 15, 25, 30 % may be dirt. */
enum label_level { LABEL_L, LABEL_M, LABEL_Q, LABEL_H };

/** How labels look. Texts are borrowed. */
struct label_spec {
	struct span payload; /**< "LWB1:{endpoint}" */
	struct span texts[LABEL_TEXTS_MAX];
	size_t text_count;
	/** A line of text whose value is not known is left out. */
	bool texts_optional;
	enum label_level level;
	unsigned dpi; /**< of the printer: 152, 203, 300, 600 */
	unsigned width_um, height_um; /**< micrometres */
	unsigned module; /**< dots; 0: the largest that leaves the text room */
};

/** Level M, 203 dpi, 50x25 mm, endpoint and serial. */
struct label_spec label_spec_default(void);

/** A QR code. */
struct label_symbol {
	unsigned version; /**< 1 to 40 */
	unsigned modules; /**< a side, 17 + 4 * version */
	/** 1: dark; row by row, `modules` of them each. */
	uint8_t dark[LABEL_MODULES_MAX * LABEL_MODULES_MAX];
};

/** A line of text where it stands, in dots. */
struct label_line {
	struct span text; /**< borrows from the label */
	unsigned x, y; /**< its upper left corner */
	unsigned height, width; /**< of its characters, and what they take */
};

/** One label, ready to be written. A plain value of about 40 KiB. */
struct label {
	struct span payload; /**< borrows from `room` */
	size_t text_count; /**< of the templates that were filled in */
	struct label_symbol symbol;
	enum label_level level;
	unsigned dpi, width_um, height_um;
	unsigned width, height; /**< dots */
	unsigned module, origin; /**< dots; the symbol's left and top */
	struct label_line lines[LABEL_LINES_MAX];
	size_t line_count;
	char fault[LABEL_FAULT_MAX]; /**< after an error, a sentence */
	uint8_t room[LABEL_PAYLOAD_MAX + LABEL_TEXTS_MAX * 1024];
};

/**
 * Fill in the templates, make the code and lay it all out.
 * Errors (l->fault says what): RC_NOT_FOUND (a word that is none, or whose
 * value is not known), RC_MALFORMED (something that does not print),
 * RC_TOO_LARGE (it does not fit the label, or any code), RC_MEMORY.
 */
MUST_CHECK enum rc label_make(struct label *l, const struct label_spec *spec,
    const struct label_values *v);

/**
 * Append the label: ZPL II for a label printer, a drawing of SVG 1.1, or the
 * code with its quiet zone as PNG of one bit a dot, whose pHYs says the dpi.
 * `w` is full where it had no room. label_png: RC_MEMORY.
 */
void label_zpl(const struct label *l, struct writer *w);
void label_svg(const struct label *l, struct writer *w);
MUST_CHECK enum rc label_png(const struct label *l, struct writer *w);

/** What stands before and after the drawings on a sheet: HTML that needs
 *  nothing but itself, made for paper. */
void label_sheet_head(struct writer *w, struct span title);
void label_sheet_foot(struct writer *w);

/* Between the files that make them. */

/** Encode; also the version that `payload` takes in bytes alone, which a
 *  printer may choose, in *byte_version. Errors: RC_TOO_LARGE, RC_MEMORY. */
MUST_CHECK enum rc label_qr(struct label_symbol *s, struct span payload,
    enum label_level level, unsigned *byte_version);

/** Fill in one template. Errors: as label_make; `fault` of LABEL_FAULT_MAX. */
MUST_CHECK enum rc label_expand(struct writer *w, struct span text,
    const struct label_values *v, bool url, char *fault);

/** The same of a payload, which may be a URL. Errors: as label_expand. */
MUST_CHECK enum rc label_expand_payload(struct writer *w, struct span text,
    const struct label_values *v, char *fault);

/** Is every word in it known? Else *word is the first that is not. */
bool label_words_known(struct span text, struct span *word);

/** Place everything; `byte_version` as of label_qr. Errors: RC_TOO_LARGE. */
MUST_CHECK enum rc label_layout(struct label *l, const struct label_spec *spec,
    const struct span *texts, unsigned byte_version);

#endif
