#include "verbs.h"

#include "ceremony.h"
#include "help.h"
#include "issue/signed.h"
#include "tool.h"
#include "verb_options.h"

#include <stddef.h>
#include <stdio.h>

const char *const verb_text_json[] = {"text", "json", NULL};
const char *const verb_text_json_csv[] = {"text", "json", "csv", NULL};
const char *const verb_text_json_sarif[] = {"text", "json", "sarif", NULL};

/* Groups that several verbs have. */

static const struct option_spec config_specs[] = {
    {FILE_NAME("config", config, "FILE",
	 "take what is not given from this bootstrapd.yaml"),
	.letter = 'c'},
};
const struct option_group verb_config =
    OPTION_GROUP("Configuration options", config_specs);

static const struct option_spec token_specs[] = {
    {FILE_NAME("module", module, "FILE", "the PKCS#11 module")},
    {TEXT("init-args", init_args, "TEXT",
	"what the module wants at its start, as NSS does")},
    {TEXT("token", token, "URI", "the token, \"pkcs11:token=LABEL\"")},
    {FILE_NAME(
	"pin-file", pin_file, "FILE", "its user PIN: a file of mode 0600")},
    {TEXT("pin-env", pin_env, "NAME", "its user PIN: an environment variable")},
    {TEXT("pin-credential", pin_credential, "NAME",
	"its user PIN: a credential of systemd")},
};
const struct option_group verb_token =
    OPTION_GROUP("Token options", token_specs);

static const struct option_spec list_keys_specs[] = {
    {OUTPUT(verb_text_json_csv, "text (default), json or csv")},
};
static const struct option_group list_keys_group =
    OPTION_GROUP("Options", list_keys_specs);

static const struct option_spec make_keys_specs[] = {
    {LEDGER("record each key's check value there")},
};
static const struct option_group make_keys_group =
    OPTION_GROUP("Options", make_keys_specs);

static const struct option_spec doctor_specs[] = {
    {OUTPUT(verb_text_json, "text (default) or json (one finding a line)")},
};
static const struct option_group doctor_group =
    OPTION_GROUP("Options", doctor_specs);

static const struct option_spec speed_specs[] = {
    {TEXT("master", master, "LABEL",
	"the master to derive with; default: the first")},
    {TEXT("key", key, "URI",
	"the key to sign with, \"pkcs11:object=LABEL\"; default: the first")},
    {NUMBER("seconds", seconds, 1, 60, "for each measurement; default 1"),
	.preset = "1"},
    {OUTPUT(verb_text_json, "text (default) or json (one measurement a line)")},
};
static const struct option_group speed_group =
    OPTION_GROUP("Options", speed_specs);

static const char *const auto_always_never[] = {
    "auto", "always", "never", NULL};

static const struct option_spec check_specs[] = {
    {.name = "costs",
	.kind = OPTION_CHOICE,
	.value = "WHEN",
	.help = "show what bootstraps cost: auto (default: up to 20 policies), "
		"always or never",
	.offset = offsetof(struct options, costs),
	.choices = auto_always_never,
	.preset = "auto"},
    {FILE_NAME("server-certificate", server_certificate, "FILE",
	"with the chain that the bootstrap server shows")},
    {FILE_NAME("device-certificate", device_certificate, "FILE",
	"with the chain that devices show")},
    {FILE_NAME("trust", trust, "FILE",
	"it must be signed by signers of this file, of OpenSSH's format")},
    {NUMBER("threshold", threshold, 1, SIGNED_THRESHOLD_MAX,
	"by so many of them; default 1")},
    {.name = "strict",
	.kind = OPTION_FLAG,
	.help = "exit 65 where there are warnings, too",
	.offset = offsetof(struct options, strict)},
    {OUTPUT(verb_text_json_sarif, "text (default), json or sarif")},
};
static const struct option_group check_group =
    OPTION_GROUP("Options", check_specs);

