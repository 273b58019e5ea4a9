/*
 * Before the first key: files, tokens, keys, certificates, ledger. Everything
 * that is wrong is said in one run, and nothing is made while anything is.
 */
#include "ceremony_run.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/** The first code stays. */
static void
keep(int *code, int next)
{
	if (*code == EX_OK)
		*code = next;
}

static int
look_out(struct run *r, const struct ceremony_step *s)
{
	const char *slash = strrchr(s->out, '/');
	struct quoted at, file;
	struct stat st;
	char *folder;
	bool writable;

	if (lstat(s->out, &st) == 0)
		return tool_error(EX_CANTCREAT,
		    "nothing is ever overwritten: put it away", "%s: %s exists",
		    run_place(r, s, &at), quote_str(&file, s->out));
	folder = arena_alloc(r->c->arena, strlen(s->out) + 2);
	if (!folder)
		return tool_fault(RC_MEMORY, "ceremony");
	memcpy(folder, s->out, slash ? (size_t)(slash - s->out) + 1 : 0);
	writable = access(slash ? folder : ".", W_OK | X_OK) == 0;
	if (writable)
		return EX_OK;
	return tool_error(EX_CANTCREAT, NULL, "%s: %s: %s",
	    run_place(r, s, &at), quote_str(&file, s->out), strerror(errno));
}

static bool
certifies(const struct ceremony_step *s)
{
	return s->kind >= CEREMONY_REQUEST;
}

static int
look_files(struct run *r)
{
	int code = EX_OK;

	for (size_t i = 0; i < r->c->step_count; i++) {
		const struct ceremony_step *s = &r->c->steps[i];
		int need;

		if (!run_takes(r, s))
			continue;
		if (s->out)
			keep(&code, look_out(r, s));
		need = run_certificate_need(r, s);
		run_step(r, s)->sound = need == EX_OK;
		keep(&code, need);
	}
	keep(&code, transcript_check(r->c->transcript, r->append));
	return code;
}

/** Is the issuer's key one that none of these steps makes? */
static bool
issuer_was_before(const struct run *r, const struct ceremony_step *s)
{
	return s->kind >= CEREMONY_ISSUING &&
	    (!s->issuer.step || !run_takes(r, s->issuer.step) ||
		s->issuer.step->request);
}

/** Does anything that is taken need that token? */
static bool
token_needed(const struct run *r, size_t token)
{
	for (size_t i = 0; i < r->c->step_count; i++) {
		const struct ceremony_step *s = &r->c->steps[i];

		if (!run_takes(r, s))
			continue;
		if (ceremony_step_has_key(s) && s->key.token == token)
			return true;
		if (s->kind >= CEREMONY_ISSUING && s->issuer.key.token == token)
			return true;
	}
	return false;
}

static int
look_keys(struct run *r, size_t token)
{
	int code = EX_OK;

	for (size_t i = 0; i < r->c->step_count; i++) {
		const struct ceremony_step *s = &r->c->steps[i];
		struct run_step *state = run_step(r, s);
		int one = EX_OK;

		if (!run_takes(r, s))
			continue;
		if (ceremony_step_has_key(s) && s->key.token == token)
			one = run_key_look(r, s);
		if (one == EX_OK && state->sound && issuer_was_before(r, s) &&
		    s->issuer.key.token == token)
			one = run_issuer_look(r, s);
		keep(&code, one);
	}
	return code;
}

static int
look_tokens(struct run *r)
{
	int code = EX_OK;

	for (size_t t = 0; t < r->c->token_count; t++) {
		int opened;

		if (!token_needed(r, t))
			continue;
		opened = run_token(r, t);
		keep(&code, opened);
		if (opened == EX_OK)
			keep(&code, look_keys(r, t));
	}
	return code;
}

static void
show_step(struct run *r, const struct ceremony_step *s)
{
	const struct ceremony_token *t = &r->c->tokens[s->key.token];
	struct quoted q, token;

	transcript_line(
	    &r->log, "\nstep %u: %s", s->number, ceremony_kind_name(s->kind));
	if (ceremony_step_has_key(s))
		transcript_line(&r->log, "  key %s in token %s: %s",
		    quote_str(&q, s->key.ref.label),
		    quote_str(&token, t->name ? t->name : t->hsm.token),
		    run_step(r, s)->key_there ? "is there" : "to be made");
	if (s->request)
		transcript_line(&r->log, "  key of the request %s",
		    quote_str(&q, s->request));
	if (s->issuer.certificate)
		transcript_line(&r->log, "  issuer's key %s",
		    quote_str(&q, s->issuer.key.ref.label));
	if (s->out)
		transcript_line(&r->log, "  file %s", quote_str(&q, s->out));
}

static int
look_certificates(struct run *r)
{
	int code = EX_OK;

	for (size_t i = 0; i < r->c->step_count; i++) {
		const struct ceremony_step *s = &r->c->steps[i];
		struct run_step *state = run_step(r, s);
		int one = EX_OK;

		if (!run_takes(r, s))
			continue;
		/* below an issuer with faults there are only more of them */
		if (s->issuer.step && run_takes(r, s->issuer.step))
			state->sound =
			    state->sound && run_step(r, s->issuer.step)->sound;
		if (r->dry)
			show_step(r, s);
		if (certifies(s) && state->sound) {
			one = run_certificate_look(r, s);
			state->sound = one == EX_OK;
		}
		keep(&code, one);
	}
	return code;
}

int
run_look(struct run *r)
{
	int code = look_files(r);

	keep(&code, look_tokens(r));
	keep(&code, look_certificates(r));
	return code;
}
