/*
 * Without libFuzzer: each seed of a corpus, every prefix of it, and a number of
 * mutations of it, always the same ones. Exit 0 when the target has survived,
 * 1 when there is nothing to replay.
 *
 * usage: replay [-m MUTATIONS] FOLDER...
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	SEED_MAX = 1 << 16, /* bytes */
	GROWTH_MAX = 256, /* bytes that a mutation may add */
	STEPS_MAX = 6, /* of one mutation */
	SEEDS_MAX = 512,
	PREFIXES_MAX = 2048,
	MUTATIONS = 2000, /* of each seed */
};

struct seed {
	char name[512];
	uint8_t *bytes;
	size_t len;
};

static struct seed seeds[SEEDS_MAX];
static size_t seed_count;
static uint64_t inputs;

static uint32_t
draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

/* In memory of its own length, so that a sanitizer sees a read past its end. */
static void
run(const uint8_t *p, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		abort();
	if (len)
		memcpy(exact, p, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	inputs++;
}

static void
insert(uint8_t *p, size_t *len, size_t at, const uint8_t *from, size_t n)
{
	memmove(p + at + n, p + at, *len - at);
	memcpy(p + at, from, n);
	*len += n;
}

/* One change; `p` has room for GROWTH_MAX / STEPS_MAX bytes more. */
static void
mutate(uint8_t *p, size_t *len, uint64_t *random)
{
	static const uint8_t telling[] = {
	    0, 1, 0x7f, 0x80, 0xff, 0xfe, '"', ',', ';', '<', '/', 0x40};
	size_t at = *len ? draw(random) % *len : 0;
	size_t n = 1 + draw(random) % (GROWTH_MAX / STEPS_MAX);
	const struct seed *other = &seeds[draw(random) % seed_count];
	uint8_t byte = (uint8_t)draw(random);

	if (*len == 0) {
		insert(p, len, 0, &byte, 1);
		return;
	}
	switch (draw(random) % 7) {
	case 0:
		p[at] ^= (uint8_t)(1u << draw(random) % 8);
		break;
	case 1:
		p[at] = byte;
		break;
	case 2:
		p[at] = telling[byte % sizeof(telling)];
		break;
	case 3:
		p[at] = (uint8_t)(p[at] + (byte & 1 ? 1 : -1));
		break;
	case 4: /* a part goes */
		if (n > *len - at)
			n = *len - at;
		memmove(p + at, p + at + n, *len - at - n);
		*len -= n;
		break;
	case 5: { /* a part comes twice */
		uint8_t part[GROWTH_MAX];

		if (n > *len - at)
			n = *len - at;
		memcpy(part, p + at, n);
		insert(p, len, at, part, n);
		break;
	}
	default: /* a part of another seed */
		if (other->len == 0)
			break;
		if (n > other->len)
			n = other->len;
		insert(p, len, at,
		    other->bytes + draw(random) % (other->len - n + 1), n);
	}
}

static void
play(const struct seed *s, unsigned mutations)
{
	static uint8_t mutant[SEED_MAX + GROWTH_MAX];
	uint64_t random = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < s->len; i++)
		random = (random ^ s->bytes[i]) * 0x100000001b3;
	random |= 1;
	run(s->bytes, s->len);
	for (size_t len = 0; len < s->len && len < PREFIXES_MAX; len++)
		run(s->bytes, len);
	for (unsigned i = 0; i < mutations; i++) {
		unsigned steps = 1 + draw(&random) % STEPS_MAX;
		size_t len = s->len;

		memcpy(mutant, s->bytes, s->len);
		while (steps-- > 0)
			mutate(mutant, &len, &random);
		run(mutant, len);
	}
}

static bool
load(const char *folder, const char *name)
{
	struct seed *s = &seeds[seed_count];
	static uint8_t buf[SEED_MAX + 1];
	FILE *f;

	if (seed_count == SEEDS_MAX) {
		fprintf(stderr, "%s: more than %d seeds\n", folder, SEEDS_MAX);
		return false;
	}
	snprintf(s->name, sizeof(s->name), "%s/%s", folder, name);
	f = fopen(s->name, "rb");
	if (!f) {
		fprintf(stderr, "%s: %s\n", s->name, strerror(errno));
		return false;
	}
	s->len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	if (s->len > SEED_MAX) {
		fprintf(stderr, "%s: too large\n", s->name);
		return false;
	}
	s->bytes = malloc(s->len ? s->len : 1);
	if (!s->bytes)
		abort();
	memcpy(s->bytes, buf, s->len);
	seed_count++;
	return true;
}

static int
visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool
load_folder(const char *folder)
{
	struct dirent **list;
	bool good = true;
	int n = scandir(folder, &list, visible, alphasort);

	if (n < 0) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		return false;
	}
	for (int i = 0; i < n; i++) {
		good = good && load(folder, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	if (n == 0)
		fprintf(stderr, "%s: no seeds\n", folder);
	return good && n > 0;
}

int
main(int argc, char **argv)
{
	unsigned mutations = MUTATIONS;
	bool good = true;
	int c;

	while ((c = getopt(argc, argv, "m:")) != -1) {
		if (c != 'm')
			return 64;
		mutations = (unsigned)strtoul(optarg, NULL, 10);
	}
	for (int i = optind; i < argc; i++)
		good = load_folder(argv[i]) && good;
	for (size_t i = 0; good && i < seed_count; i++) {
		/* the last line before a crash names the seed */
		fprintf(stderr, "%s\n", seeds[i].name);
		play(&seeds[i], mutations);
	}
	for (size_t i = 0; i < seed_count; i++)
		free(seeds[i].bytes);
	printf(
	    "%zu seeds, %llu inputs\n", seed_count, (unsigned long long)inputs);
	return good && seed_count > 0 ? 0 : 1;
}
