#include "fault_calls.h"

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct fault kinds[] = {
    {"0x32", FAULT_ONCE, true, NULL}, /* CKR_DEVICE_REMOVED */
    {"0xe0", FAULT_ONCE, false, NULL}, /* CKR_TOKEN_NOT_PRESENT */
    {"0xb3", FAULT_ONCE, true, NULL}, /* CKR_SESSION_HANDLE_INVALID */
    {"0xb0", FAULT_ONCE, false, NULL}, /* CKR_SESSION_CLOSED */
    {"0x101", FAULT_ONCE, true, NULL}, /* CKR_USER_NOT_LOGGED_IN */
    {"0x60", FAULT_ONCE, false, NULL}, /* CKR_KEY_HANDLE_INVALID */
    {"0x82", FAULT_ONCE, true, NULL}, /* CKR_OBJECT_HANDLE_INVALID */
    {"0x31", FAULT_ONCE, true, NULL}, /* CKR_DEVICE_MEMORY: it is full */
    {"0x30", FAULT_ONCE, false, NULL}, /* CKR_DEVICE_ERROR */
    {"0x6", FAULT_ONCE, false, NULL}, /* CKR_FUNCTION_FAILED */
    {"0x5", FAULT_ONCE, true, NULL}, /* CKR_GENERAL_ERROR */
    {"0x2", FAULT_ONCE, false, NULL}, /* CKR_HOST_MEMORY */
    {"0x190", FAULT_ONCE, false, NULL}, /* CKR_CRYPTOKI_NOT_INITIALIZED */
    {"0x90", FAULT_ONCE, false, NULL}, /* CKR_OPERATION_ACTIVE */
    {"0x32", FAULT_ALWAYS, true, NULL},
    {"0xb3", FAULT_ALWAYS, false, NULL},
    {"0x101", FAULT_ALWAYS, false, NULL},
    {"0x82", FAULT_ALWAYS, false, NULL},
    {"0x31", FAULT_ALWAYS, false, NULL},
    {"0x5", FAULT_ALWAYS, false, NULL},
    /* Done, and then not heard of. */
    {"after=0x32", FAULT_ONCE, true, NULL},
    {"after=0xb3", FAULT_ONCE, false, NULL},
    {"after=0x5", FAULT_ONCE, false, NULL},
    /* Truly lost. */
    {"close-all", FAULT_ONCE, true, NULL},
    {"logout", FAULT_ONCE, true, NULL},
    {"finalize", FAULT_ONCE, false, NULL},
    /* Of another length than it has. */
    {"len=0", FAULT_ONCE, false, "C_Sign"},
    {"len=31", FAULT_ONCE, true, "C_Sign"},
    {"len=63", FAULT_ONCE, true, "C_Sign"},
    {"len=65", FAULT_ONCE, false, "C_Sign"},
    {"len=256", FAULT_ONCE, false, "C_Sign"},
    {"len=63", FAULT_ALWAYS, true, "C_Sign"},
    {"len=0", FAULT_ONCE, false, "C_DigestFinal"},
    {"len=31", FAULT_ONCE, false, "C_DigestFinal"},
    {"len=64", FAULT_ONCE, false, "C_DigestFinal"},
    {"len=0", FAULT_ONCE, false, "C_GetAttributeValue"},
    {"len=3", FAULT_ONCE, false, "C_GetAttributeValue"},
    {"len=200", FAULT_ONCE, false, "C_GetAttributeValue"},
};

/* What libp11 has read of slots and keys when the next read fails, it never
 * frees. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libp11.so\n";
}

static char log_path[64];

bool
fault_lies(const struct fault_call *c, const struct fault *f)
{
	return strncmp(f->what, "len=", 4) == 0 &&
	    strcmp(c->function, "C_GetAttributeValue") == 0;
}

void
fault_log_use(void)
{
	snprintf(log_path, sizeof(log_path), "%s/log", fixture.dir);
	setenv("P11SHIM_LOG", log_path, 1);
}

void
fault_log_reset(void)
{
	FILE *f = fopen(log_path, "we");

	assert_non_null(f);
	fclose(f);
}

static struct fault_call *
call_of(struct fault_calls *calls, const char *function)
{
	struct fault_call *c;

	for (size_t i = 0; i < calls->count; i++)
		if (strcmp(calls->list[i].function, function) == 0)
			return &calls->list[i];
	assert_true(calls->count < FAULT_CALLS_MAX);
	c = &calls->list[calls->count++];
	memset(c, 0, sizeof(*c));
	snprintf(c->function, sizeof(c->function), "%s", function);
	return c;
}

void
fault_log_read(struct fault_calls *out)
{
	char function[32];
	FILE *f = fopen(log_path, "re");

	assert_non_null(f);
	out->count = 0;
	while (fscanf(f, "%31s", function) == 1)
		call_of(out, function)->n++;
	fclose(f);
	assert_true(out->count > 0);
}

static void
of_kind(const struct fault_call *c, const struct fault *f, bool all,
    fault_fn fn, void *ctx)
{
	fn(ctx, c, 1, f);
	if (f->often == FAULT_ALWAYS)
		return;
	if (all && c->n > 2)
		fn(ctx, c, c->n / 2 + 1, f);
	if (c->n > 1)
		fn(ctx, c, c->n, f);
}

void
fault_each(const struct fault_calls *calls, bool all, fault_fn fn, void *ctx)
{
	for (size_t i = 0; i < calls->count; i++) {
		const struct fault_call *c = &calls->list[i];

		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			const struct fault *f = &kinds[k];

			if (!all && !f->everywhere)
				continue;
			if (f->function && strcmp(f->function, c->function))
				continue;
			of_kind(c, f, all, fn, ctx);
		}
	}
}

void
fault_set(const struct fault_call *c, unsigned long at, const struct fault *f)
{
	char control[128];

	snprintf(control, sizeof(control), "%s 0x0 %lu 0\n%s %s %d 0\n",
	    c->function, at - 1, c->function, f->what,
	    f->often == FAULT_ALWAYS ? -1 : 1);
	faults(control);
}
