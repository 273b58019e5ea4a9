/*
 * image build: one device's Bootstrap-Server Account, minted by its identity
 * document, in the form that its firmware loads. The row of the ledger is
 * durable before anybody can have the image.
 */
#include "endpoint.h"
#include "image_credential.h"
#include "image_format.h"
#include "image_options.h"
#include "issue/issue.h"
#include "key_check.h"
#include "output.h"
#include "policies.h"
#include "record.h"
#include "server_uri.h"
#include "token.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/** All that one run holds. */
struct build {
	const struct options *o;
	struct settings settings;
	struct policy_set *set;
	struct issue_rules *rules;
	const struct identity *identity;
	const struct image_format *format;
	struct image_geometry geometry;
	struct secret nvs_keys; /* that `geometry` borrows from */
	struct token token;
	struct issue_credential credential;
	struct secret image;
	uint8_t sha256[DIGEST_LEN];
	struct output output;
	struct ledger *ledger;
	uint64_t seq;
};

/** What can be known to be wrong before anything is opened. */
static int
check_options(const struct build *b)
{
	const struct options *o = b->o;
	int code = endpoint_option(o->endpoint);

	if (code != EX_OK)
		return code;
	if (isatty(STDOUT_FILENO) && !o->output)
		return tool_error(EX_USAGE, "give -o FILE",
		    "an image is a secret and does not go to a terminal");
	if (isatty(STDOUT_FILENO) && strcmp(o->output, "-") == 0 &&
	    !b->format->text)
		return tool_error(EX_USAGE, "give -o FILE",
		    "%s is binary and does not go to a terminal",
		    b->format->name);
	return EX_OK;
}

static const char *
name_of(const void *list, size_t i)
{
	return ((const struct identity *)list)[i].name;
}

static int
find_identity(struct build *b)
{
	const char *path = b->settings.policies;
	int code = policies_load(path, &b->set, &b->rules);

	if (code != EX_OK)
		return code;
	for (size_t i = 0; i < b->set->identity_count; i++)
		if (strcmp(b->set->identities[i].name, b->o->identity) == 0)
			b->identity = &b->set->identities[i];
	if (b->identity)
		return EX_OK;
	return policies_no_name(path, "identity document", b->o->identity,
	    b->set->identities, b->set->identity_count, name_of);
}

/** Can the document mint anything, and what was asked for? */
static int
check_identity(const struct build *b)
{
	const struct identity *id = b->identity;
	const char *why = NULL, *remedy = NULL;
	struct quoted q;

	if (id->kind == IDENTITY_IMPORTED) {
		why = "its keys were imported: the devices have theirs already";
		remedy = "mint by a document that derives keys";
	} else if (id->kind == IDENTITY_RPK) {
		why = "its devices make their raw public keys themselves";
		remedy = "mint by a document with a key or a certificate";
	} else if (id->kind == IDENTITY_CERTIFICATE && !id->issue.ca) {
		why = "it does not say who signs certificates";
		remedy = "write `issue: {ca: AUTHORITY}` there, or sign one by "
			 "provisioning-tool pki issue";
	}
	quote_str(&q, id->name);
	if (why)
		return tool_error(EX_DATAERR, remedy,
		    "by identity %s (%s:%u) nothing is minted: %s", q.text,
		    id->place.file, id->place.line, why);
	if (b->o->epoch != 0 && id->kind != IDENTITY_PSK)
		return tool_error(EX_USAGE, "leave it out",
		    "--epoch is of derived keys: identity %s (%s:%u) has none",
		    q.text, id->place.file, id->place.line);
	return EX_OK;
}

static int
check_uri(const struct build *b)
{
	const char *fault =
	    server_uri_fault(b->o->uri, b->identity->kind != IDENTITY_NOSEC);
	struct quoted uri, name;

	if (!fault)
		return EX_OK;
	return tool_error(EX_USAGE, fault,
	    "--uri %s does not go with identity %s", quote_str(&uri, b->o->uri),
	    quote_str(&name, b->identity->name));
}

static int
no_epoch(const struct build *b)
{
	struct quoted q;

	quote_str(&q, b->identity->name);
	if (b->o->epoch != 0)
		return tool_error(EX_DATAERR,
		    "add it there first, or bootstrapd will not know the "
		    "device",
		    "identity %s (%s:%u) has no epoch %lld that is accepted "
		    "now",
		    q.text, b->identity->place.file, b->identity->place.line,
		    (long long)b->o->epoch);
	return tool_error(EX_DATAERR, "add a newer one there",
	    "identity %s (%s:%u) has no epoch that is accepted now", q.text,
	    b->identity->place.file, b->identity->place.line);
}

