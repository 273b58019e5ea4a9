/* A certificate of a ceremony before it is signed: linted, shown, and taken for
 * the issuer of those below. */
#include "ceremony_run.h"
#include "stand_in.h"

enum { SHOWN_MAX = 8192 };

int
run_unwritable(struct run *r, const struct ceremony_step *s, enum rc rc)
{
	struct quoted at;

	if (rc == RC_MEMORY)
		return tool_fault(rc, "certificate");
	return tool_error(EX_DATAERR, "shorten its names",
	    "%s: a certificate that cannot be written: %s",
	    run_place(r, s, &at), rc_name(rc));
}

void
run_findings(struct run *r, const struct cert_findings *f)
{
	if (f->count == 0)
		transcript_line(&r->log, "  lint: nothing");
	for (size_t i = 0; i < f->count; i++)
		transcript_line(&r->log, "  lint: %s %s: %s (%s)",
		    f->list[i].error ? "error" : "warning", f->list[i].code,
		    f->list[i].text, f->list[i].clause);
}

static int
lint(struct run *r, const struct ceremony_step *s, const struct cert_draft *d)
{
	struct cert_findings f;
	struct quoted at;
	int code = EX_OK;

	/* RC_DENIED stands for errors, which are counted here */
	if (cert_lint(d, &f) != RC_OK && f.errors == 0)
		return tool_fault(RC_BUG, "lint");
	if (r->dry)
		run_findings(r, &f);
	for (size_t i = 0; i < f.count; i++)
		if (f.list[i].error)
			code = tool_error(EX_DATAERR, NULL, "%s: %s: %s (%s)",
			    run_place(r, s, &at), f.list[i].code,
			    f.list[i].text, f.list[i].clause);
	return code;
}

/** A request must ask in the name that the reviewed file gives. */
static int
check_request(struct run *r, const struct ceremony_step *s)
{
	const struct csr *csr = &run_step(r, s)->request.csr;
	char text[1024];
	struct quoted at;
	struct writer w;

	if (!s->request ||
	    span_equal(csr->subject, run_step(r, s)->own.cert.subject))
		return EX_OK;
	writer_init(&w, text, sizeof(text) - 1);
	cert_print_dn(csr->subject, &w);
	text[w.len] = '\0';
	return tool_error(EX_DATAERR,
	    "ask whoever made it; or correct the subject in the file",
	    "%s: the request is of %s", run_place(r, s, &at), text);
}

static void
show(struct run *r, const struct ceremony_step *s, struct span text)
{
	char hidden[SHOWN_MAX];
	struct writer w;

	if (!run_step(r, s)->key_known) {
		writer_init(&w, hidden, sizeof(hidden));
		stand_in_hide(&w, text);
		text = writer_span(&w);
	}
	transcript_text(&r->log, "    ", text);
}

/** What would be signed, as if it were: for those below, and to be shown. */
static int
draft_as_own(struct run *r, const struct ceremony_step *s, struct cert_draft *d)
{
	struct run_step *state = run_step(r, s);
	struct der_fault fault;
	struct writer w;
	enum rc rc;

	memset(d->serial, 0x55, sizeof(d->serial));
	writer_init(&w, state->own.der, sizeof(state->own.der));
	rc = cert_tbs(d, &w);
	if (rc == RC_OK)
		rc = cert_parse_tbs(writer_span(&w), &state->own.cert, &fault);
	return rc == RC_OK ? EX_OK : run_unwritable(r, s, rc);
}

int
run_certificate_look(struct run *r, const struct ceremony_step *s)
{
	struct run_step *state = run_step(r, s);
	char text[SHOWN_MAX];
	struct cert_draft d;
	struct writer w;
	enum rc rc = RC_OK;
	int code;

	if (s->request) {
		memcpy(state->spki, state->request.csr.spki.p,
		    sizeof(state->spki));
		state->key_known = true;
	} else if (!state->key_known) {
		rc = stand_in_key(state->spki);
	}
	if (rc != RC_OK)
		return run_unwritable(r, s, rc);
	cert_draft_init(&d, &s->profile, run_issuer(r, s),
	    span_of(state->spki, sizeof(state->spki)), r->now_s);
	code = lint(r, s, &d);
	if (code == EX_OK)
		code = draft_as_own(r, s, &d);
	if (code == EX_OK)
		code = check_request(r, s);
	if (code != EX_OK || !r->dry)
		return code;
	writer_init(&w, text, sizeof(text));
	if (s->kind == CEREMONY_REQUEST) {
		cert_print_dn(state->own.cert.subject, &w);
		transcript_line(
		    &r->log, "  would be asked for: %.*s", (int)w.len, text);
		return EX_OK;
	}
	rc = cert_draft_print(&d, &w);
	if (rc != RC_OK)
		return run_unwritable(r, s, rc);
	transcript_line(&r->log, "  would be signed:");
	show(r, s, writer_span(&w));
	return EX_OK;
}
