#include "label.h"

#include <errno.h>
#include <qrencode.h>

/* enum label_level is in the order of theirs */
_Static_assert((int)LABEL_L == (int)QR_ECLEVEL_L &&
	(int)LABEL_M == (int)QR_ECLEVEL_M &&
	(int)LABEL_Q == (int)QR_ECLEVEL_Q && (int)LABEL_H == (int)QR_ECLEVEL_H,
    "levels of error correction");

static enum rc
take(struct label_symbol *s, const QRcode *qr)
{
	const size_t side = (size_t)qr->width;

	if (qr->width < 21 || qr->width > LABEL_MODULES_MAX)
		return RC_BUG;
	s->version = (unsigned)qr->version;
	s->modules = (unsigned)qr->width;
	for (size_t i = 0; i < side * side; i++)
		s->dark[i] = qr->data[i] & 1;
	return RC_OK;
}

/** Beyond ASCII a reader guesses, and guesses wrong, unless ECI 26 says that
 *  it is UTF-8 (ISO/IEC 18004 section 7.4.2). */
static QRcode *
encode_utf8(struct span payload, enum label_level level)
{
	QRinput *in = QRinput_new2(0, (QRecLevel)level);
	QRcode *qr = NULL;
	int saved;

	if (in && QRinput_appendECIheader(in, 26) == 0 &&
	    QRinput_append(in, QR_MODE_8, (int)payload.len, payload.p) == 0)
		qr = QRcode_encodeInput(in);
	saved = errno;
	QRinput_free(in);
	errno = saved;
	return qr;
}

/** Letters and numbers in modes of their own, where that is shorter. */
static QRcode *
encode_ascii(struct span payload, enum label_level level, unsigned *version)
{
	char text[LABEL_PAYLOAD_MAX + 1];
	QRcode *qr, *bytes;

	memcpy(text, payload.p, payload.len);
	text[payload.len] = '\0';
	qr = QRcode_encodeString(text, 0, (QRecLevel)level, QR_MODE_8, 1);
	if (!qr)
		return NULL;
	bytes = QRcode_encodeString8bit(text, 0, (QRecLevel)level);
	/* too long for bytes alone: then there is this one and no other */
	*version = (unsigned)(bytes ? bytes : qr)->version;
	QRcode_free(bytes);
	return qr;
}

enum rc
label_qr(struct label_symbol *s, struct span payload, enum label_level level,
    unsigned *byte_version)
{
	bool ascii = true;
	QRcode *qr;
	enum rc rc;

	if (payload.len == 0 || payload.len > LABEL_PAYLOAD_MAX)
		return RC_TOO_LARGE;
	for (size_t i = 0; i < payload.len; i++)
		ascii = ascii && payload.p[i] < 0x80;
	*byte_version = 1;
	qr = ascii ? encode_ascii(payload, level, byte_version)
		   : encode_utf8(payload, level);
	if (!qr)
		return errno == ENOMEM ? RC_MEMORY : RC_TOO_LARGE;
	rc = take(s, qr);
	QRcode_free(qr);
	return rc;
}