static const struct option_spec format_specs[] = {
    {.name = "check",
	.kind = OPTION_FLAG,
	.help = "write nothing; exit 65 where a file would be changed",
	.offset = offsetof(struct options, check)},
    {.name = "diff",
	.kind = OPTION_FLAG,
	.help = "write nothing; show what would be changed",
	.offset = offsetof(struct options, diff)},
};
static const struct option_group format_group =
    OPTION_GROUP("Options", format_specs);

static const struct option_spec codes_specs[] = {
    {OUTPUT(verb_text_json_csv, "text (default), json or csv")},
};
static const struct option_group codes_group =
    OPTION_GROUP("Options", codes_specs);

static const struct option_spec manifest_specs[] = {
    {NUMBER("serial", manifest_serial, 1, INT64_MAX,
	"write what is to be signed, with this serial")},
    {.name = "next",
	.kind = OPTION_FLAG,
	.help = "the same, with the serial behind that of the MANIFEST that is "
		"there, and of the ledger",
	.offset = offsetof(struct options, next)},
    {LEDGER("for --next: the highest serial that it has loaded")},
    {FILE_NAME(
	 "output", output, "FILE", "where to; - or nothing: standard output"),
	.letter = 'o'},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace FILE if it exists",
	.offset = offsetof(struct options, force)},
};
static const struct option_group manifest_group =
    OPTION_GROUP("Options", manifest_specs);

static const struct option_spec explain_specs[] = {
    {TEXT("endpoint", endpoint, "EP", "the device's endpoint client name")},
    {TEXT("identity", identity, "DOC",
	"as a device made by this identity document")},
    {FILE_NAME("certificate", certificate, "FILE",
	"as a device that shows this certificate, with its chain")},
    {FILE_NAME("raw-key", raw_key, "FILE",
	"as a device that shows this raw public key")},
    {TEXT("psk-identity", psk_identity, "PSK-ID",
	"as a device that shows this PSK identity")},
    {TEXT("credential", credential, "PSK-ID", "the same as --psk-identity")},
    {FILE_NAME("rpk", rpk, "FILE", "the same as --raw-key")},
    {.name = "nosec",
	.kind = OPTION_FLAG,
	.help = "as a device that comes without security",
	.offset = offsetof(struct options, nosec)},
    {TEXT("address", address, "IP[:PORT]",
	"where it comes from; alone: without security")},
    {LEDGER("with its history, what was revoked, and the sealed store")},
    {.name = "wire",
	.kind = OPTION_FLAG,
	.help = "each message, byte by byte, secrets as XX",
	.offset = offsetof(struct options, wire)},
    {OUTPUT(verb_text_json, "text (default) or json (one object)")},
};
static const struct option_group explain_group =
    OPTION_GROUP("Options", explain_specs);

static const struct option_spec plan_specs[] = {
    {FILE_NAME("against", ledger, "LEDGER",
	"the ledger with the devices, read as of one moment")},
    {TEXT("max-change", max_change, "N",
	"exit 65 when more devices change: \"500\", or a share, \"1%\"")},
    {FILE_NAME("devices", devices, "FILE", "write a line of CSV a device")},
    {FILE_NAME("before", before, "PATH",
	"policies of before that the ledger does not keep")},
    {NUMBER("examples", examples, 0, 100,
	 "devices that are named with each change; default 3"),
	.preset = "3"},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace FILE if it exists",
	.offset = offsetof(struct options, force)},
    {OUTPUT(
	verb_text_json_csv, "text (default), json (an object a line) or csv")},
};
static const struct option_group plan_group =
    OPTION_GROUP("Options", plan_specs);

static const struct option_spec ceremony_specs[] = {
    {.name = "dry-run",
	.kind = OPTION_FLAG,
	.help = "show what would be made and signed, and touch nothing",
	.offset = offsetof(struct options, dry_run)},
    {FILE_NAME("directory", directory, "DIR",
	"where relative paths go from; default: FILE's own folder")},
    {NUMBER("from", from, 1, CEREMONY_STEPS_MAX,
	"begin with this step, and go on with the transcript")},
    {NUMBER("to", to, 1, CEREMONY_STEPS_MAX, "end with this step")},
};
static const struct option_group ceremony_group =
    OPTION_GROUP("Options", ceremony_specs);

