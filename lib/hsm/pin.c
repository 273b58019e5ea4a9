/*
 * Where the PIN comes from. Never from a command line or a URI; from a file
 * that only its owner can read, a credential of the service manager, or as a
 * last resort a variable, which is removed.
 */
#include "hsm/hsm_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rc
unreadable(struct hsm_error *err, const char *path, const char *why)
{
	char quoted[160];

	hsm_error_text(err, 0, "PIN file %s: %s",
	    hsm_quote(quoted, sizeof(quoted), span_str(path)), why);
	return RC_CONFIG;
}

/* One newline is what editors and echo add; anything else stays, and a control
 * character is taken for a mistake before it costs a try. */
static enum rc
check_text(struct secret *pin, struct hsm_error *err)
{
	if (pin->len && pin->bytes[pin->len - 1] == '\n')
		pin->bytes[--pin->len] = '\0';
	if (pin->len == 0) {
		hsm_error_text(err, 0, "the PIN is empty");
		hsm_error_remedy(err, "put the token's user PIN there");
		return RC_CONFIG;
	}
	for (size_t i = 0; i < pin->len; i++) {
		if (pin->bytes[i] >= 0x20 && pin->bytes[i] != 0x7f)
			continue;
		hsm_error_text(err, 0, "the PIN holds a control character");
		hsm_error_remedy(err,
		    "write the PIN on one line, without a carriage return");
		return RC_CONFIG;
	}
	return RC_OK;
}

/*
 * systemd gives a service with User= its credential by an access list, which
 * shows as a group bit that grants nothing to the group: hence 0440 there, in
 * a directory that is already private.
 */
static bool
mode_private(mode_t mode, enum hsm_pin_kind kind)
{
	mode &= 07777;
	return mode == 0600 || mode == 0400 ||
	    (kind == HSM_PIN_CREDENTIAL && mode == 0440);
}

static enum rc
check_file(
    int fd, const char *path, enum hsm_pin_kind kind, struct hsm_error *err)
{
	struct stat st;

	hsm_error_remedy(
	    err, "chmod 0600 the file and give it to the service's user");
	if (fstat(fd, &st))
		return unreadable(err, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return unreadable(err, path, "not a regular file");
	if (!mode_private(st.st_mode, kind))
		return unreadable(err, path, "its mode is not 0600 or 0400");
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		hsm_error_remedy(err,
		    "run this as the user that the file belongs to (uid %u), "
		    "or give it to this one",
		    (unsigned)st.st_uid);
		return unreadable(
		    err, path, "it belongs neither to root nor to this user");
	}
	if (st.st_size > HSM_PIN_MAX)
		return unreadable(err, path, "it is too long for a PIN");
	hsm_error_remedy(err, "%s", "");
	return RC_OK;
}

