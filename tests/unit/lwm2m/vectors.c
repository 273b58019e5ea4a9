#include "vectors.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

/* clang-format off */

#define URI_DM "coaps://lwm2m.example.com:5684"
#define KEY_00_0F \
	"\x00\x01\x02\x03\x04\x05\x06\x07" \
	"\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
#define KEY_01_10 \
	"\x01\x02\x03\x04\x05\x06\x07\x08" \
	"\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"

/* A server account over PSK, with the Server object that belongs to it. */
static const struct lwm2m_entry psk_account[] = {
	{AT(0, 1, 0), TEXT(URI_DM)},
	{AT(0, 1, 1), BOOLEAN(false)},
	{AT(0, 1, 2), INTEGER(0)},
	{AT(0, 1, 3), BYTES("device-0001")},
	{AT(0, 1, 5), BYTES(KEY_00_0F)},
	{AT(0, 1, 10), INTEGER(101)},
	{AT(1, 0, 0), INTEGER(101)},
	{AT(1, 0, 1), INTEGER(86400)},
	{AT(1, 0, 6), BOOLEAN(false)},
	{AT(1, 0, 7), TEXT("U")},
};

#define PSK_ACCOUNT_TLV \
	"c8001e636f6170733a2f2f6c776d326d2e6578616d706c652e636f6d3a35363834" \
	"c10100 c10200 c8030b6465766963652d30303031" \
	"c80510000102030405060708090a0b0c0d0e0f c10a65"

#define PSK_ACCOUNT_SENML \
	"a321652f302f312f" \
	"00613003781e636f6170733a2f2f6c776d326d2e6578616d706c652e636f6d3a3536" \
	"3834 a200613104f4 a20061320200" \
	"a2006133084b6465766963652d30303031" \
	"a20061350850000102030405060708090a0b0c0d0e0f a200623130021865"

#define SERVER_SENML \
	"a321652f312f302f006130021865 a2006131021a00015180 a200613604f4" \
	"a2006137036155"

#define PSK_ACCOUNT_CBOR \
	"a600781e636f6170733a2f2f6c776d326d2e6578616d706c652e636f6d3a35363834" \
	"01f40200034b6465766963652d3030303105500001020304050607" \
	"08090a0b0c0d0e0f0a1865"

#define SERVER_CBOR "a4001865011a0001518006f4076155"

#define PSK_ACCOUNT_JSON \
	"{\"bn\":\"/0/1/\",\"n\":\"0\"," \
	"\"vs\":\"coaps://lwm2m.example.com:5684\"}," \
	"{\"n\":\"1\",\"vb\":false},{\"n\":\"2\",\"v\":0}," \
	"{\"n\":\"3\",\"vd\":\"ZGV2aWNlLTAwMDE\"}," \
	"{\"n\":\"5\",\"vd\":\"AAECAwQFBgcICQoLDA0ODw\"}," \
	"{\"n\":\"10\",\"v\":101}"

#define SERVER_JSON \
	"{\"bn\":\"/1/0/\",\"n\":\"0\",\"v\":101},{\"n\":\"1\",\"v\":86400}," \
	"{\"n\":\"6\",\"vb\":false},{\"n\":\"7\",\"vs\":\"U\"}"

/* Access control: the Short Server ID is the resource instance. */
static const struct lwm2m_entry access_control[] = {
	{AT(2, 0, 0), INTEGER(1)},
	{AT(2, 0, 1), INTEGER(0)},
	{AT4(2, 0, 2, 101), INTEGER(15)},
	{AT(2, 0, 3), INTEGER(101)},
};

/* Short Server IDs above 255: identifiers of two bytes. */
static const struct lwm2m_entry wide_access_control[] = {
	{AT(2, 300, 0), INTEGER(1)},
	{AT(2, 300, 1), INTEGER(0)},
	{AT4(2, 300, 2, 0), INTEGER(3)},
	{AT4(2, 300, 2, 310), INTEGER(1)},
	{AT(2, 300, 3), INTEGER(310)},
};

