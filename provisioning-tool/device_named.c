/* Which device a line of a list means. */
#include "image_mint.h"

#include "base/text.h"

struct span
image_recipe_unit(const struct image_recipe *r, struct span endpoint)
{
	if (!r->image || !r->image->endpoint)
		return (struct span){0};
	return image_serial_of_endpoint(r->image, endpoint);
}

/** A serial number alone. */
static enum rc
by_unit(const struct image_recipe *r, struct span *endpoint, struct span unit,
    char *room, const char **why)
{
	enum rc rc;

	if (!r->image) {
		*why = "it is a serial number alone; name an image document "
		       "that says what endpoint it makes, or add a column "
		       "`endpoint`";
		return RC_MALFORMED;
	}
	rc = image_endpoint_of_serial(r->image, unit, room, why);
	if (rc == RC_NOT_FOUND)
		*why = "it is a serial number alone; write `serial:` into the "
		       "image document, or add a column `endpoint`";
	if (rc == RC_OK)
		*endpoint = span_str(room);
	return rc;
}

static enum rc
check(const struct image_recipe *r, struct span endpoint, const char **why)
{
	if (r->image)
		return image_endpoint_check(r->image, endpoint, why);
	*why = "it is longer than the 252 bytes that a device can send";
	if (endpoint.len > r->endpoint_max)
		return RC_TOO_LARGE;
	*why = "the identity does not admit it; choose another, or widen it";
	return identity_fits(r->identity, endpoint) ? RC_OK : RC_DENIED;
}

/** Both stand there: does one make the other? */
static enum rc
check_unit(const struct image_recipe *r, struct span endpoint, struct span unit,
    const char **why)
{
	char room[POLICY_ENDPOINT_MAX + 1];
	enum rc rc;

	if (!r->image || !r->image->endpoint)
		return RC_OK;
	rc = image_endpoint_of_serial(r->image, unit, room, why);
	if (rc == RC_OK && !span_is(endpoint, room)) {
		*why = "the image document makes another endpoint of this "
		       "serial number; take one of the two columns out";
		rc = RC_MALFORMED;
	}
	return rc;
}

enum rc
image_recipe_device(const struct image_recipe *r, struct span *endpoint,
    struct span *unit, struct span name,
    char room[static POLICY_ENDPOINT_MAX + 1], const char **why)
{
	enum rc rc;

	if (name.len && r->image && r->image->endpoint) {
		const char *unused;

		/* an endpoint, where the document admits it as one */
		*unit = name;
		rc = by_unit(r, endpoint, name, room, why);
		if (rc == RC_OK ||
		    image_endpoint_check(r->image, name, &unused) != RC_OK)
			return rc;
		*unit = (struct span){0};
		*endpoint = name;
	} else if (name.len) {
		*endpoint = name;
	}
	if (endpoint->len == 0)
		return by_unit(r, endpoint, *unit, room, why);
	rc = check(r, *endpoint, why);
	if (rc == RC_OK && unit->len)
		return check_unit(r, *endpoint, *unit, why);
	if (rc == RC_OK)
		*unit = image_recipe_unit(r, *endpoint);
	return rc;
}