/* RFC 5280 5.3.1; removeFromCRL is none that a certificate can have. */
static const char *const reasons[] = {"unspecified", "keyCompromise",
    "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
    "certificateHold", "privilegeWithdrawn", "aACompromise", NULL};

static const char *const pem_der[] = {"pem", "der", NULL};

static const struct option_spec issue_specs[] = {
    {TEXT("endpoint", endpoint, "EP", "the device's endpoint client name"),
	.required = true},
    {TEXT("authority", authority, "NAME",
	"the authority of the policies that signs")},
    {TEXT("profile", profile, "NAME",
	"their certificate profile; default: device-p256")},
    {FILE_NAME(
	"policies", policies, "PATH", "folder or file with the authority")},
    {FILE_NAME("issuer", issuer, "FILE",
	"instead of an authority: the CA's certificate")},
    {TEXT("ca", ca, "URI",
	"its key, \"pkcs11:object=LABEL\"; default: the one that fits")},
    {FILE_NAME("csr", csr, "FILE", "the request that the device has made")},
    {FILE_NAME("key-out", key_out, "FILE",
	"make a key, too: FILE is then the secret")},
    {.name = "validity",
	.kind = OPTION_SECONDS,
	.value = "TIME",
	.help = "from now on, \"10y\"; default: as the profile says",
	.offset = offsetof(struct options, validity_s),
	.min = 3600,
	.max = INT64_C(100) * 31536000},
    {FILE_NAME(
	 "output", output, "FILE", "where to; - or nothing: standard output"),
	.letter = 'o'},
    {.name = "encoding",
	.kind = OPTION_CHOICE,
	.value = "FORM",
	.help = "pem (default) or der",
	.offset = offsetof(struct options, encoding),
	.choices = pem_der,
	.preset = "pem"},
    {.name = "chain",
	.kind = OPTION_FLAG,
	.help = "the CAs below the root stand behind it",
	.offset = offsetof(struct options, chain)},
    {.name = "dry-run",
	.kind = OPTION_FLAG,
	.help = "show what would be signed, and make nothing",
	.offset = offsetof(struct options, dry_run)},
    {LEDGER("record the certificate there before it is handed out")},
};
static const struct option_group issue_group =
    OPTION_GROUP("Options", issue_specs);

static const struct option_spec revoke_specs[] = {
    {TEXT("endpoint", endpoint, "EP",
	"every credential that this device was given")},
    {FILE_NAME("certificate", certificate, "FILE", "this certificate")},
    {TEXT("fingerprint", fingerprint, "HEX",
	"the certificate or key of this fingerprint")},
    {TEXT("serial", serial, "HEX", "the certificate of this serial number")},
    {.name = "reason",
	.kind = OPTION_CHOICE,
	.value = "REASON",
	.help = "why: keyCompromise, superseded, ...",
	.offset = offsetof(struct options, reason),
	.required = true,
	.choices = reasons},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "also a number that the ledger does not know",
	.offset = offsetof(struct options, force)},
    {LEDGER("the ledger to record it in")},
};
static const struct option_group revoke_group =
    OPTION_GROUP("Options", revoke_specs);

static const struct option_spec crl_specs[] = {
    {FILE_NAME("issuer", issuer, "FILE",
	 "the CA's certificate; its key is found in the token"),
	.required = true},
    {.name = "validity",
	.kind = OPTION_SECONDS,
	.value = "TIME",
	.help = "until the next list at the latest; default 7d",
	.offset = offsetof(struct options, validity_s),
	.min = 60,
	.max = 31536000,
	.preset = "7d"},
    {.name = "encoding",
	.kind = OPTION_CHOICE,
	.value = "FORM",
	.help = "pem (default) or der",
	.offset = offsetof(struct options, encoding),
	.choices = pem_der,
	.preset = "pem"},
    {FILE_NAME(
	 "output", output, "FILE", "where to; - or nothing: standard output"),
	.letter = 'o'},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace FILE if it exists",
	.offset = offsetof(struct options, force)},
    {LEDGER("the ledger with the revocations")},
};
static const struct option_group crl_group = OPTION_GROUP("Options", crl_specs);

