/* A device that is asked about, from the options of policy explain. */
#include "explain.h"

#include "policies.h"
#include "tool.h"

#include <stdlib.h>

int
explain_read(const char *const *paths, size_t count, struct explain_files *out)
{
	int code = EX_OK;

	out->files = calloc(count + 1, sizeof(*out->files));
	out->named = calloc(count + 1, sizeof(*out->named));
	if (!out->files || !out->named)
		return tool_fault(RC_MEMORY, "policies");
	for (size_t i = 0; code == EX_OK && i < count; i++) {
		struct pki_file *f = &out->files[i];

		code = pki_file_read(paths[i], f);
		out->count++;
		out->named[i] =
		    (struct issue_file){paths[i], span_of(f->bytes, f->len)};
	}
	return code;
}

void
explain_files_fini(struct explain_files *f)
{
	for (size_t i = 0; i < f->count; i++)
		pki_file_fini(&f->files[i]);
	free(f->files);
	free(f->named);
	*f = (struct explain_files){0};
}

static const char *
name_of(const void *list, size_t i)
{
	return ((const struct identity *)list)[i].name;
}

/** The request of a device that was made by `id`. */
static void
as_made_by(struct question *qn, const struct identity *id)
{
	struct writer w;

	qn->made_by = id;
	switch (id->kind) {
	case IDENTITY_NOSEC:
		qn->rq.proof = PROOF_NONE;
		if (qn->rq.address.family == 0 && id->network_count > 0) {
			qn->rq.address.family = id->networks[0].family;
			memcpy(qn->rq.address.ip, id->networks[0].ip,
			    sizeof(qn->rq.address.ip));
		}
		break;
	case IDENTITY_PSK:
		writer_init(&w, qn->psk_identity, sizeof(qn->psk_identity));
		template_expand(&w, id->psk_identity, qn->rq.endpoint);
		qn->rq.credential = writer_span(&w);
		break;
	case IDENTITY_IMPORTED:
		break;
	case IDENTITY_CERTIFICATE:
		qn->rq.proof = PROOF_CERTIFICATE;
		break;
	case IDENTITY_RPK:
		qn->rq.proof = PROOF_RAW_KEY;
		break;
	}
}

/** Nothing said: as the first document that admits the endpoint has it. */
static void
assume(struct question *qn)
{
	qn->assumed = true;
	for (size_t i = 0; i < qn->set->identity_count; i++) {
		const struct identity *id = &qn->set->identities[i];

		if (!identity_fits(id, qn->rq.endpoint))
			continue;
		as_made_by(qn, id);
		return;
	}
	qn->rq.credential = qn->rq.endpoint;
}

static int
ask_identity(struct question *qn)
{
	const struct options *o = qn->o;
	const struct identity *id = NULL;

	for (size_t i = 0; i < qn->set->identity_count && !id; i++)
		if (strcmp(qn->set->identities[i].name, o->identity) == 0)
			id = &qn->set->identities[i];
	if (!id)
		return policies_no_name(o->operands[0], "identity document",
		    o->identity, qn->set->identities, qn->set->identity_count,
		    name_of);
	as_made_by(qn, id);
	return EX_OK;
}

/** Where the certificates behind the first go. */
struct behind {
	struct writer w;
	bool first_seen;
};

static int
take_behind(void *ctx, const struct cert *c)
{
	struct behind *b = ctx;

	if (b->first_seen)
		writer_put(&b->w, c->der);
	b->first_seen = true;
	return EX_OK;
}

static int
ask_certificate(struct question *qn)
{
	const char *path = qn->o->certificate;
	struct pki_file f = {0};
	struct behind b = {0};
	struct quoted q;
	int code = pki_certificate_read(path, &qn->own);

	writer_init(&b.w, qn->chain, sizeof(qn->chain));
	if (code == EX_OK)
		code = pki_file_read(path, &f);
	if (code == EX_OK)
		code = pki_certificates(
		    path, span_of(f.bytes, f.len), take_behind, &b);
	pki_file_fini(&f);
	if (code == EX_OK &&
	    (b.w.full || qn->own.cert.der.len > ISSUE_PEER_MAX))
		code = tool_error(EX_DATAERR,
		    "leave the root out of it; bootstrapd takes no more",
		    "%s: a certificate above %d bytes, or %d behind it",
		    quote_str(&q, path), ISSUE_PEER_MAX, ISSUE_CHAIN_MAX);
	qn->rq.proof = PROOF_CERTIFICATE;
	qn->rq.peer = qn->own.cert.der;
	qn->rq.chain = writer_span(&b.w);
	return code;
}

static int
ask_raw_key(struct question *qn)
{
	const char *path = qn->o->raw_key ? qn->o->raw_key : qn->o->rpk;

	qn->rq.proof = PROOF_RAW_KEY;
	qn->rq.peer = span_of(qn->spki, sizeof(qn->spki));
	return pki_public_key_read(path, qn->spki);
}

/** What does it show? At most one answer. */
static int
check_options(const struct options *o)
{
	const char *psk = o->psk_identity ? o->psk_identity : o->credential;
	int shown = !!o->certificate + !!o->raw_key + !!o->rpk +
	    !!o->psk_identity + !!o->credential + !!o->identity + o->nosec;

	if (shown > 1)
		return tool_error(EX_USAGE, "give one of them",
		    "--certificate, --rpk, --psk-identity, --identity and "
		    "--nosec each stand for what a device shows: no two of "
		    "them go together");
	if (!o->endpoint && !o->certificate && !o->raw_key && !o->rpk && !psk)
		return tool_error(EX_USAGE,
		    "see provisioning-tool policy explain --help",
		    "policy explain: --endpoint EP is missing");
	return EX_OK;
}

/** With a port or without. */
static int
ask_address(struct question *qn)
{
	char text[ADDRESS_TEXT_MAX];
	struct span given = span_str(qn->o->address);
	struct quoted q;
	struct writer w;

	if (address_parse(given, &qn->rq.address) == RC_OK)
		return EX_OK;
	writer_init(&w, text, sizeof(text));
	writer_fmt(&w, memchr(given.p, ':', given.len) ? "[%.*s]:0" : "%.*s:0",
	    SPAN_FMT(given));
	if (!w.full && address_parse(writer_span(&w), &qn->rq.address) == RC_OK)
		return EX_OK;
	return tool_error(EX_USAGE,
	    "as in 192.0.2.1, 2001:db8::1 or [2001:db8::1]:5683",
	    "--address %s", quote_str(&q, qn->o->address));
}

int
explain_ask(struct question *qn)
{
	const struct options *o = qn->o;
	int code = check_options(o);

	if (code != EX_OK)
		return code;
	qn->rq = (struct issue_request){
	    .proof = PROOF_PSK,
	    .has_endpoint = o->endpoint != NULL,
	    .endpoint = o->endpoint ? span_str(o->endpoint) : span_of(NULL, 0),
	    .pct = -1,
	};
	if (o->address) {
		code = ask_address(qn);
		if (code != EX_OK)
			return code;
	}
	if (o->certificate)
		return ask_certificate(qn);
	if (o->raw_key || o->rpk)
		return ask_raw_key(qn);
	if (o->identity)
		return ask_identity(qn);
	if (o->psk_identity)
		qn->rq.credential = span_str(o->psk_identity);
	else if (o->credential)
		qn->rq.credential = span_str(o->credential);
	else if (o->address || o->nosec)
		qn->rq.proof = PROOF_NONE;
	else
		assume(qn);
	return EX_OK;
}
