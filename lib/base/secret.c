#include "base/secret.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Slots of a few sizes, in chunks that hold slots of one size each. A free
 * slot is all zero but for the link to the next one.
 */
static const size_t slot_lens[] = {64, 256, 1024, 4096};

enum {
	CLASS_COUNT = sizeof(slot_lens) / sizeof(slot_lens[0]),
	CHUNK_LEN = 8192, /* bytes, rounded up to pages */
};

struct slot {
	struct slot *next;
};

/* A run of locked pages, known so that a forked child can lock its copy. */
struct pages {
	struct pages *next;
	uint8_t *base; /* behind the guard page */
	size_t len; /* bytes, whole pages, without the guards */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pages *all_pages;
static struct slot *free_slots[CLASS_COUNT];
static bool fork_handled;

static size_t
page_len(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* The class of slots for `cap` bytes, CLASS_COUNT when it has its own pages. */
static size_t
class_of(size_t cap)
{
	size_t i = 0;

	while (i < CLASS_COUNT && cap > slot_lens[i])
		i++;
	return i;
}

static void
before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void
parent_after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

/* Memory locks are not inherited: fork(2). */
static void
child_after_fork(void)
{
	for (struct pages *p = all_pages; p; p = p->next)
		if (mlock(p->base, p->len) < 0)
			abort();
	pthread_mutex_unlock(&lock);
}

/* Lock held. Locked, undumpable pages between guards; NULL on failure. */
static struct pages *
pages_new(size_t len)
{
	size_t page = page_len();
	struct pages *p = NULL;
	uint8_t *map = MAP_FAILED;
	size_t map_len;

	if (!fork_handled) {
		if (pthread_atfork(
			before_fork, parent_after_fork, child_after_fork))
			return NULL;
		fork_handled = true;
	}
	len = (len + page - 1) / page * page;
	map_len = len + 2 * page;
	p = malloc(sizeof(*p));
	if (!p)
		return NULL;
	map =
	    mmap(NULL, map_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		goto fail;
	if (mprotect(map + page, len, PROT_READ | PROT_WRITE) < 0 ||
	    madvise(map + page, len, MADV_DONTDUMP) < 0 ||
	    mlock(map + page, len) < 0)
		goto fail;
	*p = (struct pages){all_pages, map + page, len};
	all_pages = p;
	return p;
fail:
	/* What was locked of it is unlocked with the mapping. */
	if (map != MAP_FAILED)
		munmap(map, map_len);
	free(p);
	return NULL;
}

/* Lock held. The pages have been wiped. */
static void
pages_free(const uint8_t *base)
{
	size_t page = page_len();

	for (struct pages **link = &all_pages; *link; link = &(*link)->next) {
		struct pages *p = *link;

		if (p->base != base)
			continue;
		*link = p->next;
		munmap(p->base - page, p->len + 2 * page);
		free(p);
		return;
	}
	abort(); /* not ours: the struct secret was overwritten */
}

/* Lock held. */
static bool
add_slots(size_t class)
{
	struct pages *p = pages_new(CHUNK_LEN);
	size_t slot_len = slot_lens[class];

	if (!p)
		return false;
	/* From the end, so that the first slot is taken first. */
	for (size_t at = p->len; at >= slot_len; at -= slot_len) {
		void *place = p->base + at - slot_len;
		struct slot *slot = place;

		slot->next = free_slots[class];
		free_slots[class] = slot;
	}
	return true;
}

/* `cap` zeroed bytes; NULL when there is no more lockable memory. */
static uint8_t *
bytes_take(size_t cap)
{
	size_t class = class_of(cap);
	uint8_t *bytes = NULL;

	pthread_mutex_lock(&lock);
	if (class == CLASS_COUNT) {
		struct pages *p = pages_new(cap);

		bytes = p ? p->base : NULL;
	} else if (free_slots[class] || add_slots(class)) {
		struct slot *slot = free_slots[class];

		free_slots[class] = slot->next;
		slot->next = NULL;
		bytes = (uint8_t *)slot;
	}
	pthread_mutex_unlock(&lock);
	return bytes;
}

static void
bytes_give(uint8_t *bytes, size_t cap)
{
	size_t class = class_of(cap);

	/* All of `cap`: what lies behind .len was a secret before, perhaps. */
	explicit_bzero(bytes, cap);
	pthread_mutex_lock(&lock);
	if (class == CLASS_COUNT) {
		pages_free(bytes);
	} else {
		void *place = bytes;
		struct slot *slot = place;

		slot->next = free_slots[class];
		free_slots[class] = slot;
	}
	pthread_mutex_unlock(&lock);
}

void
secret_fini(struct secret *s)
{
	if (s->bytes)
		bytes_give(s->bytes, s->cap);
	*s = (struct secret){0};
}

static enum rc
reserve(struct secret *s, size_t cap, size_t max)
{
	secret_fini(s);
	if (cap > max)
		return RC_TOO_LARGE;
	if (cap == 0)
		return RC_OK;
	s->bytes = bytes_take(cap);
	if (!s->bytes)
		return RC_MEMORY;
	s->cap = cap;
	return RC_OK;
}

enum rc
secret_reserve(struct secret *s, size_t cap)
{
	return reserve(s, cap, SECRET_MAX);
}

enum rc
secret_reserve_large(struct secret *s, size_t cap)
{
	return reserve(s, cap, SECRET_LARGE_MAX);
}

enum rc
secret_set(struct secret *s, struct span bytes)
{
	struct secret fresh = {0};
	enum rc rc = secret_reserve(&fresh, bytes.len);

	if (rc == RC_OK && bytes.len) {
		memcpy(fresh.bytes, bytes.p, bytes.len);
		fresh.len = bytes.len;
	}
	secret_move(s, &fresh);
	return rc;
}

void
secret_move(struct secret *to, struct secret *from)
{
	if (to == from)
		return;
	secret_fini(to);
	*to = *from;
	*from = (struct secret){0};
}

bool
secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && bytes_equal_ct(a->bytes, b->bytes, a->len);
}

void
secret_wipe(void *p, size_t len)
{
	if (len)
		explicit_bzero(p, len);
}

bool
bytes_equal_ct(const void *a, const void *b, size_t len)
{
	/* volatile: no early end, however clever the compiler. */
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	unsigned differ = 0;

	for (size_t i = 0; i < len; i++)
		differ |= (unsigned)(x[i] ^ y[i]);
	return differ == 0;
}

void
secret_harden_process(void)
{
	struct rlimit limit;

	/* A lower limit than asked for shows as RC_MEMORY, where it matters. */
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_MEMLOCK, &limit);
	}
	/* Lowering a limit and the flag of one's own process cannot fail. */
	limit = (struct rlimit){0, 0};
	if (setrlimit(RLIMIT_CORE, &limit) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		abort();
}