static enum rc
read_file(const char *path, enum hsm_pin_kind kind, struct secret *pin,
    struct hsm_error *err)
{
	/* O_NONBLOCK: a FIFO in the place of the file must not hang us. */
	int fd = open(
	    path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	enum rc rc;

	if (fd < 0) {
		hsm_error_remedy(err,
		    errno == ELOOP
			? "name the file itself, not a symbolic link"
			: "write the token's user PIN there, mode 0600");
		return unreadable(err, path, strerror(errno));
	}
	rc = check_file(fd, path, kind, err);
	if (rc)
		goto out;
	rc = secret_reserve(pin, HSM_PIN_MAX + 2);
	if (rc)
		goto out;
	while (pin->len < HSM_PIN_MAX + 1) {
		ssize_t n =
		    read(fd, pin->bytes + pin->len, HSM_PIN_MAX + 1 - pin->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = unreadable(err, path, strerror(errno));
		if (n <= 0)
			break;
		pin->len += (size_t)n;
	}
	if (!rc && pin->len > HSM_PIN_MAX)
		rc = unreadable(err, path, "it is too long for a PIN");
out:
	close(fd);
	return rc;
}

static bool
name_plain(const char *name)
{
	size_t n = strspn(name,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n <= 64 && name[n] == '\0' && name[0] != '.';
}

static enum rc
read_credential(const char *name, struct secret *pin, struct hsm_error *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[512];
	int n;

	if (!name_plain(name)) {
		hsm_error_text(err, 0, "not a name of a credential");
		hsm_error_remedy(err, "letters, digits, \"-\", \"_\", \".\"");
		return RC_CONFIG;
	}
	if (!dir || dir[0] != '/') {
		hsm_error_text(err, 0,
		    "PIN credential %s: no $CREDENTIALS_DIRECTORY", name);
		hsm_error_remedy(err,
		    "add LoadCredential=%s:/path/of/the/pin to the unit, or "
		    "use {file: ...}",
		    name);
		return RC_CONFIG;
	}
	n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		hsm_error_text(err, 0, "$CREDENTIALS_DIRECTORY is too long");
		return RC_CONFIG;
	}
	return read_file(path, HSM_PIN_CREDENTIAL, pin, err);
}

static enum rc
read_variable(const char *name, struct secret *pin, struct hsm_error *err)
{
	char *value = getenv(name);
	size_t len;
	enum rc rc = RC_OK;

	if (!value) {
		char quoted[96];

		hsm_error_text(err, 0, "PIN: no variable %s in the environment",
		    hsm_quote(quoted, sizeof(quoted), span_str(name)));
		hsm_error_remedy(
		    err, "set it for the service; it is read once and removed");
		return RC_CONFIG;
	}
	len = strlen(value);
	if (len > HSM_PIN_MAX) {
		hsm_error_text(err, 0, "PIN: the variable is too long");
		rc = RC_CONFIG;
	} else {
		rc = secret_reserve(pin, len + 2);
	}
	if (!rc) {
		memcpy(pin->bytes, value, len);
		pin->len = len;
	}
	/* unsetenv drops the pointer only; the bytes would stay readable in
	 * /proc/self/environ. */
	secret_wipe(value, len);
	unsetenv(name);
	return rc;
}

enum rc
hsm_pin_read(enum hsm_pin_kind kind, const char *name, struct secret *pin,
    struct hsm_error *err)
{
	enum rc rc;

	switch (kind) {
	case HSM_PIN_FILE:
		rc = read_file(name, kind, pin, err);
		break;
	case HSM_PIN_CREDENTIAL:
		rc = read_credential(name, pin, err);
		break;
	case HSM_PIN_ENV:
		rc = read_variable(name, pin, err);
		break;
	default:
		return RC_BUG;
	}
	if (!rc)
		rc = check_text(pin, err);
	if (rc == RC_MEMORY)
		hsm_error_text(err, 0, "no locked memory for the PIN");
	if (rc)
		secret_fini(pin);
	return rc;
}

const char *
hsm_pin_place(const struct hsm_config *config, char *buf, size_t cap)
{
	static const char *const kinds[] = {
	    [HSM_PIN_FILE] = "file",
	    [HSM_PIN_CREDENTIAL] = "credential",
	    [HSM_PIN_ENV] = "variable",
	};

	if (!config->pin)
		return "the token's own keypad";
	snprintf(buf, cap, "%s %s", kinds[config->pin_kind], config->pin);
	return buf;
}

/*
 * The PINs that were refused, for the life of the process: an operator's typo
 * costs one of the token's three tries, not all of them.
 */
enum { REFUSED_MAX = 8 };

static pthread_mutex_t refused_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned refused_count;
static struct {
	char token[160];
	struct secret pin;
} refused[REFUSED_MAX];

bool
hsm_pin_was_refused(const char *token_name, const struct secret *pin)
{
	bool found;

	pthread_mutex_lock(&refused_lock);
	found = refused_count > REFUSED_MAX;
	for (unsigned i = 0; i < refused_count && i < REFUSED_MAX; i++)
		if (strcmp(refused[i].token, token_name) == 0 &&
		    secret_equal(&refused[i].pin, pin))
			found = true;
	pthread_mutex_unlock(&refused_lock);
	return found;
}

void
hsm_pin_remember_refused(const char *token_name, const struct secret *pin)
{
	pthread_mutex_lock(&refused_lock);
	if (refused_count < REFUSED_MAX &&
	    secret_set(&refused[refused_count].pin, secret_expose(pin)) ==
		RC_OK) {
		snprintf(refused[refused_count].token, sizeof(refused[0].token),
		    "%s", token_name);
		refused_count++;
	} else {
		refused_count = REFUSED_MAX + 1;
	}
	pthread_mutex_unlock(&refused_lock);
}
