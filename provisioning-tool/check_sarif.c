/*
 * SARIF 2.1.0 (OASIS), for code scanning and editors: one run, all codes as
 * rules, each operand a folder that locations are relative to.
 */
#include "build_config.h"
#include "check_report.h"
#include "finding_source.h"
#include "rows.h"
#include "tool.h"

#include "base/digest.h"
#include "policy/code.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void
member(const char *name, const char *text)
{
	const struct field f = F_TEXT(name, span_str(text));

	rows_json_member(&f);
}

/** `"name":{"text":...}` */
static void
message(const char *name, const char *text)
{
	printf("\"%s\":{", name);
	member("text", text);
	putchar('}');
}

/* --- where things are ----------------------------------------------------- */

/** RFC 3986: everything but unreserved characters and '/' stands as %XX. */
static void
put_uri(FILE *out, const char *path)
{
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (isalnum(c) || strchr("-._~/", c))
			fputc(c, out);
		else
			fprintf(out, "%%%02X", c);
	}
}

/** The bytes of an operand that are its folder, with the '/' at their end. */
static size_t
folder_len(const char *operand)
{
	const char *slash = strrchr(operand, '/');
	struct stat st;

	if (stat(operand, &st) == 0 && S_ISDIR(st.st_mode))
		return strlen(operand);
	return slash ? (size_t)(slash - operand) + 1 : 0;
}

/** "FOLDER", "FOLDER2", ... */
static void
print_base(size_t operand)
{
	fputs("\"FOLDER", stdout);
	if (operand > 0)
		printf("%zu", operand + 1);
	putchar('"');
}

static void
print_folder(const char *operand)
{
	char *folder = strndup(operand, folder_len(operand));
	char *real = realpath(folder && folder[0] ? folder : ".", NULL);

	fputs("{\"uri\":\"file://", stdout);
	if (real)
		put_uri(stdout, real);
	if (!real || strcmp(real, "/") != 0)
		putchar('/');
	fputs("\"}", stdout);
	free(real);
	free(folder);
}

/** A name within the folder; NULL: it is elsewhere. */
static const char *
within(const char *operand, const char *file)
{
	size_t len = folder_len(operand);

	if (strncmp(operand, file, len) != 0)
		return NULL;
	file += len;
	if (len > 0 && operand[len - 1] != '/' && *file == '/')
		file++;
	else if (len > 0 && operand[len - 1] != '/')
		return NULL;
	return *file && *file != '/' ? file : NULL;
}

static void
print_location(size_t operand, const char *path, const struct diag_finding *f)
{
	const char *name = within(path, f->file);
	char *real = name ? NULL : realpath(f->file, NULL);

	fputs("\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{"
	      "\"uri\":\"",
	    stdout);
	if (real)
		fputs("file://", stdout);
	put_uri(stdout, real ? real : name ? name : f->file);
	putchar('"');
	if (name) {
		fputs(",\"uriBaseId\":", stdout);
		print_base(operand);
	}
	putchar('}');
	if (f->line && f->column)
		printf(",\"region\":{\"startLine\":%u,\"startColumn\":%u}",
		    f->line, f->column);
	else if (f->line)
		printf(",\"region\":{\"startLine\":%u}", f->line);
	fputs("}}]", stdout);
	free(real);
}

/* --- what stays the same when lines move ---------------------------------- */

/** The text without the lines of other places, "a.yaml:12". */
static void
digest_text(struct digest *d, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, ":");

		digest_put(d, span_of(text, n));
		text += n;
		if (*text == ':')
			text++;
		if (n > 0)
			text += strspn(text, "0123456789");
	}
}

struct print {
	uint8_t sha256[DIGEST_LEN];
	size_t finding;
	size_t number; /**< among those that are equal, from 0 */
};

/** Code, file, words, and the line without its indentation. */
static void
take_print(struct print *p, const struct diag_finding *f, const char *name,
    struct span line)
{
	struct digest d;

	while (line.len > 0 && line.p[0] == ' ')
		line = span_from(line, 1);
	digest_init(&d);
	digest_put(&d, span_of(f->code, strlen(f->code) + 1));
	digest_put(&d, span_of(name, strlen(name) + 1));
	digest_text(&d, f->text);
	digest_put(&d, line);
	digest_final(&d, p->sha256);
}

static int
compare_prints(const void *x, const void *y)
{
	const struct print *a = x, *b = y;
	int c = memcmp(a->sha256, b->sha256, DIGEST_LEN);

	return c ? c : (a->finding > b->finding) - (a->finding < b->finding);
}

