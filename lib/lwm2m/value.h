/**
 * value.h - a typed resource value and where it belongs. A list of entries is
 * what all payload formats of LwM2M encode and what they decode to.
 */
#ifndef LWM2M_VALUE_H
#define LWM2M_VALUE_H

#include "lwm2m/path.h"

/** LwM2M Core Appendix C. */
enum lwm2m_type {
	LWM2M_NONE, /**< executable: no value */
	LWM2M_STRING,
	LWM2M_INTEGER,
	LWM2M_UNSIGNED, /**< 1.1 and later */
	LWM2M_FLOAT,
	LWM2M_BOOLEAN,
	LWM2M_OPAQUE,
	LWM2M_TIME, /**< seconds since 1970 */
	LWM2M_OBJLNK,
	LWM2M_CORELNK,
};

struct lwm2m_value {
	enum lwm2m_type type;
	union {
		int64_t integer; /**< INTEGER, TIME */
		uint64_t number; /**< UNSIGNED */
		double real; /**< FLOAT */
		bool boolean; /**< BOOLEAN */
		struct {
			uint16_t object, instance;
		} link; /**< OBJLNK; 65535:65535 is the null link */
		struct span bytes; /**< STRING, CORELNK, OPAQUE; borrowed */
	};
};

/**
 * One value at its absolute path: at least /o/i/r, with a resource instance
 * where the resource is a multiple one.
 */
struct lwm2m_entry {
	struct lwm2m_path path;
	struct lwm2m_value value;
};

#define LWM2M_VALUE_STRING(s) \
	((struct lwm2m_value){.type = LWM2M_STRING, .bytes = (s)})
#define LWM2M_VALUE_OPAQUE(s) \
	((struct lwm2m_value){.type = LWM2M_OPAQUE, .bytes = (s)})
#define LWM2M_VALUE_INTEGER(n) \
	((struct lwm2m_value){.type = LWM2M_INTEGER, .integer = (n)})
#define LWM2M_VALUE_UNSIGNED(n) \
	((struct lwm2m_value){.type = LWM2M_UNSIGNED, .number = (n)})
#define LWM2M_VALUE_BOOLEAN(b) \
	((struct lwm2m_value){.type = LWM2M_BOOLEAN, .boolean = (b)})

/** Type and content equal (bytes compared in constant time). */
bool value_equal(const struct lwm2m_value *a, const struct lwm2m_value *b);

enum {
	VALUE_PRINT_MAX = 20, /**< bytes that value_print appends at most */
};

/** Append an INTEGER, TIME or UNSIGNED as decimal text, an OBJLNK as "66:0".
 *  Nothing for other types. */
void value_print(struct writer *w, const struct lwm2m_value *v);

const char *lwm2m_type_name(enum lwm2m_type t);

#endif
