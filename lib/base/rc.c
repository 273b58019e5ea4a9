#include "base/rc.h"

#include <sysexits.h>

/*
 * RC_CONFIG is bad data whichever file holds it; a program whose own
 * configuration is at fault exits with EX_CONFIG (78) by its own decision.
 * RC_NOT_FOUND and RC_CONFLICT follow what a user sees: an input that is not
 * there, an output that may not be made.
 */
static const struct {
	const char *name;
	int exit;
} codes[RC_COUNT] = {
    [RC_OK] = {"ok", EX_OK},
    [RC_AGAIN] = {"again", EX_TEMPFAIL},
    [RC_MALFORMED] = {"malformed", EX_DATAERR},
    [RC_TOO_LARGE] = {"too-large", EX_DATAERR},
    [RC_UNSUPPORTED] = {"unsupported", EX_DATAERR},
    [RC_NOT_FOUND] = {"not-found", EX_NOINPUT},
    [RC_CONFLICT] = {"conflict", EX_CANTCREAT},
    [RC_DENIED] = {"denied", EX_NOPERM},
    [RC_MEMORY] = {"memory", EX_SOFTWARE},
    [RC_FULL] = {"full", EX_IOERR},
    [RC_IO] = {"io", EX_IOERR},
    [RC_TOKEN] = {"token", EX_UNAVAILABLE},
    [RC_PIN] = {"pin", EX_UNAVAILABLE},
    [RC_DB] = {"db", EX_IOERR},
    [RC_CONFIG] = {"config", EX_DATAERR},
    [RC_USAGE] = {"usage", EX_USAGE},
    [RC_TIMEOUT] = {"timeout", EX_TEMPFAIL},
    [RC_BUG] = {"bug", EX_SOFTWARE},
};

const char *
rc_name(enum rc rc)
{
	if ((unsigned)rc >= RC_COUNT)
		return "unknown";
	return codes[rc].name;
}

int
rc_exit(enum rc rc)
{
	if ((unsigned)rc >= RC_COUNT)
		return EX_SOFTWARE;
	return codes[rc].exit;
}
