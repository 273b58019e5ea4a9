/* What a record of a list of devices may hold. */
#include "device_list.h"

#include "base/text.h"

enum { PLAIN_MAX = 32 };

enum device_column
device_column_of(struct span name)
{
	static const struct {
		const char *name;
		enum device_column column;
	} names[] = {
	    {"endpoint", DEVICE_ENDPOINT},
	    {"ep", DEVICE_ENDPOINT},
	    {"endpointname", DEVICE_ENDPOINT},
	    {"endpointclientname", DEVICE_ENDPOINT},
	    {"lwm2mendpoint", DEVICE_ENDPOINT},
	    {"urn", DEVICE_ENDPOINT},
	    {"serial", DEVICE_SERIAL},
	    {"sn", DEVICE_SERIAL},
	    {"serialnumber", DEVICE_SERIAL},
	    {"serialno", DEVICE_SERIAL},
	    {"unit", DEVICE_SERIAL},
	    {"model", DEVICE_MODEL},
	    {"product", DEVICE_MODEL},
	    {"batch", DEVICE_LOT},
	    {"lot", DEVICE_LOT},
	};
	uint8_t plain[PLAIN_MAX];
	size_t len = 0;

	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i];

		if (c == ' ' || c == '.' || c == '-' || c == '_')
			continue;
		if (len == sizeof(plain))
			return DEVICE_OTHER;
		plain[len++] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(span_of(plain, len), names[i].name))
			return names[i].column;
	return DEVICE_OTHER;
}

static bool
starts(struct span s, const char *with, size_t len)
{
	return s.len >= len && memcmp(s.p, with, len) == 0;
}

const char *
device_list_encoding(struct span s, bool first)
{
	if (first &&
	    (starts(s, "\xff\xfe\0\0", 4) || starts(s, "\0\0\xfe\xff", 4)))
		return "the list is UTF-32; save it as UTF-8";
	if (first &&
	    (starts(s, "\xff\xfe", 2) || starts(s, "\xfe\xff", 2) ||
		(s.len >= 2 && (s.p[0] == 0) != (s.p[1] == 0))))
		return "the list is UTF-16, as Excel's \"Unicode text\" is; "
		       "save it as \"CSV UTF-8\"";
	if (s.len > 0 && memchr(s.p, 0, s.len))
		return "a NUL byte stands there: this is no text; save the "
		       "list as UTF-8";
	if (text_utf8_valid(s))
		return NULL;
	return "it is not UTF-8 but an older encoding (Latin-1, Windows-1252); "
	       "save the list as UTF-8";
}

/** A space there is a slip of whoever made the list, and would be a part of the
 *  name for ever. */
static bool
is_padded(struct span s)
{
	return s.len > 0 &&
	    (memchr(" \t\r\n", s.p[0], 4) ||
		memchr(" \t\r\n", s.p[s.len - 1], 4));
}

static const char *
cell_fault(struct span s)
{
	const char *encoding = device_list_encoding(s, false);

	if (encoding)
		return encoding;
	if (is_padded(s))
		return "a space stands at the begin or end of a name; take it "
		       "out";
	if (!text_printable(s))
		return "a name has a control or invisible character; take it "
		       "out";
	return NULL;
}

void
device_record_check(struct device_record *r)
{
	enum { SERIAL_MAX = 64, TEXT_MAX = 64 };

	for (size_t i = 0; !r->fault && i < DEVICE_COLUMNS; i++)
		r->fault = cell_fault(r->cells[i]);
	if (r->fault)
		return;
	if (r->cells[DEVICE_ENDPOINT].len == 0 &&
	    r->cells[DEVICE_SERIAL].len == 0 && r->cells[DEVICE_NAME].len == 0)
		r->fault = "neither endpoint nor serial number; name one";
	else if (r->cells[DEVICE_SERIAL].len > SERIAL_MAX)
		r->fault = "the serial number is longer than 64 bytes; see "
			   "whether its column is the right one";
	else if (r->cells[DEVICE_MODEL].len > TEXT_MAX ||
	    r->cells[DEVICE_LOT].len > TEXT_MAX)
		r->fault = "model or batch is longer than 64 bytes; shorten it";
}
