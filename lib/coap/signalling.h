/**
 * signalling.h - the signalling messages of CoAP over a stream (RFC 8323
 * section 5): what both sides can take (CSM), whether the other one is there
 * (Ping, Pong), and how a connection ends (Release, Abort).
 *
 * They are messages like others, of code class 7. Their options have numbers
 * of their own, a space for each code; all that are defined are elective.
 */
#ifndef COAP_SIGNALLING_H
#define COAP_SIGNALLING_H

#include "coap/message.h"

enum coap_signal {
	COAP_CSM = 0xe1, /**< 7.01 */
	COAP_PING = 0xe2,
	COAP_PONG = 0xe3,
	COAP_RELEASE = 0xe4,
	COAP_ABORT = 0xe5,
};

enum coap_signal_option {
	COAP_CSM_MESSAGE_MAX = 2, /**< Max-Message-Size */
	COAP_CSM_BLOCK_WISE = 4, /**< Block-Wise-Transfer */
	COAP_PING_CUSTODY = 2, /**< in Ping and in Pong */
	COAP_RELEASE_ALTERNATIVE = 2, /**< Alternative-Address */
	COAP_RELEASE_HOLD_OFF = 4, /**< Hold-Off */
	COAP_ABORT_BAD_CSM = 2, /**< Bad-CSM-Option */
};

enum {
	COAP_MESSAGE_BASE = 1152, /**< bytes: Max-Message-Size unless said */
	COAP_HOLD_OFF_MAX_S = 0xffffff, /**< the option has three bytes */
	COAP_SIGNAL_SCRATCH = 4, /**< bytes that the makers below need */
};

static inline bool
coap_is_signal(uint8_t code)
{
	return coap_class(code) == 7;
}

/**
 * What one side has announced. Announcements are cumulative: an option that a
 * CSM does not name stays as it was (RFC 8323 section 5.3).
 */
struct coap_capabilities {
	uint32_t message_max; /**< bytes of one message that it takes */
	bool block_wise; /**< false: nobody knows */
};

/** Before the first CSM. */
static inline struct coap_capabilities
coap_capabilities_base(void)
{
	return (struct coap_capabilities){.message_max = COAP_MESSAGE_BASE};
}

/** True when it can do BERT, blocks of SZX 7 (RFC 8323 section 5.3.2). */
static inline bool
coap_capabilities_bert(struct coap_capabilities c)
{
	return c.block_wise && c.message_max > COAP_MESSAGE_BASE;
}

/** The first critical option of a signalling message, NULL: none. None is
 *  known, so each is a reason for Abort (RFC 8323 section 5.2). */
const struct coap_option *coap_signal_bad_option(const struct coap_message *m);

/**
 * Apply the CSM `m` to what its sender has announced so far.
 * Errors, each a reason for Abort with `*bad` as Bad-CSM-Option: RC_UNSUPPORTED
 * (a critical option), RC_MALFORMED (a value that is none of its option's).
 * `c` is then as it was.
 */
MUST_CHECK enum rc coap_csm_read(
    const struct coap_message *m, struct coap_capabilities *c, uint16_t *bad);

/** Make a CSM that announces `c`. `m` borrows `scratch`, COAP_SIGNAL_SCRATCH
 *  bytes. */
void coap_csm_make(
    struct coap_message *m, struct coap_capabilities c, uint8_t *scratch);

/** A Ping or Pong with the Custody option: "when all before is processed". */
bool coap_custody(const struct coap_message *m);

/** A Pong to `ping` with its token; `custody`: with that option. */
void coap_pong_make(
    struct coap_message *m, const struct coap_message *ping, bool custody);

/** An orderly end (RFC 8323 section 5.5). */
struct coap_release {
	struct span alternative; /**< the first one; empty: none */
	uint32_t hold_off_s; /**< 0: not said */
	struct span diagnostic; /**< text of the peer's: print it quoted */
};

/** Spans borrow from `m`. Options with values out of range are ignored, as
 *  elective ones are (RFC 7252 section 5.4.3). */
void coap_release_read(const struct coap_message *m, struct coap_release *r);
/** `m` borrows `scratch` and the spans. Errors: RC_BUG (an address of more
 *  than 255 bytes, a Hold-Off above COAP_HOLD_OFF_MAX_S). */
MUST_CHECK enum rc coap_release_make(
    struct coap_message *m, const struct coap_release *r, uint8_t *scratch);

enum { COAP_ABORT_NO_OPTION = -1 };

/** The end at once (RFC 8323 section 5.6). */
struct coap_abort {
	int bad_csm_option; /**< its number; COAP_ABORT_NO_OPTION */
	struct span diagnostic; /**< text of the peer's: print it quoted */
};

/** As coap_release_read() and coap_release_make(), which cannot fail here. */
void coap_abort_read(const struct coap_message *m, struct coap_abort *a);
void coap_abort_make(
    struct coap_message *m, const struct coap_abort *a, uint8_t *scratch);

#endif
