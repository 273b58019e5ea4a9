/**
 * psk_columns.h - what the columns of a vendor's list are called. Upper and
 * lower case, spaces, dots, dashes and underscores make no difference: "PSK
 * Identity" is "psk_identity".
 */
#ifndef TOOL_PSK_COLUMNS_H
#define TOOL_PSK_COLUMNS_H

#include "base/span.h"

enum psk_column {
	PSK_ENDPOINT,
	PSK_IDENTITY,
	PSK_KEY,
	PSK_COLUMNS,
	PSK_OTHER = PSK_COLUMNS, /**< none that is read */
};

enum psk_encoding {
	PSK_ENCODING_NONE, /**< not said */
	PSK_HEX,
	PSK_BASE64,
};

/** `encoding` receives what the name of a key's column says of it. */
enum psk_column psk_column_of(struct span name, enum psk_encoding *encoding);

#endif
