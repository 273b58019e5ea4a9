#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

enum { TIMEOUT_S = 120, TIMEOUT_MAX_S = 3600 };

static const char usage[] =
    "usage: virtual-device --image FILE [option ...]\n"
    "       virtual-device --uri URI --key FILE --ca FILE\n"
    "                      {--certificate FILE | --raw-key} [option ...]\n"
    "\n"
    "Boots a device from a factory image (SenML CBOR, or the JSON of\n"
    "`provisioning-tool image build --format json`), or with credentials from\n"
    "files, and exits 0 when Finish was answered 2.04, 1 otherwise.\n"
    "\n"
    "  --endpoint NAME     in place of the image's or the certificate's name\n"
    "  --uri URI           in place of the image's; coaps://HOST[:PORT]\n"
    "  --timeout SECONDS   give up then (default 120)\n"
    "  --times N           stay until bootstrapped so often (behaviours\n"
    "                      unsolicited, hold-off)\n"
    "  --dtls VERSION      1.2 (default), 1.3, or any: as the server likes\n"
    "  --suite NAME[:...]  offer these, as ECDHE-ECDSA-AES128-CCM-8,\n"
    "                      ECDHE-ECDSA-AES128-GCM-SHA256,\n"
    "                      ECDHE-ECDSA-AES128-SHA256 (CBC), PSK-AES128-CCM-8,\n"
    "                      TLS13-AES128-GCM-SHA256 (default: all, and the\n"
    "                      server takes CCM-8 first, under 1.3 GCM)\n"
    "  --cid BYTES         offer Connection IDs (RFC 9146), with one of its "
    "own of\n"
    "                      that many bytes, 0 to 10: 0 only takes the "
    "server's\n"
    "  --rebind N|each     change the source port before its N-th message "
    "within\n"
    "                      DTLS (1: the request), or before each\n"
    "  --pct N|off         preferred Content-Format (default 112)\n"
    "  --behaviour NAME[,NAME...]\n"
    "  --accounts FILE     what it holds in the end, as an image in JSON: "
    "keys\n"
    "                      in clear (mode 0600)\n"
    "  --show-keys         print keys in hex as well\n"
    "  -v                  print each CoAP message\n"
    "\n"
    "Certificates and raw public keys in place of the image's, PEM or DER:\n"
    "  --certificate FILE  its own, and what leads to an anchor behind it\n"
    "  --key FILE          its private key, PKCS #8 or SEC 1\n"
    "  --ca FILE           anchors that the server's certificate leads to\n"
    "  --usage 2|3         what --ca is, as /0/x/15 has it: anchors (2, the\n"
    "                      default), or the server's very certificate (3)\n"
    "  --sni NAME          the name that is sent, and that the server's\n"
    "                      certificate must have, where the URI has an "
    "address\n"
    "  --raw-key           show the key alone (RFC 7250); --ca then holds the\n"
    "                      server's public key, or a certificate with it\n"
    "\n"
    "Behaviours: a family replaces, a fault adds.\n";

static int
print_help(FILE *out)
{
	uint8_t text[4096];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	behaviour_list(&w);
	fputs(usage, out);
	fwrite(w.buf, 1, w.len, out);
	return out == stdout ? 0 : EX_USAGE;
}

static int
complain(const char *what)
{
	fprintf(stderr, "virtual-device: %s\n", what);
	return EX_USAGE;
}

static bool
read_version(const char *text, enum dtls_client_version *out)
{
	static const char *const names[] = {
	    [DTLS_CLIENT_12] = "1.2",
	    [DTLS_CLIENT_13] = "1.3",
	    [DTLS_CLIENT_ANY] = "any",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum dtls_client_version)i;
			return true;
		}
	}
	return false;
}

static int
set_behaviour(struct options *o, const char *names, const char *pct)
{
	uint64_t format;

	o->behaviour = behaviour_conforming;
	if (names && behaviour_apply(&o->behaviour, span_str(names)) != RC_OK) {
		fprintf(
		    stderr, "virtual-device: no such behaviour: %s\n", names);
		return EX_USAGE;
	}
	if (!pct)
		return -1;
	if (strcmp(pct, "off") == 0)
		o->behaviour.pct = BEHAVIOUR_PCT_OFF;
	else if (span_decimal(span_str(pct), 0xffff, &format))
		o->behaviour.pct = (int)format;
	else
		return complain("--pct: a number, or off");
	return -1;
}

