/**
 * walked.h - a session that a test walks by itself, told what the device
 * answers. For the tests of one file of the session each.
 */
#ifndef WALKED_H
#define WALKED_H

#include "sample.h"

#include "bootstrap/session.h"

/** Codes of answers. */
enum {
	A_CREATED = 0x41,
	A_DELETED = 0x42,
	A_CHANGED = 0x44,
	A_CONTENT = 0x45,
	A_BAD_REQUEST = 0x80,
	A_NOT_FOUND = 0x84,
	A_NOT_ALLOWED = 0x85,
	A_NOT_ACCEPTABLE = 0x86,
	A_UNSUPPORTED_FORMAT = 0x8f,
	A_INTERNAL = 0xa0,
	A_NOT_IMPLEMENTED = 0xa1,
};

/** A session that has its plan (taken) and has said 2.04. */
struct session *walked_new(
    const struct session_config *config, struct plan_builder *b);

/** The next thing is a command; fails the test if not. */
const struct session_command *walked_command(struct session *s);
/** Of a Write or Read: the format on the wire. */
int walked_format(struct session *s);
/** The device answers it. */
void walked_answer(struct session *s, uint8_t code);
void walked_answer_with(
    struct session *s, uint8_t code, int format, struct span body);
/** The next thing is the end: its verdict. Frees the session. */
struct session_verdict walked_end(struct session *s);

/** An integer value for the open step. */
void walked_put(struct plan_builder *b, struct lwm2m_path path, int64_t n);

#endif
