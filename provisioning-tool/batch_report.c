/* What a run of a batch says: to people on stderr, to machines on stdout. */
#include "batch_run.h"

#include "rows.h"
#include "tool.h"

#include "base/loop.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static void
report_finding(const struct batch_run *b, uint64_t line, const char *text)
{
	const struct field f[] = {
	    F_TEXT("event", "finding"),
	    F_TEXT("file", (const char *)b->list_name),
	    F_INT("line", line),
	    F_TEXT("text", text),
	};

	rows_json(f, sizeof(f) / sizeof(f[0]));
}

void
batch_finding(struct batch_run *b, uint64_t line, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	b->findings++;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (b->json) {
		report_finding(b, line, text);
		return;
	}
	if (b->findings > (uint64_t)b->o->max_findings)
		return;
	progress_end(&b->progress);
	fprintf(stderr, "%s:%llu: error: %s\n", b->list_name,
	    (unsigned long long)line, text);
}

void
batch_stop(struct batch_run *b, uint64_t line, const struct image_fault *f)
{
	char text[4096];

	if (b->code != EX_OK)
		return;
	b->code = f->code;
	b->findings++;
	snprintf(text, sizeof(text), "%s%s%s", f->text,
	    f->remedy[0] ? "; " : "", f->remedy);
	if (b->json)
		report_finding(b, line, text);
	progress_end(&b->progress);
	/* it is told however many findings there were */
	if (line == 0)
		(void)image_fault_say(f);
	else
		fprintf(stderr, "%s:%llu: error: %s\n", b->list_name,
		    (unsigned long long)line, text);
}

void
batch_report_image(const struct batch_run *b, const struct batch_job *j)
{
	if (!b->json)
		return;
	const struct field f[] = {
	    F_TEXT("event", "image"),
	    F_INT("index", j->index),
	    F_INT("row", j->seq),
	    F_TEXT("endpoint", span_of(j->endpoint, j->endpoint_len)),
	    F_TEXT("serial", (const char *)j->unit),
	    F_TEXT("file", (const char *)j->name),
	    F_INT("size", j->image.len),
	    F_BYTES("sha256", span_of(j->sha256, DIGEST_LEN)),
	};

	rows_json(f, sizeof(f) / sizeof(f[0]));
}

void
batch_report_progress(struct batch_run *b)
{
	uint64_t total = 0;

	if (b->json)
		fflush(stdout);
	/* how many there may be, by how long those were that were read */
	if (b->list_len > 0 && b->list.taken > 0)
		total = (uint64_t)((double)b->devices * (double)b->list_len /
		    (double)b->list.taken);
	progress_at(&b->progress, b->devices, total);
}

static void
report_json(const struct batch_run *b, int code, uint64_t ms)
{
	const struct batch_folder *f = &b->folder;
	const struct field fields[] = {
	    F_TEXT("event", "end"),
	    F_TEXT("batch", (const char *)f->id),
	    F_TEXT("folder", f->path),
	    F_BOOL("finished", code == EX_OK),
	    F_INT("exit", code),
	    F_INT("devices", b->devices),
	    F_INT("made", b->made),
	    F_INT("made_again", b->remade),
	    F_INT("kept", b->kept),
	    F_INT("taken_back", b->revoked),
	    F_INT("findings", b->findings),
	    F_INT("images", f->count),
	    F_INT("bytes", f->bytes),
	    F_INT("ms", ms),
	};

	rows_json(fields, sizeof(fields) / sizeof(fields[0]));
}

void
batch_report_end(const struct batch_run *b, int code)
{
	const struct batch_folder *f = &b->folder;
	uint64_t ms = clock_now_ms() - b->began_ms;
	struct quoted q;

	if (b->findings > (uint64_t)b->o->max_findings && !b->json)
		fprintf(stderr,
		    "%s: and %llu findings more; --max-findings shows them\n",
		    b->list_name,
		    (unsigned long long)b->findings -
			(unsigned long long)b->o->max_findings);
	if (b->json) {
		report_json(b, code, ms);
		return;
	}
	fprintf(stderr, "batch        %s  %s\n", f->id, quote_str(&q, f->path));
	fprintf(stderr, "images       %llu", (unsigned long long)f->count);
	if (b->kept)
		fprintf(stderr, ", %llu of them from before",
		    (unsigned long long)b->kept);
	if (b->remade)
		fprintf(stderr, ", %llu were lost and made again",
		    (unsigned long long)b->remade);
	fputc('\n', stderr);
	if (b->revoked)
		fprintf(stderr,
		    "taken back   %llu certificates that were lost\n",
		    (unsigned long long)b->revoked);
	if (b->findings)
		fprintf(stderr, "findings     %llu\n",
		    (unsigned long long)b->findings);
	if (b->made && ms)
		fprintf(stderr, "rate         %.0f a second\n",
		    1000.0 * (double)b->made / (double)ms);
	if (code == EX_OK)
		fputs("finished     MANIFEST is written\n", stderr);
	else
		fprintf(stderr,
		    "not finished; %s, and go on with the same command and "
		    "--resume\n",
		    b->findings && code == EX_DATAERR ? "correct the list"
						      : "see what stopped it");
}
