#include "settings.h"

#include "../bootstrapd/config.h"
#include "build_config.h"
#include "tool.h"

#include <stdio.h>
#include <unistd.h>

static const char default_config[] = SYSCONF_DIR "/bootstrapd.yaml";

/** The token as the options name it. */
static int
token_options(struct settings *s)
{
	const struct options *o = s->options;
	const char *const pins[] = {
	    [HSM_PIN_FILE] = o->pin_file,
	    [HSM_PIN_CREDENTIAL] = o->pin_credential,
	    [HSM_PIN_ENV] = o->pin_env,
	};
	unsigned given = 0;

	for (unsigned i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
		if (!pins[i])
			continue;
		s->hsm.pin = pins[i];
		s->hsm.pin_kind = (enum hsm_pin_kind)i;
		given++;
	}
	if (given > 1)
		return tool_error(EX_USAGE, "give one of them",
		    "--pin-file, --pin-env and --pin-credential exclude each "
		    "other");
	if (o->module)
		s->hsm.module = o->module;
	if (o->init_args)
		s->hsm.init_args = o->init_args;
	if (o->token)
		s->hsm.token = o->token;
	return EX_OK;
}

/** What the options leave open; they come before the file. */
static int
take_config(struct settings *s)
{
	s->hsm = s->config->hsm;
	s->hsm.sessions = 1;
	if (!s->ledger)
		s->ledger = s->config->ledger;
	if (!s->policies)
		s->policies = s->config->policies;
	return token_options(s);
}

static int
read_config(const char *file, struct settings *s)
{
	struct diag *d = diag_new();
	struct quoted q;
	enum rc rc;
	int code;

	if (!d)
		return tool_fault(RC_MEMORY, "configuration");
	rc = config_load(file, d, &s->config);
	if (rc == RC_OK) {
		code = take_config(s);
	} else if (rc == RC_MEMORY) {
		code = tool_fault(rc, "configuration");
	} else {
		diag_sort(d);
		diag_print(d, stderr);
		code = tool_error(EX_CONFIG,
		    "mend it, or name the token and the rest by options",
		    "%s cannot be used", quote_str(&q, file));
	}
	diag_free(d);
	return code;
}

enum { ANY_LEDGER = SETTINGS_LEDGER | SETTINGS_AGAINST | SETTINGS_INTO };

static bool
complete(const struct settings *s, unsigned needs)
{
	if (needs & SETTINGS_TOKEN &&
	    (!s->hsm.module || !s->hsm.token || !s->hsm.pin))
		return false;
	if (needs & ANY_LEDGER && !s->ledger)
		return false;
	return !(needs & SETTINGS_POLICIES) || s->policies;
}

static int
incomplete(const struct settings *s, unsigned needs)
{
	const char *what = "--policies PATH";

	if (needs & SETTINGS_TOKEN) {
		if (!s->hsm.module)
			what = "--module FILE";
		else if (!s->hsm.token)
			what = "--token URI";
		else if (!s->hsm.pin)
			what = "--pin-file FILE, --pin-env NAME or "
			       "--pin-credential NAME";
	}
	if (needs & ANY_LEDGER && !s->ledger) {
		what = "--ledger FILE";
		if (needs & SETTINGS_AGAINST)
			what = "--against LEDGER";
		else if (needs & SETTINGS_INTO)
			what = "--into CENTRAL";
	}
	return tool_error(
	    EX_USAGE, "or give -c bootstrapd.yaml", "%s is missing", what);
}

int
settings_need(struct settings *s, unsigned needs)
{
	int code = EX_OK;

	if (complete(s, needs))
		return EX_OK;
	if (!s->config && access(default_config, F_OK) == 0)
		code = read_config(default_config, s);
	if (code != EX_OK)
		return code;
	return complete(s, needs) ? EX_OK : incomplete(s, needs);
}

int
settings_load(const struct options *o, unsigned needs, struct settings *out)
{
	int code;

	*out = (struct settings){
	    .options = o,
	    .hsm = {.sessions = 1},
	    .ledger = o->ledger,
	    .policies = o->policies,
	};
	code = token_options(out);
	if (code == EX_OK && o->config)
		code = read_config(o->config, out);
	return code == EX_OK ? settings_need(out, needs) : code;
}

void
settings_fini(struct settings *s)
{
	if (s->config)
		config_free(s->config);
	s->config = NULL;
}
