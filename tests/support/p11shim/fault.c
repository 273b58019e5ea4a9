/* The control file, read again whenever another has taken its place. */
#include "fault.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AS_NAME(name) #name,

enum { FAULTS_MAX = 64 };

const char *const function_names[FUNCTION_COUNT] = {FUNCTIONS(AS_NAME)};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fault faults[FAULTS_MAX];
static unsigned fault_count;
static unsigned reading; /* of the control file */
static bool named; /* one of them is of one key */
static struct stat control_seen;

void
refuse(const char *what, const char *detail)
{
	fprintf(stderr, "p11shim: %s: %s\n", what, detail);
	abort();
}

/* What is given a number: "flags=0x20". False: none of these. */
static bool
parse_number(const char *what, struct fault *f)
{
	static const struct {
		const char *word;
		enum action action;
		int base;
	} words[] = {
	    {"flags=", DO_FLAGS, 16},
	    {"after=", DO_AFTER, 16},
	    {"len=", DO_LENGTH, 10},
	    {"", DO_RETURN, 16},
	};
	size_t i = 0, len;
	char *end;

	while (strncmp(what, words[i].word, strlen(words[i].word)) != 0)
		i++;
	len = strlen(words[i].word);
	f->action = words[i].action;
	f->value = strtoul(what + len, &end, words[i].base);
	if (f->action == DO_LENGTH && f->function != F_C_Sign &&
	    f->function != F_C_DigestFinal &&
	    f->function != F_C_GetAttributeValue)
		return false;
	return what[len] != '\0' && *end == '\0';
}

static void
parse_line(const char *line)
{
	static const struct {
		const char *word;
		enum action action;
	} words[] = {
	    {"close-all", DO_CLOSE_ALL},
	    {"logout", DO_LOGOUT},
	    {"finalize", DO_FINALIZE},
	    {"abort", DO_ABORT},
	    {"extractable", DO_EXTRACTABLE},
	    {"kept", DO_KEPT},
	    {"hold", DO_HOLD},
	    {"wrong", DO_WRONG},
	};
	char name[32 + LABEL_MAX], what[32], *label;
	struct fault f = {.function = FUNCTION_COUNT};
	bool known = false;

	if (line[strspn(line, " \t\n")] == '\0' || line[0] == '#')
		return;
	if (sscanf(line, "%95s %31s %ld %u", name, what, &f.left,
		&f.delay_ms) != 4 ||
	    fault_count == FAULTS_MAX)
		refuse("control line", line);
	label = strchr(name, '@');
	if (label) {
		*label++ = '\0';
		snprintf(f.label, sizeof(f.label), "%s", label);
		named = true;
	}
	for (int i = 0; i < FUNCTION_COUNT; i++)
		if (strcmp(function_names[i], name) == 0)
			f.function = (enum function)i;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, what) == 0) {
			f.action = words[i].action;
			known = true;
		}
	}
	if (!known)
		known = parse_number(what, &f);
	if (!known || f.function == FUNCTION_COUNT)
		refuse("control line", line);
	f.reading = reading;
	faults[fault_count++] = f;
}

/* Under lock. */
static void
read_control(void)
{
	const char *path = getenv("P11SHIM_CTL");
	struct stat st = {0};
	char line[160];
	FILE *file;

	if (!path || stat(path, &st))
		memset(&st, 0, sizeof(st));
	if (st.st_ino == control_seen.st_ino &&
	    st.st_size == control_seen.st_size &&
	    st.st_mtim.tv_sec == control_seen.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == control_seen.st_mtim.tv_nsec)
		return;
	control_seen = st;
	reading++;
	fault_count = 0;
	named = false;
	if (!path || st.st_ino == 0)
		return;
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		parse_line(line);
	fclose(file);
}

bool
next_fault(enum function function, const char *label, struct fault *out)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	read_control();
	for (unsigned i = 0; i < fault_count && !found; i++) {
		struct fault *f = &faults[i];

		if (f->function != function || f->left == 0 ||
		    (f->label[0] && (!label || strcmp(f->label, label) != 0)))
			continue;
		if (f->left > 0)
			f->left--;
		*out = *f;
		found = true;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

bool
fault_lasts(const struct fault *f)
{
	bool yes;

	pthread_mutex_lock(&lock);
	read_control();
	yes = f->reading == reading;
	pthread_mutex_unlock(&lock);
	return yes;
}

bool
faults_name_keys(void)
{
	bool yes;

	pthread_mutex_lock(&lock);
	read_control();
	yes = named;
	pthread_mutex_unlock(&lock);
	return yes;
}
