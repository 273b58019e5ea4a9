/**
 * sample.h - one plan that has everything in it, whose every public part the
 * tests can change.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bootstrap/plan.h"

struct sample {
	unsigned flags;
	size_t max_message, block_size;
	unsigned version;
	uint16_t own;
	uint16_t format;
	size_t format_count;
	unsigned delete_flags;
	struct lwm2m_path clean;
	unsigned account;
	uint16_t ssid;
	struct lwm2m_path security;
	const char *uri;
	bool bootstrap;
	int64_t mode;
	const char *key; /**< its bytes */
	const char *label;
	uint16_t key_resource;
	double real;
	uint64_t number;
	uint16_t link;
	int64_t time;
	unsigned resolve;
	uint16_t resolve_object;
	enum plan_op last;
	bool verify;
};

extern const struct sample sample_usual;

/** Build it; `digest` may be NULL. */
MUST_CHECK enum rc sample_build(
    const struct sample *s, struct secret *out, uint8_t *digest);

/** Build and decode. */
void sample_plan(const struct sample *s, struct plan *out);

#endif
