#include "hsm/sshsig.h"

#include "base/text.h"

#define BEGIN "-----BEGIN SSH SIGNATURE-----\n"
#define END "-----END SSH SIGNATURE-----"

enum {
	MAGIC_LEN = 6, /* "SSHSIG" */
	VERSION = 1,
	ED25519_SIGNATURE_LEN = 64,
	SPACE_MAX = 255, /* bytes of a namespace */
};

/* Where the line of the end begins; SIZE_MAX: nowhere. */
static size_t
find_end(struct span text)
{
	const struct span end = SPAN_LIT("\n" END);

	for (size_t i = 0; i + end.len <= text.len; i++)
		if (span_starts(span_from(text, i), end))
			return i;
	return SIZE_MAX;
}

static bool
all_line_feeds(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '\n')
			return false;
	return true;
}

enum rc
sshsig_unarmor(struct span text, struct writer *w)
{
	uint8_t letters[SSHSIG_TEXT_MAX];
	struct span body;
	struct writer l;
	size_t end;

	if (text.len > SSHSIG_TEXT_MAX)
		return RC_TOO_LARGE;
	if (!span_starts(text, SPAN_LIT(BEGIN)))
		return RC_MALFORMED;
	body = span_from(text, sizeof(BEGIN) - 1);
	end = find_end(body);
	if (end == SIZE_MAX ||
	    !all_line_feeds(span_from(body, end + sizeof("\n" END) - 1)))
		return RC_MALFORMED;
	writer_init(&l, letters, sizeof(letters));
	for (size_t i = 0; i < end; i++)
		if (body.p[i] != '\n')
			writer_put(&l, span_of(body.p + i, 1));
	/* base64 of OpenSSL is padded, and of the first alphabet */
	if (l.len % 4 != 0)
		return RC_MALFORMED;
	for (size_t i = 0; i < l.len; i++)
		if (letters[i] == '-' || letters[i] == '_')
			return RC_MALFORMED;
	return text_unbase64(w, writer_span(&l));
}

/* The algorithm of an RSA signature; SHA-1 is none. */
static unsigned
rsa_bits(struct span name)
{
	if (span_is(name, "rsa-sha2-512"))
		return 512;
	return span_is(name, "rsa-sha2-256") ? 256 : 0;
}

static void
read_ecdsa(struct span in, struct reader *outer, struct sshsig *out)
{
	struct reader r;

	reader_init(&r, in);
	out->r = sshkey_mpint(&r);
	out->s = sshkey_mpint(&r);
	if (r.bad || reader_left(&r) > 0)
		reader_fail(outer);
}

/* The string behind all else: algorithm and signature. */
static void
read_signature(struct span in, struct reader *outer, struct sshsig *out)
{
	const enum sshkey_kind kind = out->key.kind;
	struct reader r;
	struct span name;

	reader_init(&r, in);
	name = sshkey_string(&r);
	out->raw = sshkey_string(&r);
	if (kind == SSHKEY_RSA)
		out->rsa_bits = rsa_bits(name);
	if (kind == SSHKEY_RSA ? out->rsa_bits == 0
			       : !span_is(name, sshkey_name(kind)))
		reader_fail(&r);
	if (sshkey_is_sk(kind)) {
		out->flags = (uint8_t)reader_be(&r, 1);
		out->counter = (uint32_t)reader_be(&r, 4);
	}
	if (r.bad || reader_left(&r) > 0)
		reader_fail(outer);
	else if (kind == SSHKEY_RSA && out->raw.len != out->key.n.len)
		reader_fail(outer);
	else if ((kind == SSHKEY_ED25519 || kind == SSHKEY_SK_ED25519) &&
	    out->raw.len != ED25519_SIGNATURE_LEN)
		reader_fail(outer);
	else if (kind != SSHKEY_RSA && kind != SSHKEY_ED25519 &&
	    kind != SSHKEY_SK_ED25519)
		read_ecdsa(out->raw, outer, out);
}

enum rc
sshsig_read(struct span blob, struct sshsig *out, const char **why)
{
	static const char no_signature[] =
	    "not a signature as ssh-keygen -Y sign makes it";
	struct span key;
	struct reader r;
	uint64_t version;
	enum rc rc;

	*out = (struct sshsig){0};
	*why = no_signature;
	reader_init(&r, blob);
	if (!span_is(reader_take(&r, MAGIC_LEN), "SSHSIG"))
		return RC_MALFORMED;
	version = reader_be(&r, 4);
	if (r.bad || version != VERSION)
		return RC_UNSUPPORTED;
	key = sshkey_string(&r);
	if (r.bad)
		return RC_MALFORMED;
	rc = sshkey_read(key, &out->key, why);
	if (rc != RC_OK)
		return rc;
	*why = no_signature;
	out->space = sshkey_string(&r);
	out->reserved = sshkey_string(&r);
	out->hash = sshkey_string(&r);
	read_signature(sshkey_string(&r), &r, out);
	if (r.bad || reader_left(&r) > 0 || out->space.len == 0 ||
	    out->space.len > SPACE_MAX)
		return RC_MALFORMED;
	if (span_is(out->hash, "sha256") || span_is(out->hash, "sha512"))
		return RC_OK;
	*why = "it hashes by something else than SHA-256 and SHA-512";
	return RC_UNSUPPORTED;
}
