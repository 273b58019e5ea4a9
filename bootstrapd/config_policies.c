/* `policies:` of bootstrapd.yaml: where they are, and how a change of them goes
 * out. */
#include "config_reading.h"

#include "config_keys.h"
#include "rollout_words.h"

/** A share, as text. */
static bool
read_share(struct reading *r, struct yaml_node *n, uint32_t *out)
{
	const char *text;
	enum rc rc = yaml_text(&r->yaml, n, &text);

	reading_note(r, rc);
	if (rc != RC_OK)
		return false;
	if (rollout_share_read(span_str(text), out))
		return true;
	yaml_error(&r->yaml, n, "config-share",
	    "%s is no share; write it like 1%% or 0.5%%, above 0%% and up to "
	    "100%%",
	    YAML_SHOW(n->text));
	reading_note(r, RC_CONFIG);
	return false;
}

static void
read_stages(struct reading *r, struct yaml_node *at)
{
	struct rollout_terms *t = &r->config->rollout;
	size_t count;
	struct yaml_node *n = yaml_items(at, &count);
	const char *fault = NULL;

	if (count > ROLLOUT_STAGES_MAX)
		fault = "there are more than 16 stages";
	t->stage_count = 0;
	for (size_t i = 0; !fault && i < count; i++, n = n->next) {
		if (!read_share(r, n, &t->stages[i]))
			return;
		t->stage_count++;
	}
	if (!fault)
		fault = rollout_stages_fault(t);
	if (!fault)
		return;
	yaml_error(&r->yaml, at, "config-stages", "%s", fault);
	reading_note(r, RC_CONFIG);
}

static void
read_rollout(struct reading *r, struct yaml_node *map)
{
	struct rollout_terms *t = &r->config->rollout;
	int64_t minimum = t->minimum;
	struct yaml_node *n;

	if (yaml_expect(&r->yaml, map, YAML_MAP) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	n = yaml_get(map, "stages");
	if (n)
		read_stages(r, n);
	n = yaml_get(map, "success");
	if (n)
		(void)read_share(r, n, &t->success);
	n = yaml_get(map, "window");
	if (n)
		reading_note(r,
		    yaml_duration_ms(
			&r->yaml, n, 1, ROLLOUT_WINDOW_MAX_MS, &t->window_ms));
	n = yaml_get(map, "minimum");
	if (n)
		reading_note(r,
		    yaml_number(&r->yaml, n, 1, ROLLOUT_MINIMUM_MAX, &minimum));
	t->minimum = (uint32_t)minimum;
	yaml_rest(&r->yaml, map, &config_keys_rollout);
}

static void
read_trust(struct reading *r, struct yaml_node *map)
{
	struct signed_trust *t = &r->config->policy_trust;
	int64_t threshold = 0;
	struct yaml_node *n;

	if (yaml_expect(&r->yaml, map, YAML_MAP) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	t->signers = reading_path(r, map, "signers", true);
	/* said, not guessed: it is how much one person alone can do */
	n = yaml_need(&r->yaml, map, "threshold");
	reading_note(r,
	    n ? yaml_number(&r->yaml, n, 1, SIGNED_THRESHOLD_MAX, &threshold)
	      : RC_CONFIG);
	t->threshold = (unsigned)threshold;
	yaml_rest(&r->yaml, map, &config_keys_trust);
}

void
reading_policies(struct reading *r)
{
	struct yaml_node *map = yaml_get(r->root, "policies"), *n;

	if (!map || map->kind != YAML_MAP) {
		r->config->policies =
		    reading_path(r, r->root, "policies", true);
		return;
	}
	r->config->policies = reading_path(r, map, "path", true);
	n = yaml_get(map, "trust");
	if (n)
		read_trust(r, n);
	n = yaml_get(map, "rollout");
	if (n)
		read_rollout(r, n);
	yaml_rest(&r->yaml, map, &config_keys_policies);
}