/** Why issue_account would not. */
static int
not_minted(const struct build *b, enum rc rc, const char *detail)
{
	struct quoted ep, name, glob;

	quote_str(&ep, b->o->endpoint);
	quote_str(&name, b->identity->name);
	if (rc == RC_DENIED && detail[0] && b->identity->kind == IDENTITY_PSK)
		return tool_error(EX_NOPERM,
		    "add a newer epoch to the document and mint of that one; "
		    "see provisioning-tool audit list",
		    "%s by identity %s (%s:%u): %s", ep.text, name.text,
		    b->identity->place.file, b->identity->place.line, detail);
	if (rc == RC_DENIED && detail[0])
		return tool_error(EX_DATAERR,
		    "see its certificate profile, and its authority",
		    "a certificate for %s by identity %s (%s:%u) would not do: "
		    "%s",
		    ep.text, name.text, b->identity->place.file,
		    b->identity->place.line, detail);
	if (rc == RC_DENIED) {
		char remedy[1800];

		snprintf(remedy, sizeof(remedy),
		    "it admits %s; choose another --identity, or widen it",
		    quote_str(&glob, b->identity->endpoint));
		return tool_error(EX_NOPERM, remedy,
		    "identity %s (%s:%u) does not admit %s", name.text,
		    b->identity->place.file, b->identity->place.line, ep.text);
	}
	if (rc == RC_CONFIG)
		return no_epoch(b);
	if (rc == RC_TOO_LARGE)
		return tool_error(EX_DATAERR,
		    "shorten the endpoint or the template",
		    "the PSK identity of %s is longer than 128 bytes", ep.text);
	if (rc == RC_MEMORY || rc == RC_DB || !b->token.session)
		return tool_fault(rc, "image");
	return token_fault(&b->token, rc);
}

/** Why the format would not. */
static int
not_encoded(const struct build *b, enum rc rc, const char *why)
{
	if (rc != RC_TOO_LARGE && rc != RC_UNSUPPORTED)
		return tool_fault(rc, "image");
	return tool_error(EX_DATAERR, why ? why : "choose another format",
	    "%s cannot hold this account", b->format->name);
}

/** The entries of the account's one Write, in the chosen format. */
static int
encode(struct build *b, const struct plan *plan)
{
	const struct image_geometry *g = &b->geometry;
	struct lwm2m_entry entries[PLAN_ENTRIES_MAX];
	struct image image = {
	    .endpoint = span_str(b->o->endpoint),
	    .entries = entries,
	    .entry_count = plan->entry_count,
	};
	struct image_writing writing = {.geometry = g};
	struct secret scratch = {0};
	struct writer w;
	enum rc rc;

	if (plan->step_count != 1 || plan->entry_count > PLAN_ENTRIES_MAX)
		return tool_fault(RC_BUG, "image");
	for (size_t i = 0; i < plan->entry_count; i++)
		entries[i] = plan->entries[i].entry;
	rc = secret_reserve_large(&b->image, image_room_len(b->format, g));
	if (rc == RC_OK)
		rc = secret_reserve_large(
		    &scratch, image_scratch_len(b->format, g));
	if (rc != RC_OK)
		return tool_fault(rc, "image");
	writer_init(&w, b->image.bytes, b->image.cap);
	writer_init(&writing.scratch, scratch.bytes, scratch.cap);
	rc = b->format->write(&image, &writing, &w);
	b->image.len = w.len;
	secret_fini(&scratch);
	return rc == RC_OK ? EX_OK : not_encoded(b, rc, writing.why);
}

static int
mint(struct build *b)
{
	const struct issue_account account = {
	    .uri = b->o->uri,
	    .hold_off_s = b->o->hold_off_s,
	    .instance = (uint16_t)b->o->instance,
	    .epoch = (uint32_t)b->o->epoch,
	};
	const struct issuer issuer = {
	    .hsm = b->token.session,
	    .store = b->ledger,
	    .rules = b->rules,
	    .now_s = time(NULL),
	};
	struct secret bytes = {0};
	struct plan plan = {0};
	char detail[200] = "";
	int code;
	enum rc rc;

	rc = issue_account(&issuer, b->identity, span_str(b->o->endpoint),
	    &account, &bytes, &b->credential, detail);
	if (rc != RC_OK) {
		secret_fini(&bytes);
		return not_minted(b, rc, detail);
	}
	rc = plan_decode(&bytes, &plan);
	code = rc == RC_OK ? encode(b, &plan) : tool_fault(rc, "image");
	plan_fini(&plan);
	secret_fini(&bytes);
	if (code == EX_OK)
		digest_of(secret_expose(&b->image), b->sha256);
	return code;
}

