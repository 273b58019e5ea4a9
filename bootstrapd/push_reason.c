#include "push_reason.h"

struct entry {
	const char *code, *sentence, *remedy;
};

static const struct entry table[PUSH_REASONS] = {
    [PUSH_UNKNOWN_ENDPOINT] = {"unknown-endpoint",
	"No device of that name was ever bootstrapped here.",
	"Compare the name with `bootstrapctl devices`; a device in hold-off "
	"that has never come is reached with --to."},
    [PUSH_NO_SESSION] = {"no-session",
	"The device has no live session with this server.",
	"Sessions stand for limits.idle_timeout after a bootstrap: have its "
	"server trigger it, or wait until it comes."},
    [PUSH_NO_ADDRESS] = {"no-address",
	"The device was last bootstrapped over a secured transport, or never.",
	"Only a device that is admitted without credentials can be sent "
	"commands it has not asked for; name its address with --to."},
    [PUSH_NOT_ADMITTED] = {"address-not-admitted",
	"No `nosec` identity admits that device from that address.",
	"Add the network to a `nosec` identity, or use another way."},
    [PUSH_UNREACHABLE] = {"unreachable", "Nobody answers at that address.",
	"Its address may have changed, or a NAT may have forgotten it: have "
	"its server trigger it, or wait until it comes."},
    [PUSH_NO_TRIGGER] = {"no-trigger",
	"No server of the device's policy has a `trigger`.",
	"Add `trigger:` to a server of the policy and reload."},
    [PUSH_NO_WAY] = {"no-way",
	"The device has no live session, no address that may be used, and no "
	"server that would trigger it.",
	"Add `trigger:` to a server of its policy and reload, or wait until it "
	"comes by itself."},
    [PUSH_TRIGGER_UNSAFE] = {"trigger-unsafe",
	"The endpoint cannot stand in the request that the policy describes.",
	"Take {endpoint} out of the header, shorten the request, or give the "
	"device another name."},
    [PUSH_TRIGGER_FAILED] = {"trigger-failed",
	"No server of the device took the trigger.",
	"Look at the row `push_answered`: is the device registered there, and "
	"is the Authorization right?"},
    [PUSH_REFUSED] = {"refused",
	"The policies give the device nothing: it was refused.",
	"Look at its row `bootstrap_refused`."},
    [PUSH_UNDECIDED] = {"worker-lost",
	"The process that has the device's session did not begin.",
	"Try again; see `bootstrapctl status` and the log."},
    [PUSH_SUPERSEDED] = {"superseded",
	"A newer push has taken this device over.",
	"Nothing, if that one ended ok."},
    [PUSH_NO_REQUEST] = {"no-request",
	"The server took the trigger, and the device did not come in time.",
	"See whether the device is awake and can reach this server; raise "
	"limits.push_window for devices that sleep long."},
};

const char *
push_reason_code(enum push_reason r)
{
	return r < PUSH_REASONS ? table[r].code : "?";
}

const char *
push_reason_sentence(enum push_reason r)
{
	return r < PUSH_REASONS ? table[r].sentence : "";
}

const char *
push_reason_remedy(enum push_reason r)
{
	return r < PUSH_REASONS ? table[r].remedy : "";
}
