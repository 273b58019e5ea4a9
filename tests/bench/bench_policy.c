/*
 * How much longer it takes to find the policy of one endpoint among many than
 * among few: `lookup 10000/10 = 2.1`. A number for people.
 */
#include "policy/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FEW = 10, MANY = 10000, LOOKUPS = 2000000, ROUNDS = 5 };

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct policy_set *
make(unsigned count)
{
	struct policy_set *s = NULL;
	struct diag *d = diag_new();
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!d || !f)
		exit(EXIT_FAILURE);
	fputs("identity: factory\npsk: {derive: master}\n", f);
	for (unsigned i = 0; i < count; i++)
		fprintf(f,
		    "---\npolicy: p%u\n"
		    "match: {endpoint: \"urn:dev:ops:0057F2-%05u-*\"}\n"
		    "servers: []\n",
		    i, i);
	fclose(f);
	/* a file has at most 1 MiB */
	if (policy_load_text("bench.yaml", span_of(text, len), d, &s) != RC_OK)
		diag_print(d, stderr);
	diag_free(d);
	free(text);
	if (!s)
		exit(EXIT_FAILURE);
	return s;
}

/* Nanoseconds of one lookup, the best of some rounds. */
static double
measure(unsigned count)
{
	struct policy_set *s = make(count);
	double best = 0;

	for (unsigned r = 0; r < ROUNDS; r++) {
		double begin = seconds(), took;

		for (unsigned i = 0; i < LOOKUPS / ROUNDS; i++) {
			struct policy_facts f = {.identity = s->identities};
			char name[64];
			int len = snprintf(name, sizeof(name),
			    "urn:dev:ops:0057F2-%05u-%u", i * 7919u % count, i);

			f.endpoint = span_of(name, (size_t)len);
			if (!policy_for(s, &f))
				exit(EXIT_FAILURE);
		}
		took = (seconds() - begin) / (LOOKUPS / ROUNDS) * 1e9;
		best = r == 0 || took < best ? took : best;
	}
	policy_set_unref(s);
	return best;
}

int
main(void)
{
	double few = measure(FEW), many = measure(MANY);

	printf("lookup among %d: %.0f ns, among %d: %.0f ns\n", FEW, few, MANY,
	    many);
	printf("lookup %d/%d = %.1f\n", MANY, FEW, many / few);
	return EXIT_SUCCESS;
}