static const struct lwm2m_entry oscore_account[] = {
	{AT(0, 2, 0), TEXT("coap://[2001:db8::1]")},
	{AT(0, 2, 1), BOOLEAN(false)},
	{AT(0, 2, 2), INTEGER(3)},
	{AT(0, 2, 10), INTEGER(102)},
	{AT4(0, 2, 16, 0), UNSIGNED(49320)},
	{AT4(0, 2, 16, 1), UNSIGNED(49326)},
	{AT(0, 2, 17), LINK(21, 0)},
};

static const struct lwm2m_entry oscore[] = {
	{AT(21, 0, 0), BYTES(KEY_01_10)},
	{AT(21, 0, 1), BYTES("\x01")},
	{AT(21, 0, 2), BYTES("\x00")},
	{AT(21, 0, 3), INTEGER(10)},
	{AT(21, 0, 4), INTEGER(5)},
	{AT(21, 0, 5), BYTES("\x9e\x7c\xa9\x22\x23\x78\x63\x40")},
};

static const struct lwm2m_entry one_resource[] = {
	{AT(0, 0, 3), BYTES("\xab\xcd\xef")},
};

/* What a smartcard holds of the bootstrap account, behind its header. */
static const struct lwm2m_entry bootstrap_account[] = {
	{AT(0, 1, 0), TEXT("coaps://bs.example.com:5684")},
	{AT(0, 1, 1), BOOLEAN(true)},
	{AT(0, 1, 2), INTEGER(0)},
	{AT(0, 1, 3), BYTES("urn:dev:os:32473-000042")},
	{AT(0, 1, 5), BYTES(KEY_00_0F)},
	{AT(0, 1, 11), INTEGER(10)},
};

/* Two instances in one Write of the object. */
static const struct lwm2m_entry two_servers[] = {
	{AT(1, 0, 0), INTEGER(101)},
	{AT(1, 0, 1), INTEGER(86400)},
	{AT(1, 7, 0), INTEGER(102)},
	{AT(1, 7, 1), INTEGER(60)},
};

