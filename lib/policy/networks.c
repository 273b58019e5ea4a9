/* Networks, as `nosec:` and `match:` name them. */
#include "policy/load.h"

bool
load_networks(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct network **out, size_t *out_count)
{
	struct network *networks;
	struct yaml_node *item;
	size_t count, kept = 0;

	item = yaml_items(n, &count);
	if (count == 0)
		yaml_error(c, n, "policy-network",
		    "no network; name one, like 127.0.0.0/8");
	networks = load_alloc(l, count, sizeof(*networks));
	if (!networks)
		return false;
	*out = networks;
	*out_count = 0;
	for (size_t i = 0; i < count; i++, item = item->next) {
		const char *text;

		if (yaml_text(c, item, &text) != RC_OK)
			continue;
		if (network_parse(item->text, &networks[kept]) == RC_OK)
			kept++;
		else
			yaml_error(c, item, "policy-network",
			    "%s is no network; one like 10.0.0.0/8 or "
			    "\"fd00::/8\" is expected, no bits set behind the "
			    "prefix",
			    YAML_SHOW(item->text));
	}
	*out_count = kept;
	return count > 0 && kept == count;
}
