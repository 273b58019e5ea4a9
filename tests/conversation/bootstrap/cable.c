#include "cable.h"

#include "connection.h"
#include "stage_internal.h"
#include "tcp.h"

#include <sys/epoll.h>

struct cable cable;

/* --- in place of base/loop.c and bootstrapd/tcp.c -------------------------- */

uint64_t
clock_now_ms(void)
{
	return stage.now_ms;
}

enum rc
loop_watch(struct loop *l, int fd, uint32_t events, loop_ready_fn fn, void *ctx)
{
	assert_ptr_equal(l, &stage);
	if (fd == CABLE_LISTENER) {
		cable.accept = fn;
		cable.accept_ctx = ctx;
		return RC_OK;
	}
	assert_int_equal(fd, CABLE_FD);
	cable.events = events;
	cable.ready = fn;
	cable.ctx = ctx;
	return RC_OK;
}

void
loop_unwatch(struct loop *l, int fd)
{
	assert_ptr_equal(l, &stage);
	if (fd == CABLE_LISTENER)
		cable.accept = NULL;
	else
		cable.ready = NULL;
}

enum rc
tcp_accept(int fd, int *out, struct address *from)
{
	assert_int_equal(fd, CABLE_LISTENER);
	if (!cable.calls)
		return RC_AGAIN;
	cable.calls = false;
	cable.open = true;
	*out = CABLE_FD;
	*from = cable.address;
	return RC_OK;
}

enum rc
tcp_read(int fd, uint8_t *buf, size_t cap, size_t *len)
{
	assert_int_equal(fd, CABLE_FD);
	*len = 0;
	if (cable.reset)
		return RC_IO;
	if (cable.up_len == 0)
		return cable.heard_fin ? RC_NOT_FOUND : RC_AGAIN;
	*len = cable.up_len < cap ? cable.up_len : cap;
	memcpy(buf, cable.up, *len);
	cable.up_len -= *len;
	memmove(cable.up, cable.up + *len, cable.up_len);
	return RC_OK;
}

enum rc
tcp_write(int fd, struct span bytes, size_t *taken)
{
	assert_int_equal(fd, CABLE_FD);
	assert_false(cable.said_fin);
	*taken = bytes.len < cable.window ? bytes.len : cable.window;
	if (cable.reset)
		return RC_IO;
	assert_true(cable.down_len + *taken <= sizeof(cable.down));
	if (*taken)
		memcpy(cable.down + cable.down_len, bytes.p, *taken);
	cable.down_len += *taken;
	cable.window -= *taken;
	return RC_OK;
}

void
tcp_finish(int fd)
{
	assert_int_equal(fd, CABLE_FD);
	cable.said_fin = true;
}

void
tcp_close(int fd)
{
	assert_int_equal(fd, CABLE_FD);
	cable.open = false;
	cable.said_fin = true;
}

/* --- the device's end ------------------------------------------------------ */

void
cable_call(const struct address *device, size_t window)
{
	loop_ready_fn accept = cable.accept;
	void *ctx = cable.accept_ctx;

	assert_false(cable.open);
	memset(&cable, 0, sizeof(cable));
	cable.accept = accept;
	cable.accept_ctx = ctx;
	cable.address = *device;
	cable.window = window;
	cable.calls = true;
}

void
cable_say(struct span bytes)
{
	assert_true(cable.up_len + bytes.len <= sizeof(cable.up));
	if (bytes.len)
		memcpy(cable.up + cable.up_len, bytes.p, bytes.len);
	cable.up_len += bytes.len;
}

size_t
cable_hear(uint8_t *out, size_t cap)
{
	size_t len = cable.down_len < cap ? cable.down_len : cap;

	if (len)
		memcpy(out, cable.down, len);
	cable.down_len -= len;
	memmove(cable.down, cable.down + len, cable.down_len);
	cable.window += len;
	return len;
}

void
cable_fin(void)
{
	cable.heard_fin = true;
}

void
cable_reset(void)
{
	cable.reset = true;
}

/** What the kernel would tell the worker now. */
static uint32_t
events(void)
{
	uint32_t now = 0;

	if (cable.up_len > 0 || cable.heard_fin)
		now |= EPOLLIN;
	if (cable.window > 0)
		now |= EPOLLOUT;
	now &= cable.events;
	return cable.reset ? now | EPOLLHUP : now;
}

bool
cable_work(void)
{
	bool any = false;

	if (cable.calls && cable.accept) {
		any = true;
		cable.accept(cable.accept_ctx, EPOLLIN);
	}
	if (cable.ready && events() != 0) {
		any = true;
		cable.ready(cable.ctx, events());
	}
	connections_bury(&stage.worker);
	return any;
}
