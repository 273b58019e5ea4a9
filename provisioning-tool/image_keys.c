/*
 * image keys: a partition of keys for encrypted NVS, of the token's random
 * numbers. It is as secret as the images that are encrypted by it.
 */
#include "esp_nvs.h"
#include "output.h"
#include "settings.h"
#include "token.h"
#include "tool.h"
#include "verbs.h"

#include "base/secret.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** Two keys that differ, or XTS-AES would be none (SP 800-38E). */
static int
draw(struct token *t, struct secret *partition)
{
	struct secret key = {0};
	enum rc rc = secret_reserve(&key, ESP_NVS_KEY_LEN);
	int code;

	if (rc == RC_OK)
		rc = secret_reserve(partition, ESP_NVS_KEYS_LEN);
	if (rc != RC_OK) {
		code = tool_fault(rc, "keys");
	} else {
		rc = hsm_random(t->session, key.bytes, ESP_NVS_KEY_LEN);
		code = rc == RC_OK ? EX_OK : token_fault(t, rc);
	}
	if (code == EX_OK) {
		esp_nvs_keys_write(key.bytes, partition->bytes);
		partition->len = ESP_NVS_KEYS_LEN;
		/* a token whose random numbers repeat */
		if (!esp_nvs_keys_read(secret_expose(partition)))
			code = tool_error(EX_UNAVAILABLE,
			    "see provisioning-tool hsm doctor",
			    "the token's random numbers are two equal keys");
	}
	secret_fini(&key);
	return code;
}

static int
make(const struct options *o, struct settings *s, struct token *t,
    struct secret *partition, struct output *out)
{
	struct quoted q;
	int code = settings_load(o, SETTINGS_TOKEN, s);

	if (code == EX_OK)
		code = output_begin(out, o->output, o->force);
	if (code == EX_OK)
		code = token_open(s, t);
	if (code == EX_OK)
		code = draw(t, partition);
	if (code == EX_OK)
		code = output_write(out, secret_expose(partition));
	if (code == EX_OK)
		code = output_commit(out, secret_expose(partition));
	if (code == EX_OK)
		fprintf(stderr, "keys         %s\n", quote_str(&q, o->output));
	return code;
}

int
image_keys(const struct options *o)
{
	struct settings settings = {0};
	struct token token = {0};
	struct secret partition = {0};
	struct output out = {.fd = -1};
	int code;

	if (strcmp(o->output, "-") == 0)
		return tool_error(EX_USAGE, "give -o FILE",
		    "keys go into a file of mode 0600");
	code = make(o, &settings, &token, &partition, &out);
	output_end(&out);
	secret_fini(&partition);
	token_close(&token);
	settings_fini(&settings);
	return code;
}
