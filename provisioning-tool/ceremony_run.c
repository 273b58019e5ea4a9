/* The steps of a ceremony in their order, and what they have in common. */
#include "ceremony_run.h"

#include "record.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

bool
run_takes(const struct run *r, const struct ceremony_step *s)
{
	return s->number >= r->from && s->number <= r->to;
}

struct run_step *
run_step(struct run *r, const struct ceremony_step *s)
{
	return &r->steps[s->number - 1];
}

const char *
run_place(const struct run *r, const struct ceremony_step *s, struct quoted *q)
{
	struct quoted file;

	snprintf(q->text, sizeof(q->text), "%.300s:%u: step %u (%s)",
	    quote_str(&file, r->c->file), s->line, s->number,
	    ceremony_kind_name(s->kind));
	return q->text;
}

/**
 * A variable is wiped when it has been read, but a token may have to be opened
 * again: so the PIN is kept in locked memory. Two tokens may share a variable.
 */
static int
keep_pins(struct run *r)
{
	for (size_t i = 0; i < r->c->token_count; i++) {
		const struct hsm_config *h = &r->c->tokens[i].hsm;
		struct secret *pin = &r->pins[i];
		const char *now = NULL;
		size_t len;

		if (h->pin && h->pin_kind == HSM_PIN_ENV && !pin->len)
			now = getenv(h->pin);
		if (!now)
			continue; /* hsm_open says what is missing */
		len = strlen(now);
		if (secret_reserve(pin, len + 1) != RC_OK) /* NUL at its end */
			return tool_fault(RC_MEMORY, "PIN");
		memcpy(pin->bytes, now, len);
		pin->len = len;
	}
	return EX_OK;
}

/** Put it back where hsm_open reads, and wipes, it. */
static int
restore_pin(const struct run *r, size_t token)
{
	const struct secret *pin = &r->pins[token];

	if (pin->len &&
	    setenv(r->c->tokens[token].hsm.pin, (const char *)pin->bytes, 1))
		return tool_fault(RC_MEMORY, "PIN");
	return EX_OK;
}

int
run_token(struct run *r, size_t token)
{
	struct quoted q;
	int code;

	if (r->open == token)
		return EX_OK;
	token_close(&r->token);
	r->open = SIZE_MAX;
	code = r->c->token_count > 1 ? keep_pins(r) : EX_OK;
	if (code == EX_OK)
		code = restore_pin(r, token);
	if (code == EX_OK)
		code = token_open_config(&r->c->tokens[token].hsm, &r->token);
	if (code != EX_OK) {
		transcript_line(&r->log, "  a token could not be opened");
		return code;
	}
	r->open = token;
	if (r->log.file)
		transcript_line(&r->log, "  token %s opened",
		    quote_str(&q, hsm_token_name(r->token.hsm)));
	return EX_OK;
}

int
run_token_fault(struct run *r, enum rc rc)
{
	const struct hsm_error *err = hsm_session_error(r->token.session);

	transcript_line(
	    &r->log, "  failed: %s", err->text[0] ? err->text : rc_name(rc));
	return token_fault(&r->token, rc);
}

int
run_record(struct run *r, const struct ceremony_step *s, const char *kind,
    struct field *fields, size_t count)
{
	struct ledger_event e = {.kind = kind, .fields = fields};
	uint64_t seq;
	int code;

	fields[count++] = F_TEXT("ceremony", r->c->name);
	if (s)
		fields[count++] = F_INT("step", s->number);
	e.field_count = count;
	code = record_row(r->ledger, &e, &seq,
	    "a key that was made is in the token all the same; no file was "
	    "written for this step");
	if (code == EX_OK)
		transcript_line(&r->log, "%srow %llu of the ledger: %s",
		    s ? "  " : "", (unsigned long long)seq, kind);
	else
		transcript_line(&r->log, "  the ledger took no row");
	return code;
}

static int
take(struct run *r, const struct ceremony_step *s)
{
	int code = EX_OK;

	transcript_line(
	    &r->log, "\nstep %u: %s", s->number, ceremony_kind_name(s->kind));
	if (ceremony_step_has_key(s)) {
		code = run_token(r, s->key.token);
		if (code == EX_OK)
			code = run_key_take(r, s);
	}
	if (code == EX_OK && s->kind == CEREMONY_REQUEST)
		code = run_request_take(r, s);
	else if (code == EX_OK && ceremony_step_certifies(s))
		code = run_certificate_take(r, s);
	return code == EX_OK ? transcript_sync(&r->log) : code;
}

static int
begin(struct run *r)
{
	struct field f[8];
	size_t n = 0;

	f[n++] = F_TEXT("file", r->c->file);
	f[n++] = F_BYTES("sha256", span_of(r->c->sha256, DIGEST_LEN));
	f[n++] = F_INT("from", r->from);
	f[n++] = F_INT("to", r->to);
	return run_record(r, NULL, "ceremony_begin", f, n);
}

static int
end(struct run *r, bool done, unsigned last)
{
	uint8_t sha256[DIGEST_LEN];
	char hex[HEX_TEXT_MAX];
	struct quoted q;
	struct field f[8];
	size_t n = 0;
	int code = transcript_end(&r->log, sha256);

	if (code != EX_OK)
		return code;
	printf("\ntranscript %s, SHA-256 %s\n", quote_str(&q, r->c->transcript),
	    hex_text(hex, span_of(sha256, DIGEST_LEN)));
	f[n++] = F_TEXT("outcome", done ? "done" : "stopped");
	f[n++] = F_INT("last_step", last);
	f[n++] = F_BYTES("transcript", span_of(sha256, DIGEST_LEN));
	return run_record(r, NULL, "ceremony_end", f, n);
}

/** What was written, once more and together. */
static void
sum_up(struct run *r)
{
	char hex[HEX_TEXT_MAX];
	struct quoted q;

	transcript_line(&r->log, "\noutputs (SHA-256):");
	for (size_t i = 0; i < r->c->step_count; i++)
		if (r->steps[i].written)
			transcript_line(&r->log, "  %s  %s",
			    hex_text(
				hex, span_of(r->steps[i].sha256, DIGEST_LEN)),
			    quote_str(&q, r->c->steps[i].out));
}

/** How to go on; the steps up to `last` are done. */
static int
stopped(struct run *r, unsigned last, int code)
{
	struct quoted q;
	char remedy[1800];

	transcript_line(&r->log, "\nstopped after step %u of %u to %u", last,
	    r->from, r->to);
	snprintf(remedy, sizeof(remedy),
	    "mend the cause, then go on: provisioning-tool pki ceremony %s "
	    "--from %u",
	    quote_str(&q, r->c->file), last + 1);
	return tool_error(
	    code, remedy, "the ceremony stopped before step %u", last + 1);
}

int
run_take(struct run *r)
{
	const struct sigaction act = {
	    .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	unsigned last = r->from - 1;
	int code, ended;

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	code = begin(r);
	for (size_t i = r->from - 1; code == EX_OK && i < r->to; i++) {
		if (interrupted) {
			transcript_line(&r->log, "\ninterrupted by a signal");
			code = EX_SOFTWARE;
			break;
		}
		code = take(r, &r->c->steps[i]);
		if (code == EX_OK)
			last = r->c->steps[i].number;
	}
	sum_up(r);
	if (code != EX_OK)
		stopped(r, last, code);
	else
		transcript_line(&r->log, "\ndone");
	ended = end(r, code == EX_OK, last);
	return code == EX_OK ? ended : code;
}