const struct vector vectors[] = {
	{"PUT /0/1", {0, 1, LWM2M_ID_NONE, LWM2M_ID_NONE}, psk_account, 6,
	    PSK_ACCOUNT_TLV,
	    "86" PSK_ACCOUNT_SENML,
	    "a1820001" PSK_ACCOUNT_CBOR,
	    "[" PSK_ACCOUNT_JSON "]",
	    "{\"bn\":\"/0/1/\",\"e\":[{\"n\":\"0\","
	    "\"sv\":\"coaps://lwm2m.example.com:5684\"},"
	    "{\"n\":\"1\",\"bv\":false},{\"n\":\"2\",\"v\":0},"
	    "{\"n\":\"3\",\"sv\":\"ZGV2aWNlLTAwMDE=\"},"
	    "{\"n\":\"5\",\"sv\":\"AAECAwQFBgcICQoLDA0ODw==\"},"
	    "{\"n\":\"10\",\"v\":101}]}"},
	{"PUT /0", {0, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE},
	    psk_account, 6,
	    "08014b" PSK_ACCOUNT_TLV,
	    "86a321632f302f0063312f3003781e636f6170733a2f2f6c776d326d2e6578616d"
	    "706c652e636f6d3a35363834a20063312f3104f4a20063312f320200a20063312f"
	    "33084b6465766963652d30303031a20063312f350850000102030405060708090a"
	    "0b0c0d0e0fa20064312f3130021865",
	    "a100a101" PSK_ACCOUNT_CBOR,
	    "[{\"bn\":\"/0/\",\"n\":\"1/0\","
	    "\"vs\":\"coaps://lwm2m.example.com:5684\"},"
	    "{\"n\":\"1/1\",\"vb\":false},{\"n\":\"1/2\",\"v\":0},"
	    "{\"n\":\"1/3\",\"vd\":\"ZGV2aWNlLTAwMDE\"},"
	    "{\"n\":\"1/5\",\"vd\":\"AAECAwQFBgcICQoLDA0ODw\"},"
	    "{\"n\":\"1/10\",\"v\":101}]",
	    "{\"bn\":\"/0/\",\"e\":[{\"n\":\"1/0\","
	    "\"sv\":\"coaps://lwm2m.example.com:5684\"},"
	    "{\"n\":\"1/1\",\"bv\":false},{\"n\":\"1/2\",\"v\":0},"
	    "{\"n\":\"1/3\",\"sv\":\"ZGV2aWNlLTAwMDE=\"},"
	    "{\"n\":\"1/5\",\"sv\":\"AAECAwQFBgcICQoLDA0ODw==\"},"
	    "{\"n\":\"1/10\",\"v\":101}]}"},
	{"PUT /1/0", {1, 0, LWM2M_ID_NONE, LWM2M_ID_NONE}, psk_account + 6, 4,
	    "c10065 c40100015180 c10600 c10755",
	    "84" SERVER_SENML,
	    "a1820100" SERVER_CBOR,
	    "[" SERVER_JSON "]",
	    "{\"bn\":\"/1/0/\",\"e\":[{\"n\":\"0\",\"v\":101},"
	    "{\"n\":\"1\",\"v\":86400},{\"n\":\"6\",\"bv\":false},"
	    "{\"n\":\"7\",\"sv\":\"U\"}]}"},
	{"PUT /1", {1, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE},
	    psk_account + 6, 4,
	    "08000f c10065c40100015180c10600c10755",
	    NULL,
	    "a101a100" SERVER_CBOR,
	    NULL, NULL},
	{"PUT /2/0", {2, 0, LWM2M_ID_NONE, LWM2M_ID_NONE}, access_control,
	    COUNT(access_control),
	    "c10001 c10100 8302 41650f c10365",
	    "84a321652f322f302f0061300201a20061310200a20065322f313031020f"
	    "a2006133021865",
	    "a1820200a40001010002a118650f031865",
	    "[{\"bn\":\"/2/0/\",\"n\":\"0\",\"v\":1},{\"n\":\"1\",\"v\":0},"
	    "{\"n\":\"2/101\",\"v\":15},{\"n\":\"3\",\"v\":101}]",
	    "{\"bn\":\"/2/0/\",\"e\":[{\"n\":\"0\",\"v\":1},"
	    "{\"n\":\"1\",\"v\":0},{\"n\":\"2/101\",\"v\":15},"
	    "{\"n\":\"3\",\"v\":101}]}"},
	{"PUT /2 with wide identifiers",
	    {2, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE},
	    wide_access_control, COUNT(wide_access_control),
	    "28012c13 c10001 c10100 8702 410003 61013601 c2030136",
	    NULL,
	    "a102 a119012c a4 0001 0100 02a2 0003 19013601 03190136",
	    NULL, NULL},
	{"PUT /0/2", {0, 2, LWM2M_ID_NONE, LWM2M_ID_NONE}, oscore_account,
	    COUNT(oscore_account),
	    "c80014636f61703a2f2f5b323030313a6462383a3a315d c10100 c10203"
	    "c10a66 88100c 44000000c0a8 44010000c0ae c41100150000",
	    "87a321652f302f322f0061300374636f61703a2f2f5b323030313a6462383a3a31"
	    "5da200613104f4a20061320203a200623130021866a2006431362f300219c0a8"
	    "a2006431362f310219c0aea20062313763766c6f6432313a30",
	    "a1820002a60074636f61703a2f2f5b323030313a6462383a3a315d01f402030a18"
	    "6610a20019c0a80119c0ae116432313a30",
	    "[{\"bn\":\"/0/2/\",\"n\":\"0\",\"vs\":\"coap://[2001:db8::1]\"},"
	    "{\"n\":\"1\",\"vb\":false},{\"n\":\"2\",\"v\":3},"
	    "{\"n\":\"10\",\"v\":102},{\"n\":\"16/0\",\"v\":49320},"
	    "{\"n\":\"16/1\",\"v\":49326},{\"n\":\"17\",\"vlo\":\"21:0\"}]",
	    "{\"bn\":\"/0/2/\",\"e\":[{\"n\":\"0\","
	    "\"sv\":\"coap://[2001:db8::1]\"},{\"n\":\"1\",\"bv\":false},"
	    "{\"n\":\"2\",\"v\":3},{\"n\":\"10\",\"v\":102},"
	    "{\"n\":\"16/0\",\"v\":49320},{\"n\":\"16/1\",\"v\":49326},"
	    "{\"n\":\"17\",\"ov\":\"21:0\"}]}"},
	{"PUT /21/0", {21, 0, LWM2M_ID_NONE, LWM2M_ID_NONE}, oscore,
	    COUNT(oscore),
	    "c800100102030405060708090a0b0c0d0e0f10 c10101 c10200 c1030a"
	    "c10405 c805089e7ca92223786340",
	    "86a321662f32312f302f00613008500102030405060708090a0b0c0d0e0f10"
	    "a2006131084101a2006132084100a2006133020aa20061340205a200613508489e"
	    "7ca92223786340",
	    "a1821500a6 00500102030405060708090a0b0c0d0e0f10 014101 024100"
	    "030a 0405 05489e7ca92223786340",
	    NULL, NULL},
	{"PUT /0/0/3", {0, 0, 3, LWM2M_ID_NONE}, one_resource, 1,
	    "c303abcdef",
	    "81a221662f302f302f330843abcdef",
	    "a1 83000003 43abcdef",
	    "[{\"bn\":\"/0/0/3\",\"vd\":\"q83v\"}]",
	    "{\"bn\":\"/0/0/3\",\"e\":[{\"sv\":\"q83v\"}]}"},
	{"Bootstrap-Pack", {LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE,
	    LWM2M_ID_NONE}, psk_account, COUNT(psk_account),
	    NULL,
	    "8a" PSK_ACCOUNT_SENML SERVER_SENML,
	    "a2820001" PSK_ACCOUNT_CBOR "820100" SERVER_CBOR,
	    "[" PSK_ACCOUNT_JSON "," SERVER_JSON "]",
	    "{\"bn\":\"/\",\"e\":[{\"n\":\"0/1/0\","
	    "\"sv\":\"coaps://lwm2m.example.com:5684\"},"
	    "{\"n\":\"0/1/1\",\"bv\":false},{\"n\":\"0/1/2\",\"v\":0},"
	    "{\"n\":\"0/1/3\",\"sv\":\"ZGV2aWNlLTAwMDE=\"},"
	    "{\"n\":\"0/1/5\",\"sv\":\"AAECAwQFBgcICQoLDA0ODw==\"},"
	    "{\"n\":\"0/1/10\",\"v\":101},{\"n\":\"1/0/0\",\"v\":101},"
	    "{\"n\":\"1/0/1\",\"v\":86400},{\"n\":\"1/0/6\",\"bv\":false},"
	    "{\"n\":\"1/0/7\",\"sv\":\"U\"}]}"},
	{"smartcard /0", {0, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE},
	    bootstrap_account, COUNT(bootstrap_account),
	    "080154 c8001b636f6170733a2f2f62732e6578616d706c652e636f6d3a3536"
	    "3834 c10101 c10200 c8031775726e3a6465763a6f733a33323437332d3030"
	    "30303432 c80510000102030405060708090a0b0c0d0e0f c10b0a",
	    NULL,
	    NULL, NULL, NULL},
	{"factory payload with base names", {0, 1, LWM2M_ID_NONE,
	    LWM2M_ID_NONE}, bootstrap_account, COUNT(bootstrap_account),
	    NULL,
	    "86a321652f302f312f00613003781b636f6170733a2f2f62732e6578616d706c65"
	    "2e636f6d3a35363834a200613104f5a20061320200a2006133085775726e3a6465"
	    "763a6f733a33323437332d303030303432a20061350850000102030405060708"
	    "090a0b0c0d0e0fa200623131020a",
	    "a1820001a600781b636f6170733a2f2f62732e6578616d706c652e636f6d3a3536"
	    "383401f50200035775726e3a6465763a6f733a33323437332d3030303034320550"
	    "000102030405060708090a0b0c0d0e0f0b0a",
	    NULL, NULL},
	{"PUT /1 with two instances",
	    {1, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE}, two_servers,
	    COUNT(two_servers),
	    "080009 c10065 c40100015180 0607 c10066 c1013c",
	    "84a321632f312f0063302f30021865a20063302f31021a00015180"
	    "a20063372f30021866a20063372f3102183c",
	    "a101 a2 00 a2 001865 011a00015180 07 a2 001866 01183c",
	    "[{\"bn\":\"/1/\",\"n\":\"0/0\",\"v\":101},"
	    "{\"n\":\"0/1\",\"v\":86400},{\"n\":\"7/0\",\"v\":102},"
	    "{\"n\":\"7/1\",\"v\":60}]",
	    "{\"bn\":\"/1/\",\"e\":[{\"n\":\"0/0\",\"v\":101},"
	    "{\"n\":\"0/1\",\"v\":86400},{\"n\":\"7/0\",\"v\":102},"
	    "{\"n\":\"7/1\",\"v\":60}]}"},
	{"nothing", {1, 0, LWM2M_ID_NONE, LWM2M_ID_NONE}, NULL, 0, "", "80",
	    NULL, "[]", "{\"bn\":\"/1/0/\",\"e\":[]}"},
};