static int
compare_findings(const void *x, const void *y)
{
	const struct print *a = x, *b = y;

	return (a->finding > b->finding) - (a->finding < b->finding);
}

/** Of all findings; equal ones are told apart by their order. NULL: memory. */
static struct print *
take_prints(const char *operand, const struct diag *d)
{
	size_t n = diag_total(d);
	struct print *prints = calloc(n + 1, sizeof(*prints));
	struct finding_source source = {0};

	for (size_t i = 0; prints && i < n; i++) {
		const struct diag_finding *f = diag_get(d, i);
		const char *name = within(operand, f->file);

		prints[i].finding = i;
		take_print(&prints[i], f, name ? name : f->file,
		    finding_source_line(&source, d, i));
	}
	finding_source_fini(&source);
	if (!prints)
		return NULL;
	qsort(prints, n, sizeof(*prints), compare_prints);
	for (size_t i = 1; i < n; i++)
		if (memcmp(prints[i].sha256, prints[i - 1].sha256,
			DIGEST_LEN) == 0)
			prints[i].number = prints[i - 1].number + 1;
	qsort(prints, n, sizeof(*prints), compare_findings);
	return prints;
}

/* --- the document --------------------------------------------------------- */

static const char *
default_level(enum code_level level)
{
	return level == CODE_WARNING ? "warning" : "error";
}

static void
print_rule(const struct code *c)
{
	putchar('{');
	member("id", c->name);
	putchar(',');
	message("shortDescription", c->sentence);
	putchar(',');
	message("help", c->remedy);
	printf(",\"defaultConfiguration\":{\"level\":\"%s\"}}",
	    default_level(c->level));
}

void
check_sarif_begin(struct check_report *r)
{
	const struct code *c;

	fputs("{"
	      "\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{"
	      "\"name\":\"provisioning-tool\",",
	    stdout);
	member("version", PROJECT_VERSION);
	fputs(",\"rules\":[\n", stdout);
	for (size_t i = 0; (c = code_at(i)); i++) {
		fputs(i ? ",\n" : "", stdout);
		print_rule(c);
	}
	fputs("]}},\n\"columnKind\":\"unicodeCodePoints\","
	      "\"originalUriBaseIds\":{",
	    stdout);
	for (size_t i = 0; i < r->o->operand_count; i++) {
		fputs(i ? "," : "", stdout);
		print_base(i);
		putchar(':');
		print_folder(r->o->operands[i]);
	}
	fputs("},\n\"results\":[", stdout);
}

static size_t
rule_index(const char *name)
{
	const struct code *c;
	size_t i = 0;

	while ((c = code_at(i)) && strcmp(c->name, name) != 0)
		i++;
	return i;
}

static void
print_result(struct check_report *r, size_t operand,
    const struct diag_finding *f, const struct print *p)
{
	static const char *const levels[] = {
	    [DIAG_NOTE] = "note",
	    [DIAG_WARNING] = "warning",
	    [DIAG_ERROR] = "error",
	};
	char hex[HEX_TEXT_MAX];

	printf("%s\n{", r->results++ ? "," : "");
	member("ruleId", f->code);
	if (code_find(span_str(f->code)))
		printf(",\"ruleIndex\":%zu", rule_index(f->code));
	printf(",\"level\":\"%s\",", levels[f->level]);
	message("message", f->text);
	if (f->file[0]) {
		putchar(',');
		print_location(operand, r->o->operands[operand], f);
	}
	printf(",\"partialFingerprints\":{\"finding/v1\":\"%s:%zu\"}",
	    hex_text(hex, span_of(p->sha256, DIGEST_LEN)), p->number);
	if (f->silenced) {
		fputs(",\"suppressions\":[{\"kind\":\"inSource\",", stdout);
		member("justification", f->silenced);
		fputs("}]", stdout);
	}
	putchar('}');
}

void
check_sarif_findings(
    struct check_report *r, size_t operand, const struct diag *d)
{
	struct print *prints = take_prints(r->o->operands[operand], d);

	if (!prints)
		exit(tool_fault(RC_MEMORY, "output"));
	for (size_t i = 0; i < diag_total(d); i++)
		print_result(r, operand, diag_get(d, i), &prints[i]);
	free(prints);
}

void
check_sarif_end(void)
{
	puts("]}]}");
}
