/*
 * Seen on the wire with the named versions. Where nothing was seen of a client
 * the row says what "default" says, and "default" satisfies all of them.
 *
 * strict_delete is false for all: what a client answers to a Delete differs
 * even where the Delete has done what it should (4.04 for what is not there,
 * 4.05 for what is protected), so only a policy asks for 2.02.
 *
 * empty_keys is false where a client was seen to take a Security instance
 * without /0/x/3, 4 and 5: the standard recommends to leave unused ones out.
 */
#include "policy/profile.h"

const struct policy_profile profiles[PROFILE_COUNT] = {
    {
	.name = "default",
	.discover = true,
	.empty_keys = true,
	.strict_delete = false,
	.max_message = 1024,
    },
    /*
     * Anjay 3.14. Discover tells its own account, which is /0/1 and would be
     * overwritten with 2.04. Takes blocks of any size.
     */
    {
	.name = "anjay",
	.discover = true,
	.empty_keys = false,
	.strict_delete = false,
	.max_message = 1024,
    },
    /*
     * Wakaama. Discover works, Block1 too. Resources that it does not know
     * are 4.04.
     */
    {
	.name = "wakaama",
	.discover = true,
	.empty_keys = false,
	.strict_delete = false,
	.max_message = 1024,
    },
    /*
     * Zephyr 3.2: messages of 512 bytes, and SenML CBOR is not put together
     * from blocks (5.00), so a Write has to fit one message.
     */
    {
	.name = "zephyr",
	.discover = true,
	.empty_keys = false,
	.strict_delete = false,
	.max_message = 512,
    },
    /*
     * Leshan's client 2.0-M18: without /0/x/3, 4 and 5 it refuses the Finish
     * (4.06) and is unusable afterwards.
     */
    {
	.name = "leshan",
	.discover = true,
	.empty_keys = true,
	.strict_delete = false,
	.max_message = 1024,
    },
    /* Contiki-NG: Discover is 4.04. Writes of instances only. */
    {
	.name = "contiki-ng",
	.discover = false,
	.empty_keys = false,
	.strict_delete = false,
	.max_message = 1024,
    },
    /*
     * AwaLWM2M: Discover of "/" is 4.00, of "/0" empty; a Delete of an empty
     * /1 is 4.04; blocks of 16 bytes are refused.
     */
    {
	.name = "awa",
	.discover = false,
	.empty_keys = false,
	.strict_delete = false,
	.max_message = 1024,
    },
};