/* clang-format on */

const size_t vector_count = COUNT(vectors);

struct span
hex(const char *text)
{
	static uint8_t buffers[8][PAYLOAD_MAX];
	static unsigned next;
	char digits[2 * PAYLOAD_MAX];
	size_t n = 0;
	struct writer w;

	for (; *text; text++) {
		if (*text != ' ') {
			assert_true(n < sizeof(digits));
			digits[n++] = *text;
		}
	}
	writer_init(&w, buffers[next++ % COUNT(buffers)], PAYLOAD_MAX);
	assert_int_equal(text_unhex(&w, span_of(digits, n)), RC_OK);
	return writer_span(&w);
}

bool
vector_payload(const struct vector *v, int content_format, struct span *out)
{
	const char *bytes = NULL;
	const char *text = NULL;

	if (content_format == FORMAT_TLV)
		bytes = v->tlv;
	else if (content_format == FORMAT_SENML_CBOR)
		bytes = v->senml_cbor;
	else if (content_format == FORMAT_LWM2M_CBOR)
		bytes = v->lwm2m_cbor;
	else if (content_format == FORMAT_SENML_JSON)
		text = v->senml_json;
	else if (content_format == FORMAT_OMA_JSON)
		text = v->oma_json;
	*out = bytes ? hex(bytes) : span_str(text);
	return bytes || text;
}