static const struct option_spec pki_show_specs[] = {
    {TEXT("signer", signer, "NAME",
	"print the line of a key for a file of allowed signers, by that name")},
    {TEXT("key", key, "URI", "that key, \"pkcs11:object=LABEL\"")},
    {TEXT("namespace", name_space, "NAME",
	"what it may sign: bootstrapd-order, bootstrapd-image, bootstrapd")},
    {OUTPUT(verb_text_json, "text (default) or json (an object a line)")},
};
static const struct option_group pki_show_group =
    OPTION_GROUP("Options", pki_show_specs);

static const char *const csv_jsonl[] = {"csv", "jsonl", NULL};
static const char *const hex_base64[] = {"hex", "base64", NULL};

static const struct option_spec import_specs[] = {
    {TEXT("collection", collection, "NAME",
	"what the keys are called together, in policies too")},
    {TEXT("seal", seal, "LABEL", "the key in the token to seal them under")},
    {.name = "input-format",
	.kind = OPTION_CHOICE,
	.value = "FORM",
	.help = "csv or jsonl; default: by FILE's name or first byte",
	.offset = offsetof(struct options, input_format),
	.choices = csv_jsonl},
    {.name = "key-encoding",
	.kind = OPTION_CHOICE,
	.value = "FORM",
	.help = "hex (default) or base64",
	.offset = offsetof(struct options, key_encoding),
	.choices = hex_base64},
    {NUMBER("epoch", epoch, 1, UINT32_MAX, "of the keys; default 1"),
	.preset = "1"},
    {.name = "check",
	.kind = OPTION_FLAG,
	.help = "only read the list; no token, nothing is written",
	.offset = offsetof(struct options, check)},
    {NUMBER("max-findings", max_findings, 1, INT64_MAX,
	 "print at most so many; default 100"),
	.preset = "100"},
    {LEDGER("the ledger with the sealed store")},
    {OUTPUT(verb_text_json, "of the summary: text (default) or json")},
};
static const struct option_group import_group =
    OPTION_GROUP("Options", import_specs);

static const struct option_spec psk_list_specs[] = {
    {LEDGER("the ledger to read")},
    {OUTPUT(
	verb_text_json_csv, "text (default), json (an object a line) or csv")},
};
static const struct option_group psk_list_group =
    OPTION_GROUP("Options", psk_list_specs);

static const struct option_spec probe_specs[] = {
    {TEXT("psk-identity", psk_identity, "PSK-ID",
	"what the device shows at coaps:// and coaps+tcp://")},
    {FILE_NAME("psk-file", psk_file, "FILE", "its key: the bytes of FILE")},
    {FILE_NAME("key-hex-file", key_hex_file, "FILE", "its key: FILE in hex")},
    {TEXT("name", name, "NAME", "of the profile; default: probed"),
	.preset = "probed"},
    {FILE_NAME("output", output, "FILE",
	 "where the profile goes; - or nothing: standard output"),
	.letter = 'o'},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace FILE if it exists",
	.offset = offsetof(struct options, force)},
    {.name = "wait",
	.kind = OPTION_SECONDS,
	.value = "TIME",
	.help = "for the device to come, and to come back; default 10m",
	.offset = offsetof(struct options, wait_s),
	.min = 1,
	.max = 86400,
	.preset = "10m"},
    {.name = "patience",
	.kind = OPTION_SECONDS,
	.value = "TIME",
	.help = "with each command that is not answered; default 20s",
	.offset = offsetof(struct options, patience_s),
	.min = 1,
	.max = 600,
	.preset = "20s"},
    {.name = "dangerous",
	.kind = OPTION_FLAG,
	.help = "delete its own account too: it may need a new image then",
	.offset = offsetof(struct options, dangerous)},
    {OUTPUT(verb_text_json,
	"of the findings: text (default) or json (one a line)")},
};
static const struct option_group probe_group =
    OPTION_GROUP("Options", probe_specs);

