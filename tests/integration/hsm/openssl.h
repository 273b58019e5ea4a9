/**
 * openssl.h - the openssl program as a second opinion on what was made.
 */
#ifndef TESTS_HSM_OPENSSL_H
#define TESTS_HSM_OPENSSL_H

#include "fixture.h"

/** Is the program there? */
bool openssl_there(void);

/** Write a file into the fixture's directory; fails the test if it cannot. */
void put_file(const char *name, struct span bytes);
/** As PEM, after what is there already where `append`. */
void put_pem(const char *name, const char *label, struct span der, bool append);

/**
 * Run a shell line in the fixture's directory; `out` (may be NULL) gets what
 * it prints, both channels. Returns its exit status.
 */
int shell(char *out, size_t cap, const char *line);

#endif
