#include "probe_key.h"

#include "base/cursor.h"
#include "base/text.h"
#include "dtls/dtls.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { FILE_MAX = 2 * DTLS_KEY_MAX + 2 /* hex, and an end of line */ };

static int
read_file(const char *path, uint8_t *buf, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct quoted q;
	ssize_t n = 0;

	*len = 0;
	while (fd >= 0 && *len <= FILE_MAX &&
	    (n = read(fd, buf + *len, FILE_MAX + 1 - *len)) > 0)
		*len += (size_t)n;
	if (fd < 0 || n < 0) {
		int saved = errno;

		if (fd >= 0)
			close(fd);
		return tool_error(EX_NOINPUT, NULL, "%s: %s",
		    quote_str(&q, path), strerror(saved));
	}
	close(fd);
	return EX_OK;
}

static enum rc
take(struct span bytes, bool hex, struct secret *out)
{
	struct writer w;
	enum rc rc;

	if (!hex)
		return secret_set(out, bytes);
	while (bytes.len &&
	    (bytes.p[bytes.len - 1] == '\n' || bytes.p[bytes.len - 1] == '\r'))
		bytes.len--;
	rc = secret_reserve(out, DTLS_KEY_MAX);
	if (rc != RC_OK)
		return rc;
	writer_init(&w, out->bytes, out->cap);
	rc = text_unhex(&w, bytes);
	out->len = w.len;
	return rc;
}

int
probe_key_read(const struct options *o, struct secret *out)
{
	const char *path = o->psk_file ? o->psk_file : o->key_hex_file;
	uint8_t buf[FILE_MAX + 1];
	struct quoted q;
	size_t len;
	enum rc rc;
	int code;

	if (o->psk_file && o->key_hex_file)
		return tool_error(
		    EX_USAGE, NULL, "either --psk-file or --key-hex-file");
	if (!path != !o->psk_identity)
		return tool_error(EX_USAGE, NULL,
		    "--psk-identity goes with --psk-file or --key-hex-file");
	if (!path)
		return EX_OK;
	code = read_file(path, buf, &len);
	if (code != EX_OK)
		return code;
	rc = take(span_of(buf, len), o->key_hex_file != NULL, out);
	secret_wipe(buf, sizeof(buf));
	if (rc == RC_MEMORY)
		return tool_fault(rc, "key");
	if (rc != RC_OK || out->len < DTLS_KEY_MIN || out->len > DTLS_KEY_MAX)
		return tool_error(EX_DATAERR, NULL,
		    "%s: not a key of %d to %d bytes%s", quote_str(&q, path),
		    DTLS_KEY_MIN, DTLS_KEY_MAX,
		    o->key_hex_file ? " in hex" : "");
	return EX_OK;
}
