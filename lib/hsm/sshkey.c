#include "hsm/sshkey.h"

#include "base/text.h"

enum {
	ED25519_LEN = 32,
	UNCOMPRESSED = 4,
	RSA_BYTES_MIN = 256,
	RSA_BYTES_MAX = 2048,
	RSA_E_MAX = 8, /* bytes; nobody has more */
	APPLICATION_MAX = 255,
};

static const struct kind {
	const char *name;
	const char *curve; /* NULL: none */
	size_t coordinate_len;
} kinds[] = {
    [SSHKEY_ED25519] = {"ssh-ed25519", NULL, 0},
    [SSHKEY_ECDSA_P256] = {"ecdsa-sha2-nistp256", "nistp256", 32},
    [SSHKEY_ECDSA_P384] = {"ecdsa-sha2-nistp384", "nistp384", 48},
    [SSHKEY_ECDSA_P521] = {"ecdsa-sha2-nistp521", "nistp521", 66},
    [SSHKEY_RSA] = {"ssh-rsa", NULL, 0},
    [SSHKEY_SK_ED25519] = {"sk-ssh-ed25519@openssh.com", NULL, 0},
    [SSHKEY_SK_ECDSA_P256] = {"sk-ecdsa-sha2-nistp256@openssh.com", "nistp256",
	32},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

bool
sshkey_is_sk(enum sshkey_kind kind)
{
	return kind == SSHKEY_SK_ED25519 || kind == SSHKEY_SK_ECDSA_P256;
}

const char *
sshkey_name(enum sshkey_kind kind)
{
	return kinds[kind].name;
}

struct span
sshkey_string(struct reader *r)
{
	return reader_take(r, (size_t)reader_be(r, 4));
}

struct span
sshkey_mpint(struct reader *r)
{
	struct span s = sshkey_string(r);

	/* negative, zero, or a byte of sign that nothing needs */
	if (s.len == 0 || (s.p[0] & 0x80) ||
	    (s.p[0] == 0 && (s.len == 1 || !(s.p[1] & 0x80)))) {
		reader_fail(r);
		return span_of(NULL, 0);
	}
	return s.p[0] == 0 ? span_from(s, 1) : s;
}

static bool
find_kind(struct span name, enum sshkey_kind *out)
{
	for (unsigned i = 0; i < KIND_COUNT; i++)
		if (span_is(name, kinds[i].name)) {
			*out = (enum sshkey_kind)i;
			return true;
		}
	return false;
}

static const char *
why_not(struct span name)
{
	static const char end[] = "-cert-v01@openssh.com";
	const size_t len = sizeof(end) - 1;

	if (name.len > len && span_is(span_from(name, name.len - len), end))
		return "certificates are not taken; name the key itself";
	return "a key of another kind than ssh-ed25519, ecdsa-sha2-nistp256, "
	       "-nistp384, -nistp521, ssh-rsa and those of security keys";
}

static void
read_point(struct reader *r, const struct kind *k, struct sshkey *out)
{
	if (k->curve && !span_is(sshkey_string(r), k->curve))
		reader_fail(r);
	out->point = sshkey_string(r);
	if (!k->curve && out->point.len != ED25519_LEN)
		reader_fail(r);
	if (k->curve &&
	    (out->point.len != 1 + 2 * k->coordinate_len ||
		out->point.p[0] != UNCOMPRESSED))
		reader_fail(r);
}

enum rc
sshkey_read(struct span blob, struct sshkey *out, const char **why)
{
	struct reader r;
	struct span name;

	*out = (struct sshkey){.blob = blob};
	*why = "not a public key as OpenSSH writes it";
	if (blob.len > SSHKEY_BLOB_MAX)
		return RC_MALFORMED;
	reader_init(&r, blob);
	name = sshkey_string(&r);
	if (r.bad)
		return RC_MALFORMED;
	if (!find_kind(name, &out->kind)) {
		*why = why_not(name);
		return RC_UNSUPPORTED;
	}
	if (out->kind == SSHKEY_RSA) {
		out->e = sshkey_mpint(&r);
		out->n = sshkey_mpint(&r);
	} else {
		read_point(&r, &kinds[out->kind], out);
	}
	if (sshkey_is_sk(out->kind))
		out->application = sshkey_string(&r);
	if (r.bad || reader_left(&r) > 0 ||
	    out->application.len > APPLICATION_MAX || out->e.len > RSA_E_MAX)
		return RC_MALFORMED;
	if (out->kind != SSHKEY_RSA)
		return RC_OK;
	*why = "an RSA key of less than 2048 or more than 16384 bits";
	if (out->n.len < RSA_BYTES_MIN || out->n.len > RSA_BYTES_MAX ||
	    (out->n.len == RSA_BYTES_MIN && !(out->n.p[0] & 0x80)))
		return RC_UNSUPPORTED;
	*why = "an RSA key that cannot be one";
	return (out->n.p[out->n.len - 1] & 1) &&
		(out->e.p[out->e.len - 1] & 1) &&
		!(out->e.len == 1 && out->e.p[0] == 1)
	    ? RC_OK
	    : RC_MALFORMED;
}

void
sshkey_fingerprint(struct span blob, char out[static SSHKEY_FINGERPRINT_LEN])
{
	uint8_t hash[DIGEST_LEN];
	char text[48];
	struct writer w;

	digest_of(blob, hash);
	writer_init(&w, text, sizeof(text));
	text_base64(&w, span_of(hash, sizeof(hash)));
	/* without the '=' behind them */
	memcpy(out, "SHA256:", 7);
	memcpy(out + 7, text, 43);
	out[SSHKEY_FINGERPRINT_LEN - 1] = '\0';
}
