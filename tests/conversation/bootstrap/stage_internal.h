/**
 * stage_internal.h - what the files behind stage.h share.
 */
#ifndef STAGE_INTERNAL_H
#define STAGE_INTERNAL_H

#include "stage.h"

/* keeper.c */

void keeper_init(struct keeper *k);
/** Take what the worker asked, and answer what is due. True: something was. */
bool keeper_work(void);
uint64_t keeper_deadline(void);
void keeper_fini(void);

/* air.c */

/** A datagram goes on its way, or is lost. */
void air_send(bool to_server, const struct address *device, struct span d);
/** Take the next one that is due for that side. False: none. */
bool air_take(bool to_server, struct flying *out);
uint64_t air_deadline(void);

/* stage.c */

/** A datagram reaches the worker. */
void stage_receive(const struct address *from, struct span d);
/** Everything that is due now, at both ends. */
void stage_settle(void);
/** When something is due next. */
uint64_t stage_deadline(void);
PRINTF_LIKE(1, 2) void stage_note(const char *fmt, ...);

/* player.c */

/** The virtual device takes what has come and sends what it has to say. */
bool player_work(void);
uint64_t player_deadline(void);
void player_fini(void);

/* compose.c */

/** Bytes of a message in the notation of describe.h. MID, token and payload
 *  are given; "cf", "accept", "b1", "b2" may stand behind the code. */
size_t compose(const char *text, uint16_t mid, struct coap_token token,
    struct span payload, uint8_t *out, size_t cap);

#endif
