#include "bootstrap/reason.h"

#include <stddef.h>

enum {
	BAD_REQUEST = 0x80,
	UNAUTHORIZED = 0x81,
	NOT_ALLOWED = 0x85,
	NOT_ACCEPTABLE = 0x86,
	UNSUPPORTED_FORMAT = 0x8f,
	TOO_MANY_REQUESTS = 0x9d,
	UNAVAILABLE = 0xa3,
};

struct entry {
	const char *code, *sentence, *remedy;
	uint8_t coap;
};

static const struct entry table[REASON_COUNT] = {
    [REASON_NONE] = {"ok", "The device acknowledged Finish.", "", 0},
    [REASON_NO_IDENTITY] = {"no-identity",
	"No identity document admits this credential or address.",
	"Add an identity document for it, or ignore it: it is not a device of "
	"yours.",
	BAD_REQUEST},
    [REASON_NO_POLICY] = {"no-policy",
	"The device proved who it is, but no policy matches it.",
	"Run `provisioning-tool policy explain` for this endpoint and widen "
	"the match of the policy it should get.",
	BAD_REQUEST},
    [REASON_ENDPOINT_MISMATCH] = {"endpoint-mismatch",
	"The endpoint in the request is not the one the credential proves.",
	"Give the device the endpoint of its credential, or check who uses "
	"this credential.",
	BAD_REQUEST},
    [REASON_ENDPOINT_MISSING] = {"endpoint-missing",
	"The request names no endpoint and the credential proves none.",
	"Configure the endpoint name in the device.", BAD_REQUEST},
    [REASON_REQUEST_MALFORMED] = {"request-malformed",
	"The query of the Bootstrap-Request is malformed.",
	"Mend the client: one `ep` of at most 252 bytes, `pct` a number.",
	BAD_REQUEST},
    [REASON_PCT_UNSUPPORTED] = {"pct-unsupported",
	"The device prefers a Content-Format that this server does not write.",
	"Have the device prefer 112 (SenML CBOR) or 11542 (TLV), or send no "
	"`pct`.",
	UNSUPPORTED_FORMAT},
    [REASON_BUSY] = {"busy", "The server had no room for another session.",
	"Raise limits.sessions, or add workers; the device was told to come "
	"again.",
	UNAVAILABLE},
    [REASON_TOKEN_AWAY] = {"token-away", "The HSM did not answer.",
	"See `bootstrapctl status` for the token's own error; the device was "
	"told to come again.",
	UNAVAILABLE},
    [REASON_KEEPER_AWAY] = {"keeper-away",
	"The process that keeps the keys did not answer in time.",
	"See `bootstrapctl status` and the log: the supervisor restarts it by "
	"itself.",
	UNAVAILABLE},
    [REASON_LEDGER_AWAY] = {"ledger-away",
	"The ledger could not be written, so nothing was handed out.",
	"Make room on the ledger's disk, or mend its permissions.",
	UNAVAILABLE},
    [REASON_PLAN_TOO_LARGE] = {"plan-too-large",
	"The policy's plan is larger than this server sends.",
	"Split the policy's objects, or shorten them.", UNAVAILABLE},
    [REASON_RATE] = {"rate", "A worker asked for more than its share.",
	"If the load is real, add workers; if not, look at that worker's log.",
	UNAVAILABLE},
    [REASON_REVOKED] = {"revoked", "The credential was revoked.",
	"See `provisioning-tool audit list` for when it was revoked and why; "
	"give the device a new credential, or look who has a copy of this one.",
	BAD_REQUEST},
    [REASON_EXPIRED] = {"certificate-expired",
	"The device's certificate has expired, or is not valid yet.",
	"Compare its dates with the clock of this server; give the device a "
	"new certificate.",
	BAD_REQUEST},
    [REASON_UNTRUSTED] = {"certificate-untrusted",
	"No trust anchor leads to the device's certificate.",
	"Name the CA that signed it in `trust:` of an identity document, or "
	"ignore it: it is not a device of yours.",
	BAD_REQUEST},
    [REASON_CERTIFICATE] = {"certificate-unusable",
	"The device's certificate is malformed, or not for clients.",
	"Look at it with `provisioning-tool pki show`: P-256, "
	"digitalSignature, clientAuth.",
	BAD_REQUEST},
    [REASON_RAW_KEY] = {"raw-key-unknown",
	"The device has shown a raw public key that no table lists.",
	"Add its SHA-256 to the table of an `rpk:` identity, or ignore it.",
	BAD_REQUEST},
    [REASON_NO_CERTIFICATE] = {"no-certificate",
	"The peer has shown no certificate.",
	"Configure certificate and key in the device.", BAD_REQUEST},
    [REASON_CERTIFICATE_REFUSED] = {"certificate-refused",
	"The certificate that the policy makes for this device breaks a rule.",
	"Run `provisioning-tool policy explain` for this endpoint; mend the "
	"certificate profile.",
	UNAVAILABLE},
    [REASON_KEY_MISSING] = {"key-missing",
	"The sealed store has no key for this device, or it does not open.",
	"Import the key (provisioning-tool psk import), or restore the ledger "
	"and the token that belong together.",
	UNAVAILABLE},
    [REASON_KEY_REVOKED] = {"key-revoked",
	"A key that the policy gives this device for a server was revoked.",
	"Raise the epoch of that key in the policy, or import a newer one; see "
	"`provisioning-tool audit list` for when it was revoked and why.",
	UNAVAILABLE},
    [REASON_PACK_REFUSED] = {"pack-refused",
	"The device asked for a Bootstrap-Pack, and its policy gives none.",
	"Nothing: the device goes on with a Bootstrap-Request. Set "
	"device.pack: true where the client family takes packs.",
	NOT_ALLOWED},
    [REASON_PACK_FORMAT] = {"pack-format",
	"The device accepts a Bootstrap-Pack in no format that this server "
	"writes one in.",
	"Nothing, if it goes on with a Bootstrap-Request; else have it accept "
	"112 (SenML CBOR), 110 (SenML JSON) or 11544 (LwM2M CBOR).",
	NOT_ACCEPTABLE},
    [REASON_ECHO_WANTED] = {"echo-wanted",
	"Whoever sent the request has not shown yet that its address is its "
	"own.",
	"Nothing: it was given an Echo value to ask again with. A client "
	"without Echo needs `echo: false` in its nosec identity.",
	UNAUTHORIZED},
    [REASON_TOO_OFTEN] = {"too-often",
	"The device was bootstrapped as often as limits.device_requests "
	"allows, and asks again.",
	"Look why it does not register with the servers that it was given.",
	TOO_MANY_REQUESTS},
    [REASON_NOT_POSSIBLE] = {"not-possible",
	"The policy asks for what this server cannot do for this device.",
	"Run `bootstrapd check`, and `provisioning-tool policy explain` for "
	"this endpoint.",
	UNAVAILABLE},
    [REASON_DENIED] = {"denied", "A policy denies this device.",
	"See `detail` and `policy_at` in its row; take the device out of that "
	"policy if it is to be let in.",
	BAD_REQUEST},
    [REASON_QUARANTINED] = {"quarantined",
	"A policy holds this device back until somebody has looked at it.",
	"See `detail` and `policy_at` in its row; take the device out of that "
	"policy to let it go on: it comes again by itself.",
	UNAVAILABLE},
    [REASON_PROVISIONED] = {"already-provisioned",
	"The device was bootstrapped already, and its policy lets it in once.",
	"If it is to be let in once more: `bootstrapctl release ENDPOINT`; "
	"else "
	"look who has a copy of its credential.",
	BAD_REQUEST},
    [REASON_NO_SERVER] = {"no-server",
	"No server of a pool of its policy is for this device.",
	"Run `provisioning-tool policy explain` for this endpoint; give the "
	"pool a member without `network:` or `list:`, or end a `drain:`.",
	UNAVAILABLE},
    [REASON_SERVERS_FULL] = {"servers-full",
	"Every server that its policy has for this device is full.",
	"Add a server to the pool, or raise a `capacity:`; the device was told "
	"to come again.",
	UNAVAILABLE},
    [REASON_SUPERSEDED] = {"superseded",
	"The device sent a new Bootstrap-Request before this one ended.",
	"Nothing, if the newer attempt ended ok; else look why the device "
	"restarts.",
	UNAVAILABLE},
    [REASON_CANCELLED] = {"cancelled", "The session was ended from this side.",
	"The device will ask again by itself.", UNAVAILABLE},
    [REASON_WRITE_REFUSED] = {"write-refused",
	"The device refused a Write; Finish was not sent.",
	"Look at the step and code, and take what the device does not know "
	"out of the policy.",
	0},
    [REASON_DELETE_REFUSED] = {"delete-refused",
	"The device refused a Delete that the policy says must succeed.",
	"Set device.strict_delete: false, or take the path out of `clean`.", 0},
    [REASON_FORMAT_REFUSED] = {"format-refused",
	"The device accepts none of the formats that this server writes.",
	"Check which Content-Formats the client was built with.", 0},
    [REASON_FINISH_REFUSED] = {"finish-refused",
	"The device found its configuration inconsistent and refused Finish.",
	"Compare the policy with what this client family insists on (Lifetime, "
	"Binding, URI scheme against security mode).",
	0},
    [REASON_VERIFY_MISMATCH] = {"verify-mismatch",
	"The device shows other values than were written; Finish was not sent.",
	"Compare the policy with the device's own Discover and Read.", 0},
    [REASON_VERIFY_UNAVAILABLE] = {"verify-unavailable",
	"The policy wants a Discover or Read at the end, and the device gives "
	"none that can be read.",
	"Set verify: none for this client family.", 0},
    [REASON_NO_INSTANCE] = {"no-instance",
	"No instance could be chosen without risk to the bootstrap account.",
	"Clean /0 first, or look at the device's Discover.", 0},
    [REASON_RESET] = {"reset", "The device answered a command with RST.",
	"The client has forgotten the bootstrap; look at its log.", 0},
    [REASON_BLOCK_FAILED] = {"block-failed",
	"A block-wise transfer to or from the device broke down.",
	"Set device.max_message to what the client can take in one piece.", 0},
    [REASON_NO_ANSWER] = {"no-answer", "The device stopped answering.",
	"Look at the radio link and the device's power; it will ask again.", 0},
    [REASON_DEADLINE] = {"deadline",
	"The bootstrap did not end within limits.session_lifetime.",
	"Look at the link's round-trip time, or shorten the plan.", 0},
    [REASON_PEER_GONE] = {"peer-gone",
	"The device closed its session before the end.",
	"Look at the client's log; it will ask again.", 0},
    [REASON_FINISH_UNANSWERED] = {"finish-unanswered",
	"Finish was sent and its answer was never seen.",
	"See whether the device registers with its server; else it will ask "
	"again.",
	0},
    [REASON_PACK_SENT] = {"pack-sent",
	"The Bootstrap-Pack was fetched; a client does not say what became of "
	"it.",
	"See whether the device registers with its server; else it will ask "
	"again.",
	0},
    [REASON_PACK_UNFETCHED] = {"pack-unfetched",
	"The device did not fetch the Bootstrap-Pack to its end.",
	"Look at the radio link and the client's log; it will ask again.", 0},
    [REASON_WORKER_LOST] = {"worker-lost",
	"The process that served this device died.",
	"Report the crash; the device will ask again.", 0},
    [REASON_DAEMON_LOST] = {"daemon-lost",
	"The daemon ended before this session did.",
	"The device will ask again.", 0},
};

const char *
reason_code(enum reason r)
{
	return r < REASON_COUNT ? table[r].code : "?";
}

const char *
reason_sentence(enum reason r)
{
	return r < REASON_COUNT ? table[r].sentence : "";
}

const char *
reason_remedy(enum reason r)
{
	return r < REASON_COUNT ? table[r].remedy : "";
}

uint8_t
reason_coap(enum reason r)
{
	return r < REASON_COUNT && table[r].coap ? table[r].coap : UNAVAILABLE;
}

const char *
outcome_name(enum outcome o)
{
	switch (o) {
	case OUTCOME_OK:
		return "ok";
	case OUTCOME_FAILED:
		return "failed";
	case OUTCOME_UNKNOWN:
		return "unknown";
	}
	return "?";
}
