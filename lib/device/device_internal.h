/**
 * device_internal.h - what the files behind device.h share.
 */
#ifndef DEVICE_INTERNAL_H
#define DEVICE_INTERNAL_H

#include "device/device.h"
#include "device/talk.h"

enum {
	DEVICE_ENTRIES_MAX = 128, /**< of one Write */
	DEVICE_SCRATCH_MAX = 8192, /**< bytes, while one is decoded */
};

/** A Bootstrap-Pack on its way here. */
struct pack_fetch {
	struct secret body; /**< what `gather` writes into */
	struct block_receive gather;
	struct coap_block ask; /**< the block that is asked for next */
	bool asks_block; /**< the request has a Block2 */
	int format;
};

struct device {
	struct device_behaviour behaviour;
	uint8_t endpoint[256];
	size_t endpoint_len;
	struct held store;
	struct talk talk;
	enum device_state state;
	bool packing; /**< the open request is GET /bspack */
	struct pack_fetch pack;
	bool no_pct; /**< it was refused with one */
	char asked[DEVICE_TEXT_MAX]; /**< the open request, for the trace */
	uint64_t give_up_ms; /**< no Finish until then: failed */
	unsigned commands, finished;
	unsigned rule_uses[BEHAVIOUR_RULES_MAX];
	uint8_t finish_code;
	struct device_event events[DEVICE_EVENTS_MAX];
	size_t event_first, event_count;
};

/** A command as the device reads it. */
struct order {
	uint8_t method;
	bool bs; /**< "/bs" */
	bool bad_path;
	struct lwm2m_path path; /**< of the others */
	int content_format, accept; /**< COAP_FORMAT_NONE: no option */
	struct span payload;
	char path_text[LWM2M_PATH_TEXT_MAX];
};

/** What it comes to. `payload` points into `buf`. */
struct deed {
	uint8_t code;
	int content_format;
	struct span payload;
	uint8_t buf[TALK_BODY_MAX];
};

/* device_ask.c: the request, and the lines of the trace */

/** Send the request that is due. */
void device_ask(struct device *d, uint64_t now_ms);
void device_note(struct device *d, const char *text);
/** The open request ended so: "2.04 Changed", "RST", "(no answer)". */
void device_note_answered(struct device *d, const char *answer);
/** A command was answered so; `why` is a device's explanation. */
void device_note_command(struct device *d, const struct order *o,
    unsigned blocks, const char *answer, struct span why);

/* order.c */

void order_read(const struct talk_heard *h, struct order *out);

/** Do it. */
void order_do(struct device *d, const struct order *o, struct deed *out);

/* device_pack.c */

enum pack_step {
	PACK_NONE, /**< refused, or not to be taken: on with POST /bs */
	PACK_MORE, /**< ask for the next block */
	PACK_TAKEN, /**< the device is bootstrapped */
};

void pack_begin(struct device *d);
void pack_fini(struct device *d);
enum pack_step pack_response(struct device *d, const struct coap_message *m);
/** Append "acc=" and the links of what must not be written over. */
void pack_account_links(const struct device *d, struct writer *w);

/* discover.c */

void discover_write(
    const struct device *d, struct lwm2m_path path, struct deed *out);

#endif
