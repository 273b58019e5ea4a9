/* Whose order it is: nothing of a file is parsed before its signature holds. */
#include "order.h"

#include "hsm/sshsig.h"
#include "issue/signers.h"
#include "policy/file.h"
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 8 << 20 };

/** What is looked at, and who may have signed it. */
struct trust {
	struct arena *arena;
	const char *path;
	char *sig_path; /* owned */
	int64_t now_s;
	struct span text, sig;
	struct signers signers;
	const struct signer *by;
};

static int
read_whole(struct trust *t, const char *path, size_t max, const char *remedy,
    struct span *out)
{
	struct file_bytes bytes;
	struct quoted q;
	const char *why;
	enum rc rc = file_read(t->arena, path, max, &bytes, &why);

	*out = span_of(NULL, 0);
	if (rc == RC_MEMORY)
		return tool_fault(rc, "order");
	if (rc == RC_TOO_LARGE)
		return tool_error(
		    EX_DATAERR, NULL, "%s is too large", quote_str(&q, path));
	if (rc != RC_OK)
		return tool_error(
		    EX_NOINPUT, remedy, "%s: %s", quote_str(&q, path), why);
	*out = span_of(bytes.p, bytes.len);
	return EX_OK;
}

static int
read_signers(struct trust *t, const char *path)
{
	struct diag *d = diag_new();
	struct span text;
	struct quoted q;
	enum rc rc = RC_MEMORY;
	int code = read_whole(t, path, SIGNERS_FILE_MAX,
	    "name the file of who may sign orders, in OpenSSH's "
	    "allowed_signers format",
	    &text);

	if (code == EX_OK && d)
		rc = signers_read(t->arena, path, text, d, &t->signers);
	if (code == EX_OK && d) {
		diag_sort(d);
		diag_print(d, stderr);
	}
	diag_free(d);
	if (code != EX_OK)
		return code;
	if (rc == RC_MEMORY)
		return tool_fault(rc, "order");
	if (rc != RC_OK)
		return tool_error(EX_DATAERR, "mend what is named above",
		    "%s cannot be used", quote_str(&q, path));
	return EX_OK;
}

/* The line of that key that may sign now; else `why` none may. */
static const struct signer *
find_signer(const struct trust *t, const struct sshkey *key, const char **why)
{
	*why = "its key is nobody's among the signers";
	for (size_t i = 0; i < t->signers.count; i++) {
		const struct signer *s = &t->signers.list[i];
		const char *fault;

		if (!span_equal(s->key.blob, key->blob))
			continue;
		fault = signer_fault(s, ORDER_NAMESPACE, t->now_s);
		if (!fault)
			return s;
		*why = fault;
	}
	return NULL;
}

static bool
holds(struct trust *t, const char **why)
{
	uint8_t bytes[SSHSIG_TEXT_MAX];
	const struct signer *by;
	struct sshsig sig;
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	*why = "not a signature as order sign or ssh-keygen -Y sign writes it";
	if (sshsig_unarmor(t->sig, &w) != RC_OK ||
	    sshsig_read(writer_span(&w), &sig, why) != RC_OK)
		return false;
	*why = "it is for another namespace than " ORDER_NAMESPACE;
	if (!span_is(sig.space, ORDER_NAMESPACE))
		return false;
	by = find_signer(t, &sig.key, why);
	if (by && sshsig_verify(&sig, t->text, why) == RC_OK)
		t->by = by;
	return t->by;
}

static int
verify(struct trust *t)
{
	const char *why;
	struct quoted q;

	if (holds(t, &why))
		return EX_OK;
	return tool_error(EX_NOPERM,
	    "ask whoever is in charge for the order as it was signed, with its "
	    ".sig; a new one is signed by order sign",
	    "%s is not signed as an order must be: %s", quote_str(&q, t->path),
	    why);
}

