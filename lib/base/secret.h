/**
 * secret.h - the only home of key bytes in this project.
 *
 * A secret lives in pages of its own that are locked (mlock), left out of core
 * files (MADV_DONTDUMP) and wiped when it ends. It has no printer, and no log
 * or ledger field can be made from one: that is a compile error, kept so by a
 * test of the build.
 *
 * The pages come in chunks that are taken on demand and never given back; a
 * secret above 4096 bytes has a mapping of its own, given back when it ends.
 * Either stands between guard pages. A child of fork(2) inherits the secrets
 * and its copies are locked too, or it ends (SIGABRT). Thread-safe.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/rc.h"
#include "base/span.h"

enum {
	SECRET_MAX = 65536, /**< bytes, the largest one secret can be */
	SECRET_LARGE_MAX = 1048576, /**< bytes, by secret_reserve_large */
};

/** Bytes of a key. An all-zero struct is the empty secret. */
struct secret {
	uint8_t *bytes; /**< in locked memory; NULL when empty */
	size_t len; /**< bytes, <= cap */
	size_t cap; /**< bytes */
};

/**
 * Make room for `cap` bytes, zeroed, with len = 0. `s` must be empty or
 * initialised; what it held is wiped, on failure too. `cap` 0: the empty
 * secret. Errors: RC_MEMORY (also: RLIMIT_MEMLOCK is exhausted), RC_TOO_LARGE.
 */
MUST_CHECK enum rc secret_reserve(struct secret *s, size_t cap);

/** The same up to SECRET_LARGE_MAX: for a whole image of flash. */
MUST_CHECK enum rc secret_reserve_large(struct secret *s, size_t cap);

/** secret_reserve and copy; `bytes` may lie in `s`. Errors: as there. */
MUST_CHECK enum rc secret_set(struct secret *s, struct span bytes);

/** Move: `to` (wiped first) takes what `from` holds; `from` becomes empty. */
void secret_move(struct secret *to, struct secret *from);

/** Wipe and release. Harmless on the empty secret, and twice. */
void secret_fini(struct secret *s);

/** Constant in time for equal lengths. */
bool secret_equal(const struct secret *a, const struct secret *b);

/** The bytes, for the codec or the library that must see them. Borrowed. */
static inline struct span
secret_expose(const struct secret *s)
{
	return span_of(s->bytes, s->len);
}

/** Overwrite in a way that the compiler keeps. For temporary copies. */
void secret_wipe(void *p, size_t len);

/** Compare `len` bytes in constant time. */
bool bytes_equal_ct(const void *a, const void *b, size_t len);

/**
 * Raise the soft limits a process of ours needs (RLIMIT_MEMLOCK to its hard
 * limit), forbid core files (RLIMIT_CORE 0) and make the process undumpable
 * (PR_SET_DUMPABLE 0). Called first thing in every program that holds keys.
 */
void secret_harden_process(void);

#endif
