/* A rollout, as it is asked for: the words go to the keeper, which reads
 * them. */
#include "base/text.h"
#include "control.h"
#include "ctl.h"

#include <stdio.h>
#include <string.h>

static const char *const verbs[] = {
    "start", "status", "halt", "resume", "next", "revert", "finish"};

static int
misuse(const char *what)
{
	fprintf(stderr,
	    "bootstrapctl: rollout: %s\n"
	    "usage: bootstrapctl rollout start [OPTION...] | status | halt | "
	    "resume | next | revert | finish\n",
	    what);
	return EXIT_USAGE;
}

static const char *
verb_of(const struct ctl *ctl)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (ctl->word_count == 1 &&
		    strcmp(ctl->words[0], verbs[i]) == 0)
			return verbs[i];
	return NULL;
}

static void
put(struct writer *w, const char *name, const char *value)
{
	if (!value)
		return;
	writer_fmt(w, " %s=", name);
	text_quote(w, span_str(value));
}

static bool
has_terms(const struct ctl *ctl)
{
	const struct ctl_rollout *o = &ctl->rollout;

	return o->stages || o->success || o->window || o->minimum || o->id ||
	    ctl->push.group || ctl->push.policy;
}

int
ctl_rollout(const struct ctl *ctl)
{
	const struct ctl_rollout *o = &ctl->rollout;
	const char *verb = verb_of(ctl);
	char text[CONTROL_LINE_MAX] = "";
	struct ctl request = *ctl;
	struct writer w;

	if (!verb)
		return misuse(
		    ctl->word_count ? "no such verb" : "a verb is missing");
	if (has_terms(ctl) && strcmp(verb, "start") != 0)
		return misuse("that option goes with start");
	if (o->why &&
	    (strcmp(verb, "start") == 0 || strcmp(verb, "status") == 0))
		return misuse("--why goes with what moves a rollout");
	writer_init(&w, text, sizeof(text) - 1);
	writer_str(&w, verb);
	put(&w, "stages", o->stages);
	put(&w, "success", o->success);
	put(&w, "window", o->window);
	put(&w, "minimum", o->minimum);
	put(&w, "id", o->id);
	put(&w, "group", ctl->push.group);
	put(&w, "policy", ctl->push.policy);
	put(&w, "why", o->why);
	if (w.full)
		return misuse("that is too long");
	request.argument = text;
	return ctl_ask(&request, "rollout");
}
