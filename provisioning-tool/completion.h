/**
 * completion.h - what a shell offers behind `provisioning-tool`, written out
 * from the table of verbs: one file a shell.
 */
#ifndef TOOL_COMPLETION_H
#define TOOL_COMPLETION_H

#include "verbs.h"

enum { COMPLETION_WORDS_MAX = 64 /**< bytes of closed operands, with NUL */ };

/* Each prints the script of its shell on stdout. */
void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

/** One word that may follow `prefix`, and what it is for. */
typedef void (*completion_word_fn)(
    const char *prefix, const char *word, const char *summary);
/** Call `each` for every word that can follow `prefix` ("": at the start). */
void completion_words(const char *prefix, completion_word_fn each);

/** Every prefix that a word can follow: "", the groups, and longer verbs. */
typedef void (*completion_prefix_fn)(const char *prefix);
void completion_prefixes(completion_prefix_fn each);

/** Operands written as alternatives, "bash|zsh|fish": the words to offer,
 *  parted by spaces. False: they are open. */
bool completion_closed(const struct verb *v, char *out, size_t cap);
/** Are its operands files? */
bool completion_files(const struct verb *v);

#endif
