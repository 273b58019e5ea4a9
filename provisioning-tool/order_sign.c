/*
 * order sign: who is in charge signs a work order, by a key of the ceremony
 * token. What is signed is said in words before, of the bytes that are signed.
 */
#include "order.h"

#include "hsm/sshsig_make.h"
#include "output.h"
#include "policy/file.h"
#include "token.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct signing {
	const struct options *o;
	const char *path;
	char *sig_path; /* owned */
	struct order *order;
	struct arena *arena;
	struct hsm_ec_ref ref;
	uint8_t hash[DIGEST512_LEN];
	struct settings settings;
	struct token token;
	struct output output;
};

/* The bytes once: those that are shown are those that are signed. */
static int
read_order(struct signing *s)
{
	struct diag *d = diag_new();
	struct file_bytes bytes;
	struct quoted q;
	const char *why;
	enum rc rc;
	int code = EX_OK;

	s->arena = arena_new(1 << 20);
	rc = d && s->arena
	    ? file_read(s->arena, s->path, ORDER_FILE_MAX, &bytes, &why)
	    : RC_MEMORY;
	if (rc == RC_IO)
		code = tool_error(EX_NOINPUT, "name the file of a work order",
		    "%s: %s", quote_str(&q, s->path), why);
	else if (rc == RC_TOO_LARGE)
		code = tool_error(EX_DATAERR, NULL, "%s is too large",
		    quote_str(&q, s->path));
	if (rc == RC_OK) {
		digest512_of(span_of(bytes.p, bytes.len), s->hash);
		rc = order_parse(
		    s->path, span_of(bytes.p, bytes.len), d, &s->order);
		diag_sort(d);
		diag_print(d, stderr);
		if (rc == RC_CONFIG)
			code =
			    tool_error(EX_DATAERR, "mend what is named above",
				"%s cannot be signed", quote_str(&q, s->path));
	}
	diag_free(d);
	if (rc == RC_MEMORY)
		return tool_fault(rc, "order");
	return code;
}

static int
check(const struct signing *s, int64_t now_s)
{
	struct quoted q;

	if (now_s < s->order->not_after_s)
		return EX_OK;
	return tool_error(EX_DATAERR, "write a later `not_after:`",
	    "%s is over already", quote_str(&q, s->path));
}

static int
make(struct signing *s)
{
	uint8_t text[SSHSIG_MADE_MAX];
	struct writer w;
	enum rc rc;
	int code;

	writer_init(&w, text, sizeof(text));
	rc = sshsig_make(
	    s->token.session, &s->ref, ORDER_NAMESPACE, s->hash, &w);
	if (rc == RC_DENIED)
		return tool_error(EX_UNAVAILABLE, "see hsm doctor",
		    "the token's signature does not hold");
	if (rc != RC_OK)
		return token_fault(&s->token, rc);
	code = output_write(&s->output, writer_span(&w));
	return code == EX_OK ? output_commit(&s->output, writer_span(&w))
			     : code;
}

static int
sign(struct signing *s)
{
	const size_t len = strlen(s->path);
	const int64_t now_s = time(NULL);
	struct hsm_error err;
	struct quoted q;
	int code = EX_OK;

	s->sig_path = malloc(len + sizeof(".sig"));
	if (!s->sig_path)
		return tool_fault(RC_MEMORY, "order");
	memcpy(s->sig_path, s->path, len);
	memcpy(s->sig_path + len, ".sig", sizeof(".sig"));
	if (hsm_ec_ref_parse(s->o->key, &s->ref, &err) != RC_OK)
		return tool_error(EX_USAGE, err.remedy, "--key: %s", err.text);
	code = read_order(s);
	if (code == EX_OK)
		code = check(s, now_s);
	if (code == EX_OK && order_print(s->order, NULL, now_s) != RC_OK)
		code = tool_fault(RC_BUG, "order");
	fflush(stdout);
	if (code == EX_OK)
		code = settings_load(s->o, SETTINGS_TOKEN, &s->settings);
	if (code == EX_OK)
		code =
		    output_begin_public(&s->output, s->sig_path, s->o->force);
	if (code == EX_OK)
		code = token_open(&s->settings, &s->token);
	if (code == EX_OK)
		code = make(s);
	if (code == EX_OK)
		printf("%-12s %s\n", "signed", quote_str(&q, s->sig_path));
	return code;
}

int
order_sign(const struct options *o)
{
	struct signing s = {
	    .o = o,
	    .path = o->operands[0],
	    .output = {.fd = -1},
	};
	int code = sign(&s);

	output_end(&s.output);
	token_close(&s.token);
	settings_fini(&s.settings);
	order_free(s.order);
	arena_free(s.arena);
	free(s.sig_path);
	return code;
}
