#include "base/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 30, LINE_MAX_LEN = 79 };

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
progress_begin(struct progress *p, const char *what)
{
	uint64_t now = now_ms();

	*p = (struct progress){
	    .what = what,
	    .terminal = isatty(STDERR_FILENO) == 1,
	    .began_ms = now,
	    .last_ms = now,
	};
}

void
progress_line(struct writer *w, const char *what, uint64_t done, uint64_t total,
    uint64_t elapsed_ms)
{
	double part, left_s, rate;
	unsigned full;

	if (total > 0 && done > total)
		done = total;
	rate = elapsed_ms ? (double)done * 1000 / (double)elapsed_ms : 0;
	if (total == 0) {
		writer_fmt(w, "%.20s %llu, %.0f/s", what,
		    (unsigned long long)done, rate);
		return;
	}
	part = (double)done / (double)total;
	full = (unsigned)(part * BAR);
	left_s = rate > 0 ? (double)(total - done) / rate : 0;
	writer_fmt(w, "%.20s [", what);
	for (unsigned i = 0; i < BAR; i++)
		writer_str(w, i < full ? "#" : ".");
	writer_fmt(w, "] %3u%%", (unsigned)(part * 100));
	if (rate > 0)
		writer_fmt(w, " %.0f/s, %.0f s left", rate, left_s);
}

void
progress_at(struct progress *p, uint64_t done, uint64_t total)
{
	char line[LINE_MAX_LEN];
	struct writer w;
	uint64_t now;

	if (!p->terminal)
		return;
	now = now_ms();
	if (now - p->began_ms < PROGRESS_AFTER_MS ||
	    (p->shown && now - p->last_ms < PROGRESS_EVERY_MS))
		return;
	writer_init(&w, line, sizeof(line));
	progress_line(&w, p->what, done, total, now - p->began_ms);
	fprintf(stderr, "\r%.*s\033[K", SPAN_FMT(writer_span(&w)));
	fflush(stderr);
	p->shown = true;
	p->last_ms = now;
}

void
progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