static int
record(struct build *b)
{
	struct field f[12];
	struct ledger_event e = {
	    .kind = "image_minted",
	    .endpoint = span_str(b->o->endpoint),
	    .fields = f,
	};
	struct writer until;
	char text[32];
	size_t n = 0;

	if (!b->ledger)
		return EX_OK;
	writer_init(&until, text, sizeof(text));
	f[n++] = F_TEXT("identity", b->identity->name);
	n +=
	    image_credential_fields(b->identity, &b->credential, f + n, &until);
	f[n++] = F_TEXT("format", b->format->name);
	f[n++] = F_BYTES("sha256", span_of(b->sha256, DIGEST_LEN));
	e.field_count = n;
	return record_row(
	    b->ledger, &e, &b->seq, "the image was not handed out");
}

static void
report(const struct build *b)
{
	char hex[HEX_TEXT_MAX];
	struct quoted q;

	fprintf(stderr, "image        %s\n",
	    b->output.path ? quote_str(&q, b->output.path) : "standard output");
	fprintf(stderr, "endpoint     %s\n", quote_str(&q, b->o->endpoint));
	fprintf(stderr, "bytes        %zu\n", b->image.len);
	fprintf(stderr, "sha256       %s\n",
	    hex_text(hex, span_of(b->sha256, DIGEST_LEN)));
	image_credential_report(b->identity, &b->credential);
	if (b->ledger)
		fprintf(stderr, "ledger       %s row %llu\n",
		    quote_str(&q, b->settings.ledger),
		    (unsigned long long)b->seq);
	else
		fprintf(stderr, "ledger       none (--ledger, -c)\n");
}

/** Is the key that mints the one that the ledger knows by that name? */
static int
check_key(const struct build *b)
{
	const struct identity *id = b->identity;
	int code = EX_OK;

	if (!b->ledger)
		return EX_OK;
	if (id->kind == IDENTITY_PSK)
		return key_check(b->ledger, &b->token, id->master);
	for (size_t i = 0; id->issue.ca && i < b->set->authority_count; i++) {
		const struct issue_authority *a;

		if (&b->set->authorities[i] != id->issue.ca)
			continue;
		a = issue_rules_authority(b->rules, i);
		code = key_check_ca(b->ledger, &b->token, a->document->name,
		    a->key.label, a->cert.spki);
	}
	return code;
}

static int
build(struct build *b)
{
	int code = check_options(b);

	if (code == EX_OK)
		code = image_options_read(
		    b->o, b->format, &b->geometry, &b->nvs_keys);
	if (code == EX_OK)
		code = settings_load(b->o, SETTINGS_POLICIES, &b->settings);
	if (code == EX_OK)
		code = find_identity(b);
	if (code == EX_OK)
		code = check_identity(b);
	if (code == EX_OK)
		code = check_uri(b);
	/* a device without security needs no token */
	if (code == EX_OK && b->identity->kind != IDENTITY_NOSEC)
		code = settings_need(&b->settings, SETTINGS_TOKEN);
	if (code == EX_OK)
		code = output_begin(&b->output, b->o->output, b->o->force);
	if (code == EX_OK && b->settings.ledger)
		code =
		    record_open(b->settings.ledger, LEDGER_WRITE, &b->ledger);
	if (code == EX_OK && b->identity->kind != IDENTITY_NOSEC)
		code = token_open(&b->settings, &b->token);
	if (code == EX_OK)
		code = check_key(b);
	if (code == EX_OK)
		code = mint(b);
	if (code == EX_OK)
		code = output_write(&b->output, secret_expose(&b->image));
	if (code == EX_OK)
		code = record(b);
	if (code == EX_OK)
		code = output_commit(&b->output, secret_expose(&b->image));
	if (code == EX_OK)
		report(b);
	return code;
}

int
image_build(const struct options *o)
{
	struct build b = {
	    .o = o,
	    .format = image_format_find(o->format),
	    .output = {.fd = -1},
	};
	int code = build(&b);

	output_end(&b.output);
	secret_fini(&b.image);
	secret_fini(&b.nvs_keys);
	token_close(&b.token);
	ledger_close(b.ledger);
	issue_rules_unref(b.rules);
	policy_set_unref(b.set);
	settings_fini(&b.settings);
	return code;
}