static int
check_files(const struct options *o, bool usage_given)
{
	const struct file_names *f = &o->files;
	bool any = f->certificate || f->key || f->ca || f->raw;

	if (f->usage != USAGE_TRUST_ANCHOR && f->usage != USAGE_DOMAIN_ISSUED)
		return complain("--usage: 2 or 3");
	if (any && (!f->key || !f->ca))
		return complain("--key and --ca belong together");
	if (any && f->raw == (f->certificate != NULL))
		return complain("either --certificate or --raw-key");
	if (usage_given && (!any || f->raw))
		return complain("--usage goes with --certificate");
	if (!any && !o->image)
		return complain("neither --image nor --key");
	if (!o->image && !o->uri)
		return complain("neither --image nor --uri");
	return -1;
}

int
options_read(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
	    {"image", required_argument, NULL, 'i'},
	    {"endpoint", required_argument, NULL, 'e'},
	    {"uri", required_argument, NULL, 'u'},
	    {"pct", required_argument, NULL, 'p'},
	    {"behaviour", required_argument, NULL, 'b'},
	    {"timeout", required_argument, NULL, 't'},
	    {"dtls", required_argument, NULL, 'd'},
	    {"suite", required_argument, NULL, 's'},
	    {"cid", required_argument, NULL, 'I'},
	    {"rebind", required_argument, NULL, 'B'},
	    {"accounts", required_argument, NULL, 'a'},
	    {"certificate", required_argument, NULL, 'C'},
	    {"key", required_argument, NULL, 'K'},
	    {"ca", required_argument, NULL, 'A'},
	    {"usage", required_argument, NULL, 'U'},
	    {"sni", required_argument, NULL, 'N'},
	    {"raw-key", no_argument, NULL, 'R'},
	    {"times", required_argument, NULL, 'T'},
	    {"show-keys", no_argument, NULL, 'k'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	const char *behaviours = NULL, *pct = NULL;
	bool usage_given = false;
	uint64_t n;
	int c;

	*o = (struct options){.timeout_ms = TIMEOUT_S * 1000,
	    .times = 1,
	    .files.usage = USAGE_TRUST_ANCHOR};
	while ((c = getopt_long(argc, argv, "hv", names, NULL)) != -1) {
		switch (c) {
		case 'i':
			o->image = optarg;
			break;
		case 'e':
			o->endpoint = optarg;
			break;
		case 'u':
			o->uri = optarg;
			break;
		case 'p':
			pct = optarg;
			break;
		case 'b':
			behaviours = optarg;
			break;
		case 't':
			if (!span_decimal(
				span_str(optarg), TIMEOUT_MAX_S, &n) ||
			    n == 0)
				return print_help(stderr);
			o->timeout_ms = n * 1000;
			break;
		case 'T':
			if (!span_decimal(span_str(optarg), 1000, &o->times) ||
			    o->times == 0)
				return complain("--times: 1 to 1000");
			break;
		case 'd':
			if (!read_version(optarg, &o->version))
				return complain("--dtls: 1.2, 1.3 or any");
			break;
		case 's':
			o->suites = optarg;
			break;
		case 'I':
			o->offer_cid = true;
			if (!span_decimal(span_str(optarg), DTLS_CLIENT_CID_MAX,
				&o->cid_len))
				return complain("--cid: 0 to 10");
			break;
		case 'B':
			if (!rebind_read(optarg, &o->rebind))
				return complain("--rebind: a number, or each");
			break;
		case 'a':
			o->accounts = optarg;
			break;
		case 'C':
			o->files.certificate = optarg;
			break;
		case 'K':
			o->files.key = optarg;
			break;
		case 'A':
			o->files.ca = optarg;
			break;
		case 'U':
			if (!span_decimal(span_str(optarg), 3, &o->files.usage))
				return complain("--usage: 2 or 3");
			usage_given = true;
			break;
		case 'N':
			o->files.sni = optarg;
			break;
		case 'R':
			o->files.raw = true;
			break;
		case 'k':
			o->show_keys = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'h':
			return print_help(stdout);
		default:
			return print_help(stderr);
		}
	}
	if (optind != argc)
		return print_help(stderr);
	c = check_files(o, usage_given);
	return c >= 0 ? c : set_behaviour(o, behaviours, pct);
}
