/**
 * behaviour.h - how a virtual device behaves toward a bootstrap server: data,
 * not code. One conforming client, the families of real clients as they were
 * seen on the wire, and the faults that a test or a person wants to see.
 *
 * A behaviour is a value. Start from a family, then change fields or add rules
 * ("the third command: 5.00, without doing it").
 */
#ifndef DEVICE_BEHAVIOUR_H
#define DEVICE_BEHAVIOUR_H

#include "base/cursor.h"

enum {
	BEHAVIOUR_RULES_MAX = 8,
	BEHAVIOUR_FORMATS_MAX = 6,
	BEHAVIOUR_PCT_OFF = -1, /**< no `pct` in the request */
	BEHAVIOUR_RULE_ANY = 0,
};

/** What a rule makes of a command. */
enum reaction {
	REACT_NORMAL,
	REACT_CODE, /**< answer `code`; nothing is done unless `apply` */
	REACT_SILENCE, /**< as if the command had been lost; `apply`: done */
	REACT_RESET, /**< RST */
	/** Empty ACK at once, the answer as a CON of its own `delay_ms` later
	 *  (RFC 7252 section 5.2.2). */
	REACT_SEPARATE,
	REACT_LATE, /**< the piggybacked answer comes `delay_ms` later */
	REACT_DIE, /**< no word from here on */
};

/** When a command is that one, do this. The first rule that fits is taken. */
struct device_rule {
	unsigned command; /**< the n-th of the session, from 1; 0: any */
	uint8_t method; /**< enum coap_code; 0: any */
	const char *path; /**< "/0/1", "/bs"; NULL: any. Static. */
	unsigned times; /**< so often, then no more; 0: always */
	enum reaction reaction;
	uint8_t code; /**< REACT_CODE; also of SEPARATE and LATE, 0: own */
	bool apply; /**< do what was asked, whatever is answered */
	uint32_t delay_ms;
};

/** What a Bootstrap-Discover looks like. */
enum discover_style {
	DISCOVER_STANDARD, /**< LwM2M Core 6.1.7.3, version 1.1 */
	DISCOVER_10, /**< bare lwm2m="1.0" in first place, no uri */
	DISCOVER_ANJAY, /**< bare objects before their instances, uri on all */
	DISCOVER_ANJAY_10, /**< the same with the bare version */
	DISCOVER_ZEPHYR, /**< version quoted, an empty slot with ssid=0 */
	DISCOVER_LESHAN, /**< ver on objects, calls itself 1.0 */
	DISCOVER_NOT_FOUND, /**< 4.04 */
	DISCOVER_AWA, /**< "/": 4.00; an object: 2.05, CF 65535, empty */
	DISCOVER_NO_SSID, /**< no ssid anywhere: useless */
};

struct device_behaviour {
	/* The request. */
	int pct; /**< BEHAVIOUR_PCT_OFF: none */
	bool pct_first; /**< before `ep` */
	bool omit_endpoint;
	/** As in LwM2M 1.0: commands are taken that it has not asked for, at any
	 *  time (bootstrap.md section 2). */
	bool unsolicited;
	bool hold_off; /**< it sends no request at all, and waits for them */
	bool empty_token;
	bool ask_pack_first; /**< GET /bspack, then POST /bs */
	int pack_accept; /**< Accept of that; 0: SenML CBOR; -1: none */
	bool pack_links; /**< `acc` in its query (1.2.1) */
	size_t pack_block; /**< bytes of the blocks it wants; 0: any */
	bool retry_without_pct; /**< after a 4.xx, once */

	/* Where things are. */
	/** Instance of the Bootstrap-Server Account, where no image says it. */
	uint16_t account;
	enum discover_style discover;

	/* Writes. */
	int formats[BEHAVIOUR_FORMATS_MAX]; /**< others: 4.15; -1 ends */
	bool no_object_write; /**< 4.05 */
	uint8_t unknown_resource; /**< code; 0: ignored, as it should be */
	uint8_t unknown_object; /**< code */
	uint8_t bad_payload; /**< code at instance level */
	uint8_t bad_payload_object; /**< code at object level */
	size_t message_max; /**< bytes of payload; above: 4.13; 0: no limit */
	size_t block_max; /**< block size that it asks for; 0: as it comes */
	bool no_block1; /**< 4.02 */

	/* Deletes. */
	uint8_t delete_root; /**< code for "/"; 0: as it should be */
	uint8_t delete_absent; /**< code; 0: 2.02 */
	uint8_t delete_account; /**< code for the account itself; 0: 2.02 */
	bool deletes_account; /**< and it is gone */

	/* Finish. */
	bool finish_unchecked; /**< always 2.04 */
	bool needs_empty_keys; /**< /0/x/3, 4, 5 must be there: else 4.06 */
	bool finish_error_separate; /**< a refusal comes separately */

	/* The transport. */
	size_t block2; /**< blocks of its answers in bytes; 0: 1024 */
	unsigned dies_after; /**< datagrams sent; 0: never */
	bool sends_twice; /**< each datagram */
	bool timeout_from_start; /**< 247 s for all, not since a command */

	struct device_rule rules[BEHAVIOUR_RULES_MAX]; /**< zero: none */
	size_t rule_count;
};

/** A client that keeps to the standard; account in /0/1, pct 112. */
extern const struct device_behaviour behaviour_conforming;

/**
 * Change `b` by a list of names, "anjay", "zephyr,finish-lost",
 * "dies-after=7": a family replaces the whole of it, a fault adds to it.
 * Errors: RC_NOT_FOUND (a name that is none, or a number where none belongs
 * or none where one does), RC_TOO_LARGE (more rules than there is room for).
 */
MUST_CHECK enum rc behaviour_apply(
    struct device_behaviour *b, struct span names);

/** Append all names, one a line, with what they mean. */
void behaviour_list(struct writer *w);

/** Add a rule. Errors: RC_TOO_LARGE. */
MUST_CHECK enum rc behaviour_rule(
    struct device_behaviour *b, struct device_rule rule);

#endif
