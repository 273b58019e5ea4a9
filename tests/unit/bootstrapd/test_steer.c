/* The filter that finds a worker's socket: run here instruction by instruction,
 * and by the kernel. */
#include "steer.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORKERS = 4, PATIENCE_MS = 10000 };

static struct dtls_cid_key key;

/* Of `len` bytes at `at`, big-endian; beyond the packet the kernel's machine
 * returns 0. */
static bool
load(struct span packet, size_t at, size_t len, uint32_t *out)
{
	*out = 0;
	if (at + len > packet.len)
		return false;
	for (size_t i = 0; i < len; i++)
		*out = *out << 8 | packet.p[at + i];
	return true;
}

static uint32_t
compute(unsigned op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_MUL:
		return a * b;
	case BPF_RSH:
		assert_true(b < 32);
		return a >> b;
	default:
		fail_msg("arithmetic %02x", op);
		return 0;
	}
}

/* The classic machine, as far as the program needs it. */
static uint32_t
run(const struct steer_program *p, struct span packet)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};

	for (size_t pc = 0; pc < p->len; pc++) {
		const struct sock_filter *i = &p->code[pc];
		bool yes;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (BPF_MODE(i->code) == BPF_LEN)
				a = (uint32_t)packet.len;
			else if (BPF_MODE(i->code) == BPF_MEM)
				a = memory[i->k];
			else if (!load(packet,
				     i->k +
					 (BPF_MODE(i->code) == BPF_IND ? x : 0),
				     BPF_SIZE(i->code) == BPF_W ? 4 : 1, &a))
				return 0;
			break;
		case BPF_LDX:
			x = BPF_MODE(i->code) == BPF_MEM ? memory[i->k] : i->k;
			break;
		case BPF_ST:
			memory[i->k] = a;
			break;
		case BPF_STX:
			memory[i->k] = x;
			break;
		case BPF_ALU:
			a = compute(BPF_OP(i->code), a,
			    BPF_SRC(i->code) == BPF_X ? x : i->k);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA) {
				pc += i->k;
				break;
			}
			yes =
			    BPF_OP(i->code) == BPF_JEQ ? a == i->k : a >= i->k;
			pc += yes ? i->jt : i->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		default:
			assert_int_equal(BPF_MISCOP(i->code), BPF_TAX);
			x = a;
			break;
		}
	}
	fail_msg("the program runs out");
	return 0;
}

/* A record with that Connection ID, long enough to be one. */
static struct span
record_12(const uint8_t *cid, uint8_t out[static 64])
{
	memset(out, 0xa5, 64);
	out[0] = DTLS_CID_TYPE;
	memcpy(out + DTLS_CID_AT, cid, DTLS_CID_LEN);
	return span_of(out, 40);
}

static struct span
record_13(const uint8_t *cid, uint8_t out[static 64])
{
	memset(out, 0x5a, 64);
	out[0] = DTLS_CID_13 | 0x0e;
	memcpy(out + DTLS_CID_13_AT, cid, DTLS_CID_LEN);
	return span_of(out, 33);
}

static void
finds_the_worker(void **state)
{
	struct steer_program p;
	uint8_t cid[DTLS_CID_LEN], bytes[64];

	(void)state;
	for (int round = 0; round < 200; round++) {
		dtls_cid_key_make(&key);
		steer_write(&key, &p);
		for (unsigned worker = 0; worker < 256; worker += 5) {
			dtls_cid_make(&key, (uint8_t)worker, cid);
			assert_int_equal(
			    run(&p, record_12(cid, bytes)), worker);
			assert_int_equal(
			    run(&p, record_13(cid, bytes)), worker);
		}
	}
}

/* Whatever has no Connection ID goes by the kernel's hash; nothing is read
 * beyond the end, which would mean worker 0. */
static void
leaves_the_rest_alone(void **state)
{
	struct steer_program p;
	uint8_t cid[DTLS_CID_LEN], bytes[64];

	(void)state;
	dtls_cid_key_make(&key);
	steer_write(&key, &p);
	dtls_cid_make(&key, 3, cid);
	for (size_t len = 0; len < 21; len++) {
		record_12(cid, bytes);
		assert_int_equal(run(&p, span_of(bytes, len)), STEER_ANY);
		record_13(cid, bytes);
		assert_int_equal(run(&p, span_of(bytes, len)), STEER_ANY);
	}
	for (unsigned first = 0; first < 256; first++) {
		bool has = first == DTLS_CID_TYPE || (first & 0xf0) == 0x30;

		record_12(cid, bytes);
		bytes[0] = (uint8_t)first;
		assert_int_equal(
		    run(&p, span_of(bytes, 40)) == STEER_ANY, !has);
	}
}

static int
bound(struct sockaddr_in *where)
{
	const int on = 1;
	socklen_t len = sizeof(*where);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)where, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)where, &len), 0);
	return fd;
}

/* Which socket got it; there is nothing else under way. */
static unsigned
receiver(const int *fds)
{
	struct pollfd all[WORKERS];
	uint8_t bytes[64];

	for (unsigned i = 0; i < WORKERS; i++)
		all[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	assert_int_equal(poll(all, WORKERS, PATIENCE_MS), 1);
	for (unsigned i = 0; i < WORKERS; i++)
		if (all[i].revents & POLLIN) {
			assert_true(recv(fds[i], bytes, sizeof(bytes), 0) > 0);
			return i;
		}
	return WORKERS;
}

static unsigned
sent(int from, const struct sockaddr_in *to, const int *fds, struct span d)
{
	assert_int_equal(sendto(from, d.p, d.len, 0,
			     (const struct sockaddr *)to, sizeof(*to)),
	    (ssize_t)d.len);
	return receiver(fds);
}

static void
the_kernel_agrees(void **state)
{
	struct sockaddr_in where = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	uint8_t cid[DTLS_CID_LEN], bytes[64];
	unsigned home, hits[WORKERS] = {0};
	int fds[WORKERS];

	(void)state;
	dtls_cid_key_make(&key);
	for (unsigned i = 0; i < WORKERS; i++)
		fds[i] = bound(&where);
	if (steer_attach(fds[0], &key) != RC_OK) {
		print_message("no filters here: %s\n", strerror(errno));
		skip();
	}
	/* Each time from another port, as the hash has it: by the Connection
	 * ID always to the one, without always to another one. */
	for (unsigned n = 0; n < 64; n++) {
		int from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		unsigned worker = n % WORKERS;

		assert_true(from >= 0);
		dtls_cid_make(&key, (uint8_t)worker, cid);
		assert_int_equal(
		    sent(from, &where, fds, record_12(cid, bytes)), worker);
		assert_int_equal(
		    sent(from, &where, fds, record_13(cid, bytes)), worker);
		record_12(cid, bytes);
		bytes[0] = 22;
		home = sent(from, &where, fds, span_of(bytes, 40));
		hits[home]++;
		assert_int_equal(
		    sent(from, &where, fds, SPAN_LIT("short")), home);
		/* of a worker that there is not */
		dtls_cid_make(&key, WORKERS + 1, cid);
		assert_int_equal(
		    sent(from, &where, fds, record_12(cid, bytes)), home);
		close(from);
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		assert_in_range(hits[i], 1, 60);
		close(fds[i]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_the_worker),
	    cmocka_unit_test(leaves_the_rest_alone),
	    cmocka_unit_test(the_kernel_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
