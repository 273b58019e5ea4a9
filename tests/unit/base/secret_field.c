/* One field, FIELD, in the sight of a secret: for the compiler alone. */
#include "base/event.h"
#include "base/secret.h"

extern struct secret secret;
extern struct span secret_public;
struct field made(void);

struct field
made(void)
{
	return FIELD;
}
