/**
 * fixture.h - a token of one test program, in a directory of its own, behind
 * the shim that can make any call of it fail: a SoftHSM2 token, or the one that
 * tests/support/token/with_token.py has made and put into the environment.
 */
#ifndef TESTS_HSM_FIXTURE_H
#define TESTS_HSM_FIXTURE_H

#include "hsm/hsm.h"

#include <p11-kit/pkcs11.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RIGHT_PIN "user:1234"
#define MASTER "fleet-2026"

enum { TEST_SKIP = 77 /**< exit code that meson takes for a skip */ };

/** What the tests of a program share. */
struct fixture {
	char dir[32];
	char pin_file[64];
	char control[64]; /**< of the shim */
	char counts[64];
	char label[33]; /**< of the token, "bootstrap" where we name it */
	struct hsm_config config; /**< of that token, by PIN file */
};

extern struct fixture fixture;

/**
 * Make the directory and the token, and set the environment for the shim.
 * False: something is not there, its name was printed: return TEST_SKIP. Ends
 * the process after a minute or more, should a call hang.
 */
bool fixture_init(void);
void fixture_fini(void);

/** One more token. False: it cannot be made. */
bool fixture_token(const char *label);
void fixture_pin(const char *pin);

/** What the shim does from now on; "" for nothing. */
void faults(const char *control);
/** Calls since the last count_reset. */
unsigned long count_of(const char *function);
void count_reset(void);

/** Open it with the fixture's configuration, or fail the test. */
struct hsm *open_token(void);
struct hsm_session *take(struct hsm *h);

/** Key of `endpoint` (server 101, epoch 1) under MASTER, or fail the test. */
void derive(struct hsm_session *s, const char *endpoint, struct secret *key);
enum rc try_derive(
    struct hsm_session *s, const char *endpoint, struct secret *key);

/** The shim's function list, beside what lib/hsm does with it. */
CK_FUNCTION_LIST *raw_module(void);
/** A session of our own, under the login of an open `struct hsm`. */
CK_SESSION_HANDLE raw_session(const char *token);
/** Put a secret key of known value into the token: what the tool never does. */
void import_key(CK_SESSION_HANDLE s, const char *label, CK_KEY_TYPE type,
    const void *value, size_t len);
/** The one object of that label. */
CK_OBJECT_HANDLE raw_find(CK_SESSION_HANDLE s, const char *label);

#endif
