/**
 * wish.h - a plan for a conversation, as data: what a policy would compile to.
 */
#ifndef WISH_H
#define WISH_H

#include "bootstrap/plan.h"

enum { WISH_CLEAN_MAX = 4, WISH_KEY_LEN = 16 };

struct wish {
	bool discover;
	struct lwm2m_path clean[WISH_CLEAN_MAX];
	size_t clean_count;
	bool strict; /**< its Deletes must succeed */
	unsigned servers; /**< accounts: ssid 101, 102, ... */
	bool only_disable_timeout; /**< /1/0/5 is all that is written */
	size_t padding; /**< bytes of /3/0/0, written when not 0 */
	struct lwm2m_path other; /**< an instance of /0 to write by its ID */
	bool has_other;
	bool without_lifetime; /**< so that the device refuses Finish */
	bool nosec; /**< coap://, without keys */
	bool empty_keys; /**< /0/x/3 to 5 are there in any case */
	bool verify;
	bool read; /**< Read of /1 before Finish */
	bool rotates; /**< the device's own account is written */
	bool corrects; /**< after 4.06 all accounts once more, and Finish */
	enum { WISH_INSTANCE, WISH_OBJECT } level; /**< of Writes of /0, /1 */
	bool no_blocks; /**< the device takes none */
	bool own_said; /**< its own account is at `own` */
	uint16_t own;
	unsigned version; /**< 10, 11, 12; 0: 11 */
	uint16_t formats[PLAN_FORMATS_MAX]; /**< of its profile; 0 ends */
	bool clean_on_failure;
	size_t max_message; /**< bytes */
};

/** Discover, DELETE /0, DELETE /1, one PSK account, Finish. */
extern const struct wish wish_usual;
/** One Write, /1/0, then Finish: for traces of few lines. */
extern const struct wish wish_short;

/** The plan. Fails the test when it does not fit. Owned by the caller. */
void wish_plan(const struct wish *w, struct secret *out);

/** The 16 bytes of the key that the n-th server gets, from 1. */
void wish_key(unsigned server, uint8_t out[static WISH_KEY_LEN]);

#endif
