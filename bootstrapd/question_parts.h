/**
 * question_parts.h - what packets between worker and keeper are made of. For
 * question.c alone.
 */
#ifndef BOOTSTRAPD_QUESTION_PARTS_H
#define BOOTSTRAPD_QUESTION_PARTS_H

#include "question.h"

enum {
	CREDENTIAL_MAX = 128, /**< bytes of a PSK identity */
	ENDPOINT_MAX = 255,
};

void parts_put_short(struct writer *w, struct span s);
struct span parts_get_short(struct reader *r, size_t max);
void parts_put_secret(struct writer *w, const struct secret *s);
MUST_CHECK enum rc parts_get_secret(
    struct reader *r, size_t max, struct secret *out);
void parts_put_address(struct writer *w, const struct address *a);
void parts_get_address(struct reader *r, struct address *a);
void parts_get_session(struct reader *r, uint8_t out[static SESSION_ID_LEN]);
void parts_put_session(
    struct writer *w, const uint8_t id[static SESSION_ID_LEN]);
void parts_put_begin(struct writer *w, const struct q_begin *b);
void parts_get_begin(struct reader *r, struct q_begin *b);
void parts_get_sign(struct reader *r, struct q_sign *s);
void parts_put_sign_answer(struct writer *w, const struct q_sign_answer *a);
void parts_get_sign_answer(struct reader *r, struct q_sign_answer *a);
void parts_get_refused(struct reader *r, struct q_refused *q);
void parts_put_push(struct writer *w, const struct q_push *p);
void parts_get_push(struct reader *r, struct q_push *p);
void parts_put_verdict(struct writer *w, const struct session_verdict *v);
void parts_get_verdict(struct reader *r, struct session_verdict *v);

#endif
