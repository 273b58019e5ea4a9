/* One packet and one descriptor at a time, whatever the other side sends. */
#include "link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static int
start(void **state)
{
	(void)state;
	return link_pair(ends) == RC_OK ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static size_t
open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void
send_credentials(int fd)
{
	struct question q = {.kind = Q_CREDENTIALS};

	q.credentials.len = 5;
	assert_int_equal(link_send_with(ends[0], &q, fd), RC_OK);
}

static void
a_descriptor_arrives(void **state)
{
	struct question q;
	char text[8];
	int pipes[2], passed;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "hello", 5), 5);
	send_credentials(pipes[0]);
	close(pipes[0]);
	assert_int_equal(link_receive_with(ends[1], &q, &passed), RC_OK);
	assert_int_equal(q.kind, Q_CREDENTIALS);
	assert_int_equal(q.credentials.len, 5);
	assert_true(passed >= 0);
	assert_int_equal(fcntl(passed, F_GETFD), FD_CLOEXEC);
	assert_int_equal(read(passed, text, sizeof(text)), 5);
	close(passed);
	close(pipes[1]);
	/* and none without one */
	assert_int_equal(
	    link_send(ends[0], &(struct question){.kind = Q_HELLO}), RC_OK);
	link_flush();
	assert_int_equal(link_receive_with(ends[1], &q, &passed), RC_OK);
	assert_int_equal(passed, -1);
	assert_int_equal(link_receive_with(ends[1], &q, &passed), RC_AGAIN);
	assert_int_equal(passed, -1);
}

/* In the order in which they were said. */
static void
behind_what_was_gathered(void **state)
{
	struct question q = {.kind = Q_HELLO};
	int passed;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		q.hello_worker = i;
		assert_int_equal(link_send(ends[0], &q), RC_OK);
	}
	send_credentials(ends[0]);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(
		    link_receive_with(ends[1], &q, &passed), RC_OK);
		assert_int_equal(q.kind, Q_HELLO);
		assert_int_equal(q.hello_worker, i);
		assert_int_equal(passed, -1);
	}
	assert_int_equal(link_receive_with(ends[1], &q, &passed), RC_OK);
	assert_int_equal(q.kind, Q_CREDENTIALS);
	close(passed);
	link_flush();
	assert_int_equal(link_receive_with(ends[1], &q, &passed), RC_AGAIN);
}

/* A worker that does not read leaves descriptors to the others. */
static void
so_many_under_way(void **state)
{
	struct question q = {.kind = Q_CREDENTIALS};
	unsigned sent = 0, heard = 0;
	enum rc rc;
	int passed;

	(void)state;
	while ((rc = link_send_with(ends[0], &q, ends[0])) == RC_OK)
		assert_true(++sent < 400);
	assert_int_equal(rc, RC_AGAIN);
	while (link_receive_with(ends[1], &q, &passed) == RC_OK) {
		close(passed);
		heard++;
	}
	assert_int_equal(heard, sent);
	assert_int_equal(link_send_with(ends[0], &q, ends[0]), RC_OK);
}

/* A worker that was taken over sends descriptors; the keeper has none of it. */
static void
who_wants_none_gets_none(void **state)
{
	size_t before = open_descriptors();
	struct question q;

	(void)state;
	for (int i = 0; i < 100; i++) {
		send_credentials(ends[0]);
		assert_int_equal(link_receive(ends[1], &q), RC_OK);
	}
	assert_int_equal(open_descriptors(), before);
}

/* Several at once: one is taken, the others are closed by the kernel. */
static void
one_at_a_time(void **state)
{
	enum { MANY = 8 };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(MANY * sizeof(int))];
	} control = {0};
	uint8_t bytes[64];
	struct question q = {.kind = Q_CREDENTIALS};
	struct writer w;
	struct iovec part;
	struct msghdr m = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_SPACE(MANY * sizeof(int))};
	size_t before = open_descriptors();
	int fds[MANY], passed;

	(void)state;
	writer_init(&w, bytes, sizeof(bytes));
	question_put(&w, &q);
	part = (struct iovec){w.buf, w.len};
	for (int i = 0; i < MANY; i++)
		fds[i] = ends[0];
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
	assert_true(sendmsg(ends[0], &m, 0) > 0);
	assert_int_equal(link_receive_with(ends[1], &q, &passed), RC_OK);
	assert_true(passed >= 0);
	close(passed);
	assert_int_equal(open_descriptors(), before);
}

/* It comes with nonsense: to be closed all the same. */
static void
with_nonsense(void **state)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	uint8_t byte = 0xff;
	struct iovec part = {&byte, 1};
	struct msghdr m = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	struct question q;
	int passed;

	(void)state;
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &ends[0], sizeof(int));
	assert_int_equal(sendmsg(ends[0], &m, 0), 1);
	assert_int_equal(
	    link_receive_with(ends[1], &q, &passed), RC_UNSUPPORTED);
	assert_true(passed >= 0);
	close(passed);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_descriptor_arrives),
	    STORY(behind_what_was_gathered),
	    STORY(so_many_under_way),
	    STORY(who_wants_none_gets_none),
	    STORY(one_at_a_time),
	    STORY(with_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