static void
print_bytes(const char *what, struct span s)
{
	print_error("%s", what);
	for (size_t i = 0; i < s.len; i++)
		print_error("%02x", s.p[i]);
	print_error("\n");
}

void
assert_bytes(const char *what, struct span got, struct span wanted)
{
	if (span_equal(got, wanted))
		return;
	print_bytes("got:    ", got);
	print_bytes("wanted: ", wanted);
	fail_msg("%s", what);
}

void
assert_entries(const char *what, const struct lwm2m_entry *got,
    size_t got_count, const struct lwm2m_entry *wanted, size_t wanted_count)
{
	if (got_count != wanted_count)
		fail_msg(
		    "%s: %zu entries, not %zu", what, got_count, wanted_count);
	for (size_t i = 0; i < wanted_count; i++) {
		if (path_compare(got[i].path, wanted[i].path) != 0)
			fail_msg("%s: path of entry %zu", what, i);
		if (!value_equal(&got[i].value, &wanted[i].value))
			fail_msg("%s: value of entry %zu", what, i);
	}
}

struct span
vector_file(const char *name)
{
	static uint8_t buffers[8][PAYLOAD_MAX];
	static unsigned next;
	uint8_t *buf = buffers[next++ % COUNT(buffers)];
	char path[4096];
	FILE *f;
	size_t len;

	assert_true(
	    snprintf(path, sizeof(path), "%s/%s", VECTORS_DIR, name) > 0);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: cannot be opened", path);
	len = fread(buf, 1, PAYLOAD_MAX, f);
	assert_true(len > 0 && len < PAYLOAD_MAX);
	assert_int_equal(fclose(f), 0);
	return span_of(buf, len);
}
