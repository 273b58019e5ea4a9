#include "stage_internal.h"

#include "describe.h"

enum { OVERTAKEN_MS = 5, STALE_MS = 4000 };

static void
note_datagram(bool to_server, struct span d, const char *fate)
{
	uint8_t text[1024];
	struct writer w;

	if (stage.secure)
		return; /* the device's own tap tells it decrypted */
	writer_init(&w, text, sizeof(text));
	describe_datagram(&w, d, false);
	stage_note("%c %.*s%s\n", to_server ? 'D' : 'S',
	    SPAN_FMT(writer_span(&w)), fate);
}

static void
fly(bool to_server, const struct address *device, struct span d,
    uint64_t extra_ms)
{
	struct flying *f = &stage.flying[stage.flying_count];
	uint64_t latency_ms = stage.device ? STAGE_LATENCY_MS : 0;

	assert_true(stage.flying_count < STAGE_FLYING_MAX);
	assert_true(d.len <= sizeof(f->bytes));
	f->to_server = to_server;
	f->address = *device;
	f->at_ms = stage.now_ms + latency_ms + extra_ms;
	f->len = d.len;
	memcpy(f->bytes, d.p, d.len);
	stage.flying_count++;
}

void
air_send(bool to_server, const struct address *device, struct span d)
{
	static const char *const words[] = {
	    "", " (lost)", " (twice)", " (late)", " (stale)"};
	enum fate fate = FATE_NONE;

	stage.sent++;
	if (stage.sent < STAGE_FATES_MAX)
		fate = (enum fate)stage.fates[stage.sent];
	if (to_server ? stage.cut_up : stage.cut_down)
		fate = FATE_LOST;
	if (stage.cut_after && stage.sent > stage.cut_after)
		fate = FATE_LOST;
	if (to_server && stage.lose_up > 0) {
		stage.lose_up--;
		fate = FATE_LOST;
	}
	if (!to_server && stage.lose_down > 0) {
		stage.lose_down--;
		fate = FATE_LOST;
	}
	note_datagram(to_server, d, words[fate]);
	if (fate == FATE_LOST)
		return;
	fly(to_server, device, d,
	    fate == FATE_LATE        ? OVERTAKEN_MS
		: fate == FATE_STALE ? STALE_MS
				     : 0);
	if (fate == FATE_TWICE)
		fly(to_server, device, d, OVERTAKEN_MS);
}

bool
air_take(bool to_server, struct flying *out)
{
	size_t best = stage.flying_count;

	for (size_t i = 0; i < stage.flying_count; i++) {
		const struct flying *f = &stage.flying[i];

		if (f->to_server != to_server || f->at_ms > stage.now_ms)
			continue;
		if (best == stage.flying_count ||
		    f->at_ms < stage.flying[best].at_ms)
			best = i;
	}
	if (best == stage.flying_count)
		return false;
	*out = stage.flying[best];
	stage.flying_count--;
	memmove(&stage.flying[best], &stage.flying[best + 1],
	    (stage.flying_count - best) * sizeof(stage.flying[0]));
	return true;
}

uint64_t
air_deadline(void)
{
	uint64_t at = TIME_NEVER;

	for (size_t i = 0; i < stage.flying_count; i++) {
		/* what the test has not read yet waits for it */
		if (!stage.flying[i].to_server && !stage.device)
			continue;
		if (stage.flying[i].at_ms < at)
			at = stage.flying[i].at_ms;
	}
	return at;
}
