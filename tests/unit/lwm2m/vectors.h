/**
 * vectors.h - payloads with what they mean: the same entries in every format
 * that can hold them, so that each codec is tried in both directions.
 */
#ifndef TEST_LWM2M_VECTORS_H
#define TEST_LWM2M_VECTORS_H

#include "lwm2m/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	PAYLOAD_MAX = 2048,
	ENTRIES_MAX = 64,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct vector {
	const char *name;
	struct lwm2m_path base;
	const struct lwm2m_entry *entries;
	size_t count;
	const char *tlv; /* hex, spaces allowed; NULL: none */
	const char *senml_cbor;
	const char *lwm2m_cbor;
	const char *senml_json; /* as it is */
	const char *oma_json;
};

extern const struct vector vectors[];
extern const size_t vector_count;

/** The bytes of hex, spaces passed over. Borrowed until the eighth call from
 *  here on, as those of vector_file. */
struct span hex(const char *text);

/** The payload of vector `v` in a format; false: it has none. Borrowed as from
 *  hex. */
bool vector_payload(
    const struct vector *v, int content_format, struct span *out);

/* Initialisers, for tables. */
/* clang-format off */
#define IN_BYTES(s) {(const uint8_t *)(s), sizeof(s) - 1}
#define TEXT(s) {.type = LWM2M_STRING, .bytes = IN_BYTES(s)}
#define BYTES(s) {.type = LWM2M_OPAQUE, .bytes = IN_BYTES(s)}
#define INTEGER(n) {.type = LWM2M_INTEGER, .integer = (n)}
#define UNSIGNED(n) {.type = LWM2M_UNSIGNED, .number = (n)}
#define TIME(n) {.type = LWM2M_TIME, .integer = (n)}
#define REAL(r) {.type = LWM2M_FLOAT, .real = (r)}
#define CORELNK(s) {.type = LWM2M_CORELNK, .bytes = IN_BYTES(s)}
#define BOOLEAN(b) {.type = LWM2M_BOOLEAN, .boolean = (b)}
#define LINK(o, i) {.type = LWM2M_OBJLNK, .link = {(o), (i)}}
#define AT(o, i, r) {(o), (i), (r), LWM2M_ID_NONE}
#define AT4(o, i, r, ri) {(o), (i), (r), (ri)}
/* clang-format on */

/** Fails the test with both in hex where they differ. */
void assert_bytes(const char *what, struct span got, struct span wanted);

/** Fails the test where path or value of an entry differ. */
void assert_entries(const char *what, const struct lwm2m_entry *got,
    size_t got_count, const struct lwm2m_entry *wanted, size_t wanted_count);

/** The content of a file under tests/vectors. */
struct span vector_file(const char *name);

#endif