static int
parse(struct trust *t, struct order **out)
{
	struct diag *d = diag_new();
	struct quoted q;
	enum rc rc = RC_MEMORY;

	if (d)
		rc = order_parse(t->path, t->text, d, out);
	if (d) {
		diag_sort(d);
		diag_print(d, stderr);
	}
	diag_free(d);
	if (rc == RC_MEMORY)
		return tool_fault(rc, "order");
	if (rc != RC_OK)
		return tool_error(EX_DATAERR, "mend what is named above",
		    "%s cannot be used", quote_str(&q, t->path));
	return EX_OK;
}

static int
keep_signer(struct trust *t, struct order *o)
{
	const struct span name = t->by->names[0];
	char text[SIGNERS_NAME_MAX + 1];

	memcpy(text, name.p, name.len);
	text[name.len] = '\0';
	sshkey_fingerprint(t->by->key.blob, o->fingerprint);
	o->signer = arena_str(o->arena, text);
	return o->signer ? EX_OK : tool_fault(RC_MEMORY, "order");
}

const char *
order_time_fault(const struct order *o, int64_t now_s)
{
	if (now_s < o->not_before_s)
		return "is not valid yet";
	if (now_s >= o->not_after_s)
		return "is not valid any more";
	return NULL;
}

static int
check_station(struct order *o, const char *station, int64_t now_s)
{
	const char *fault = order_time_fault(o, now_s);
	struct quoted q, s;

	if (!station)
		return EX_OK;
	for (size_t i = 0; i < o->station_count; i++)
		if (strcmp(o->stations[i].name, station) == 0)
			o->station = &o->stations[i];
	if (!o->station)
		return tool_error(EX_NOPERM,
		    "see which stations it names: order show",
		    "order %s (%s) is not for station %s", o->name,
		    quote_str(&q, o->file), quote_str(&s, station));
	if (fault)
		return tool_error(EX_NOPERM,
		    "see its times: order show; a new one is signed by order "
		    "sign",
		    "order %s (%s) %s", o->name, quote_str(&q, o->file), fault);
	return EX_OK;
}

int
order_look(const char *path, struct order **out)
{
	struct trust t = {.arena = arena_new(ARENA_MAX), .path = path};
	int code = t.arena ? EX_OK : tool_fault(RC_MEMORY, "order");

	*out = NULL;
	if (code == EX_OK)
		code = read_whole(&t, path, ORDER_FILE_MAX,
		    "name the file of a work order", &t.text);
	if (code == EX_OK)
		code = parse(&t, out);
	arena_free(t.arena);
	return code;
}

int
order_load(const char *path, const char *signers, const char *station,
    int64_t now_s, struct order **out)
{
	const size_t len = strlen(path);
	struct trust t = {
	    .arena = arena_new(ARENA_MAX),
	    .path = path,
	    .sig_path = malloc(len + sizeof(".sig")),
	    .now_s = now_s,
	};
	int code =
	    t.arena && t.sig_path ? EX_OK : tool_fault(RC_MEMORY, "order");

	*out = NULL;
	if (code == EX_OK) {
		memcpy(t.sig_path, path, len);
		memcpy(t.sig_path + len, ".sig", sizeof(".sig"));
		code = read_signers(&t, signers);
	}
	if (code == EX_OK)
		code = read_whole(&t, path, ORDER_FILE_MAX,
		    "name the file of a work order", &t.text);
	if (code == EX_OK)
		code = read_whole(&t, t.sig_path, SSHSIG_TEXT_MAX,
		    "an order comes with its signature beside it: order sign "
		    "makes it",
		    &t.sig);
	if (code == EX_OK)
		code = verify(&t);
	if (code == EX_OK)
		code = parse(&t, out);
	if (code == EX_OK)
		code = keep_signer(&t, *out);
	if (code == EX_OK)
		code = check_station(*out, station, now_s);
	if (code != EX_OK) {
		order_free(*out);
		*out = NULL;
	}
	free(t.sig_path);
	arena_free(t.arena);
	return code;
}
