/**
 * stream_trace.h - trace.h for a connection: the same peer, clock, notation and
 * events, but bytes of a stream in place of datagrams. What trace.h says of
 * requests and events (asked, answered, failed, request, respond, at, wakes)
 * holds here too; from() and expect() are for datagrams alone.
 */
#ifndef STREAM_TRACE_H
#define STREAM_TRACE_H

#include "trace.h"

/** The peer's usual CSM: 8192 bytes, blocks. */
#define CSM "40 e1 22 2000 20"
/** Ours, from stream_params as they are set up. */
#define OUR_CSM "40 e1 22 4000 20"

/** The defaults, but without Ping: `idle_ms` is 0. May be changed. */
extern struct coap_stream_params stream_params;

/** cmocka set-ups: connected, the CSMs are exchanged; or nothing has happened
 *  yet but the set-up of the parameters. */
int stream_setup(void **state);
int stream_setup_bare(void **state);

/** A fresh connection; our CSM waits. */
void connect_peer(void);
/** And the CSMs go: ours is `ours`, the peer's `theirs`. */
void exchange_csm(const char *ours, const char *theirs);

/** Bytes come in, at once. */
void comes(const char *bytes);
/** What came is read, and there is no event in it. */
void quiet(void);
/** The next bytes that go out; more may wait behind them. */
void goes(const char *bytes);
/** request(), while something waits to be sent. */
void ask(struct coap_request rq);
/** Our request's last event is FAILED, with the connection. */
void gone(const char *why);
/** The connection has ended for good, and nothing waits to be sent. */
void over(enum coap_end_kind kind);
/** The connection has ended for good by Abort with `why`, which goes out. */
void aborts(enum coap_end_kind kind, const char *why);

#endif
