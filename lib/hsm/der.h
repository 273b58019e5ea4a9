/**
 * der.h - DER (X.690), written and read as strictly as it is defined.
 *
 * The reader takes what X.690 sections 8, 10 and 11 allow and nothing else:
 * definite lengths in their shortest form, numbers in their shortest form,
 * TRUE as 0xff, no bits set in the padding. It never allocates. The first
 * fault sticks, with its clause and its offset in the whole input; what is
 * read after it is empty. The one who reads checks once, at the end.
 */
#ifndef HSM_DER_H
#define HSM_DER_H

#include "base/cursor.h"

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTF8 = 0x0c,
	DER_PRINTABLE = 0x13,
	DER_IA5 = 0x16,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80, /**< + number: [n] IMPLICIT, primitive */
	DER_CONTEXT_CONSTRUCTED = 0xa0, /**< + number: [n], constructed */
};

/** 9999-12-31T23:59:59Z: "no well-defined expiration" (RFC 5280 4.1.2.5). */
#define DER_TIME_FOREVER INT64_C(253402300799)

/** Why bytes were refused. All text is static. */
struct der_fault {
	const char *what; /**< NULL: nothing is wrong */
	const char *clause; /**< "X.690 10.1", "RFC 5280 4.1.2.2" */
	size_t offset; /**< bytes from the start of the input */
};

/** "RFC 5280 4.1.2.2: serial number is negative, at byte 17". */
void der_fault_print(const struct der_fault *f, struct writer *w);

struct der_reader {
	const uint8_t *p;
	const uint8_t *end;
	const uint8_t *base; /**< of the input, for offsets */
	const char *clause; /**< what is being read; the caller sets it */
	struct der_fault *fault; /**< shared with the readers inside */
};

/** `fault` is cleared and borrowed. */
void der_reader_init(
    struct der_reader *r, struct span input, struct der_fault *fault);

/** Nothing was wrong so far. */
bool der_ok(const struct der_reader *r);
/** Note a fault at the reader's place, or at `at`; the first one stays. */
void der_fail(struct der_reader *r, const char *what);
void der_fail_at(struct der_reader *r, const uint8_t *at, const char *what);

/** Tag of what comes next, 0 at the end or after a fault. */
uint8_t der_peek(const struct der_reader *r);
/** Contents of the next value, which must have this tag. */
struct span der_take(struct der_reader *r, uint8_t tag);
/** The next value whole, with its tag and length. */
struct span der_take_whole(struct der_reader *r, uint8_t tag);
/** As der_take, any tag. */
struct span der_take_any(struct der_reader *r, uint8_t *tag);
/** A reader of what is inside the next value. */
struct der_reader der_enter(struct der_reader *r, uint8_t tag);
/** There must be nothing left. */
void der_end(struct der_reader *r);

/** A positive INTEGER as unsigned bytes without leading zeros, at most `max`
 *  of them; zero only if `zero`. */
struct span der_unsigned(struct der_reader *r, size_t max, bool zero);
/** An INTEGER or ENUMERATED of 0..max. */
unsigned der_small(struct der_reader *r, uint8_t tag, unsigned max);
bool der_boolean(struct der_reader *r);
/** A BIT STRING; `unused` bits at its end are zero. */
struct span der_bits(struct der_reader *r, unsigned *unused);
/** A named-bit list (X.690 11.2.2): bit 0 of the list is bit 0 here. */
unsigned der_named_bits(struct der_reader *r);
/** An OBJECT IDENTIFIER's contents. */
struct span der_oid(struct der_reader *r);
/** UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 wants them: seconds since
 *  1970. */
int64_t der_time(struct der_reader *r);

/**
 * Begin a constructed value, and end it: `at` is what der_open returned. The
 * length is put in when it is known, so the contents move once.
 */
size_t der_open(struct writer *w, uint8_t tag);
void der_close(struct writer *w, size_t at);

void der_put(struct writer *w, uint8_t tag, struct span contents);
/** A positive INTEGER of big-endian bytes. */
void der_put_unsigned(struct writer *w, struct span bytes);
void der_put_small(struct writer *w, uint8_t tag, uint64_t v);
void der_put_named_bits(struct writer *w, unsigned bits);
/** UTCTime to 2049, GeneralizedTime from 2050 (RFC 5280 4.1.2.5). Seconds
 *  since 1970, in 1950..9999; any other sets `full`. */
void der_put_time(struct writer *w, int64_t time_s);

/** "2026-05-01T12:00:00Z". */
void der_print_time(struct writer *w, int64_t time_s);

#endif
