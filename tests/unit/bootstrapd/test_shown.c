/* What the server shows, on its way from the keeper to the workers. */
#include "shown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t digests[3 * SHOWN_DIGEST_LEN];

static struct shown
sample(void)
{
	memset(digests, 7, sizeof(digests));
	return (struct shown){
	    .servers =
		{
		    {0xa1b2c3d4, SPAN_LIT("a key"), SPAN_LIT("a chain")},
		    {2, SPAN_LIT("another key"), SPAN_LIT("another chain")},
		},
	    .server_count = 2,
	    .trust = SPAN_LIT("anchors"),
	    .crls = SPAN_LIT("lists"),
	    .raw_keys = span_of(digests, sizeof(digests)),
	};
}

static size_t
encode(const struct shown *s, uint8_t *buf, size_t cap)
{
	struct writer w;

	writer_init(&w, buf, cap);
	shown_put(&w, s);
	assert_false(w.full);
	assert_int_equal(w.len, shown_len(s));
	return w.len;
}

/** From memory of its own length, so that a read past the end is seen. */
static enum rc
try(const uint8_t *p, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct shown s;
	enum rc rc;

	assert_non_null(exact);
	memcpy(exact, p, len);
	rc = shown_get(span_of(exact, len), &s);
	free(exact);
	return rc;
}

static void
same(const struct shown *a, const struct shown *b)
{
	assert_int_equal(a->server_count, b->server_count);
	for (size_t i = 0; i < a->server_count; i++) {
		assert_int_equal(a->servers[i].key, b->servers[i].key);
		assert_true(span_equal(
		    a->servers[i].public_key, b->servers[i].public_key));
		assert_true(
		    span_equal(a->servers[i].chain, b->servers[i].chain));
	}
	assert_true(span_equal(a->trust, b->trust));
	assert_true(span_equal(a->crls, b->crls));
	assert_true(span_equal(a->raw_keys, b->raw_keys));
}

static void
there_and_back(void **state)
{
	const struct shown s = sample(), none = {0};
	uint8_t buf[1024];
	struct shown got;
	size_t len = encode(&s, buf, sizeof(buf));

	(void)state;
	assert_int_equal(shown_get(span_of(buf, len), &got), RC_OK);
	same(&got, &s);
	len = encode(&none, buf, sizeof(buf));
	assert_int_equal(shown_get(span_of(buf, len), &got), RC_OK);
	same(&got, &none);
}

static void
every_truncation_is_refused(void **state)
{
	const struct shown s = sample();
	uint8_t buf[1024];
	size_t len = encode(&s, buf, sizeof(buf));

	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_int_equal(try(buf, n), RC_MALFORMED);
	buf[len] = 0;
	assert_int_equal(try(buf, len + 1), RC_MALFORMED);
}

static void
what_is_refused(void **state)
{
	struct shown s = sample();
	uint8_t buf[1024];
	size_t len = encode(&s, buf, sizeof(buf));

	(void)state;
	buf[4] = 2;
	assert_int_equal(try(buf, len), RC_UNSUPPORTED);
	buf[4] = 1;
	buf[0] ^= 1;
	assert_int_equal(try(buf, len), RC_MALFORMED);
	buf[0] ^= 1;
	buf[5] = SERVERS_MAX + 1;
	assert_int_equal(try(buf, len), RC_MALFORMED);
	/* a count of digests whose bytes would wrap around */
	len = encode(&s, buf, sizeof(buf));
	memset(buf + len - sizeof(digests) - 4, 0xff, 4);
	assert_int_equal(try(buf, len), RC_MALFORMED);
	s.servers[1].chain.len = 0;
	assert_int_equal(try(buf, encode(&s, buf, sizeof(buf))), RC_MALFORMED);
	s = sample();
	s.servers[0].public_key.len = 0;
	assert_int_equal(try(buf, encode(&s, buf, sizeof(buf))), RC_MALFORMED);
}

static uint32_t
draw(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* What is believed is written again as it was understood. */
static void
mutations(void **state)
{
	const struct shown s = sample();
	uint8_t buf[1024], mutant[1024], again[1024];
	size_t len = encode(&s, buf, sizeof(buf));
	uint32_t random = 1;

	(void)state;
	for (unsigned round = 0; round < 100000; round++) {
		struct shown got;

		memcpy(mutant, buf, len);
		for (unsigned n = draw(&random) % 4 + 1; n > 0; n--)
			mutant[draw(&random) % len] = (uint8_t)draw(&random);
		if (shown_get(span_of(mutant, len), &got) != RC_OK)
			continue;
		assert_int_equal(encode(&got, again, sizeof(again)), len);
		assert_memory_equal(again, mutant, len);
	}
}

/* Nobody can change what was sealed; it is read as often as one likes. */
static void
sealed(void **state)
{
	const struct shown s = sample();
	uint8_t want[1024], *bytes;
	size_t len, want_len = encode(&s, want, sizeof(want));
	int fd;

	(void)state;
	assert_int_equal(shown_seal(&s, &fd, &len), RC_OK);
	assert_int_equal(len, want_len);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(ftruncate(fd, 4096), -1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(shown_read(fd, len, &bytes), RC_OK);
		assert_memory_equal(bytes, want, len);
		free(bytes);
	}
	close(fd);
}

static void
what_is_not_read(void **state)
{
	const struct shown s = sample();
	uint8_t *bytes;
	size_t len;
	int fd, ends[2];

	(void)state;
	assert_int_equal(shown_seal(&s, &fd, &len), RC_OK);
	assert_int_equal(shown_read(fd, len - 1, &bytes), RC_MALFORMED);
	assert_int_equal(shown_read(fd, len + 1, &bytes), RC_MALFORMED);
	assert_int_equal(shown_read(fd, (uint64_t)SHOWN_BYTES_MAX + 1, &bytes),
	    RC_TOO_LARGE);
	close(fd);
	/* a memory file that its sender could still write to */
	fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "12345", 5), 5);
	assert_int_equal(shown_read(fd, 5, &bytes), RC_DENIED);
	assert_int_equal(
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	assert_int_equal(shown_read(fd, 5, &bytes), RC_DENIED);
	close(fd);
	/* no memory file at all */
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(shown_read(ends[0], 5, &bytes), RC_DENIED);
	assert_null(bytes);
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(every_truncation_is_refused),
	    cmocka_unit_test(what_is_refused),
	    cmocka_unit_test(mutations),
	    cmocka_unit_test(sealed),
	    cmocka_unit_test(what_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