static const struct option_spec list_specs[] = {
    {LEDGER("the ledger to read")},
    {TEXT("endpoint", endpoint, "EP", "only rows of this endpoint")},
    {TEXT("kind", kind, "KIND", "only rows of this kind")},
    {NUMBER("since", since, 1, INT64_MAX, "only this row and later ones")},
    {NUMBER("limit", limit, 1, INT64_MAX,
	"at most so many: the newest, or with --since the oldest")},
    {OUTPUT(
	verb_text_json_csv, "text (default), json (one row a line) or csv")},
};
static const struct option_group list_group =
    OPTION_GROUP("Options", list_specs);

static const struct option_spec show_specs[] = {
    {LEDGER("the ledger to read")},
    {OUTPUT(verb_text_json, "text (default) or json (one row a line)")},
};
static const struct option_group show_group =
    OPTION_GROUP("Options", show_specs);

static const struct option_spec verify_specs[] = {
    {LEDGER("the ledger to read")},
    {OUTPUT(verb_text_json, "text (default) or json")},
};
static const struct option_group verify_group =
    OPTION_GROUP("Options", verify_specs);

const struct verb_group verb_groups[] = {
    {"policy", "who may come, and what they get"},
    {"image", "factory images"},
    {"image buffer", "accounts for stations without the HSM"},
    {"order", "what a station may mint, and what became of it"},
    {"pki", "certificates and the keys that sign them"},
    {"psk", "keys that somebody else has made"},
    {"hsm", "the token and its keys"},
    {"audit", "the ledger"},
    {0},
};

#define NONE NULL, 0, 0
#define MANY SIZE_MAX

