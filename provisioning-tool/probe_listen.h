/**
 * probe_listen.h - what the two files of probe_wire.h tell each other: the
 * watchers of the sockets that probe_listen.c opens.
 */
#ifndef TOOL_PROBE_LISTEN_H
#define TOOL_PROBE_LISTEN_H

#include <stdint.h>

/** `ctx`: a struct wire_listener. */
void wire_on_datagrams(void *ctx, uint32_t events);
void wire_on_connection(void *ctx, uint32_t events);

#endif