const struct verb verbs[] = {
    {"policy check", "report every finding in policy files",
	{{&check_group, &verb_config}, "PATH...", 1, MANY}, policy_check},
    {"policy codes", "list what findings can be, and what to do",
	{{&codes_group}, NONE}, policy_codes},
    {"policy explain", "show what one device would get, and why",
	{{&explain_group, &verb_config}, "PATH", 1, 1}, policy_explain},
    {"policy format", "lay policy files out alike, with their comments",
	{{&format_group}, "PATH...|-", 1, MANY}, policy_format},
    {"policy manifest", "list the files of a set, as sha256sum does",
	{{&manifest_group}, "PATH", 1, 1}, policy_manifest_verb},
    {"policy plan", "show what other policies would change, and for whom",
	{{&plan_group, &verb_config}, "PATH", 1, 1}, policy_plan},
    {"probe", "try a device on the bench, and write its profile",
	{{&probe_group}, "URI...", 1, MANY}, probe},
    {"image batch", "mint the images of a list of devices into a folder",
	{{&image_batch_options, &image_geometry_options, &order_use_options,
	     &verb_token, &verb_config},
	    "LIST", 0, 1},
	image_batch},
    {"image build", "mint the account of one device into an image",
	{{&image_build_options, &image_geometry_options, &order_use_options,
	     &verb_token, &verb_config},
	    NONE},
	image_build},
    {"image buffer fill", "mint accounts ahead, for a station without the HSM",
	{{&image_buffer_fill_options, &verb_token, &verb_config}, "DEVICES|-",
	    1, 1},
	image_buffer_fill},
    {"image buffer show", "show a station's buffer, and what is left of it",
	{{&image_buffer_show_options, &verb_config}, "BUFFER", 1, 1},
	image_buffer_show},
    {"image buffer free", "give free what no station has used of a buffer",
	{{&image_buffer_release_options, &verb_config}, "ID", 1, 1},
	image_buffer_release},
    {"image inspect", "show what is in images, keys masked",
	{{&image_inspect_options, &image_geometry_options}, "PATH...", 1, MANY},
	image_inspect},
    {"image verify", "find what is wrong with images, before they are flashed",
	{{&image_verify_options, &image_geometry_options, &verb_token,
	     &verb_config},
	    "PATH...", 1, MANY},
	image_verify},
    {"image formats", "list the formats of images",
	{{&image_formats_options}, NONE}, image_formats},
    {"image keys", "make a partition of keys for encrypted NVS",
	{{&image_keys_options, &verb_token, &verb_config}, NONE}, image_keys},
    {"image label", "make labels with a QR code, of what is public",
	{{&image_label_options, &image_look_options, &verb_config},
	    "[BATCH|IMAGE]", 0, 1},
	image_label},
    {"image reissue", "give devices new keys, and take the old ones back",
	{{&image_reissue_options, &image_geometry_options, &order_use_options,
	     &verb_token, &verb_config},
	    NONE},
	image_reissue},
    {"image rehearse", "boot a virtual device from each finished image",
	{{&image_rehearse_options, &verb_token, &verb_config}, "PATH", 1, 1},
	image_rehearse},
    {"order sign", "sign a work order, by a key of the ceremony token",
	{{&order_sign_options, &verb_token, &verb_config}, "FILE", 1, 1},
	order_sign},
    {"order show", "show a work order, its signature and what is left of it",
	{{&order_show_options, &verb_config}, "FILE", 1, 1}, order_show},
    {"order flashed", "record which units were flashed",
	{{&order_flashed_options, &verb_config}, "[SERIAL|ENDPOINT...]", 0,
	    MANY},
	order_flashed},
    {"order scrapped", "record which units were scrapped, and why",
	{{&order_scrapped_options, &verb_config}, "[SERIAL|ENDPOINT...]", 0,
	    MANY},
	order_scrapped},
    {"pki ceremony", "make keys and certificates by a reviewed file",
	{{&ceremony_group}, "FILE", 1, 1}, pki_ceremony},
    {"pki issue", "sign the certificate of one device",
	{{&issue_group, &verb_token, &verb_config}, NONE}, pki_issue},
    {"pki revoke", "take a certificate or a device's credentials back",
	{{&revoke_group, &verb_token, &verb_config}, NONE}, pki_revoke},
    {"pki crl", "sign the list of a CA's revoked certificates",
	{{&crl_group, &verb_token, &verb_config}, NONE}, pki_crl},
    {"pki show", "show certificates, lists and requests, or signing keys",
	{{&pki_show_group, &verb_token, &verb_config}, "[FILE...]", 0, MANY},
	pki_show},
    {"psk import", "take a vendor's list of keys into the sealed store",
	{{&import_group, &verb_token, &verb_config}, "FILE|-", 1, 1},
	psk_import},
    {"psk list", "list the collections of the sealed store",
	{{&psk_list_group, &verb_config}, NONE}, psk_list},
    {"hsm keys", "list the master keys in the token",
	{{&list_keys_group, &verb_token, &verb_config}, NONE}, hsm_keys},
    {"hsm keys make", "make master keys in the token",
	{{&make_keys_group, &verb_token, &verb_config}, "LABEL...", 1, MANY},
	hsm_keys_make},
    {"hsm doctor", "try whether the token is fit, and keeps its keys in",
	{{&doctor_group, &verb_token, &verb_config}, NONE}, hsm_doctor_verb},
    {"hsm speed", "measure what the token does a second",
	{{&speed_group, &verb_token, &verb_config}, NONE}, hsm_speed_verb},
    {"audit list", "list what was done, row by row",
	{{&list_group, &verb_config}, NONE}, audit_list},
    {"audit show", "show one row, or one bootstrap from begin to end",
	{{&show_group, &verb_config}, "SEQ|SESSION", 1, 1}, audit_show},
    {"audit verify", "prove that no row was changed or taken out",
	{{&verify_group, &verb_config}, NONE}, audit_verify},
    {"audit merge", "take the rows of a station's ledger into the central one",
	{{&audit_merge_options, &verb_config}, "STATION-LEDGER", 1, 1},
	audit_merge},
    {"audit reconcile", "name what was built too often, or twice",
	{{&audit_reconcile_options, &verb_config}, NONE}, audit_reconcile},
    {"completion", "print the completion script of a shell",
	{{NULL}, "bash|zsh|fish", 1, 1}, completion},
    {0},
};
