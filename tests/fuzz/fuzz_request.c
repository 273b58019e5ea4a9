/*
 * A datagram, read as what a device asks of us. Whatever is believed fits where
 * it goes next: into a question, into an answer in blocks.
 */
#include "question.h"
#include "request.h"

#include "bootstrap/pack.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_pack_request(const struct request *rq)
{
	bool security = rq->acc_count == 0;

	must(rq->pct == -1 && rq->accept >= 0 && rq->accept <= 0xffff);
	must(rq->fault != REASON_NONE || pack_format(rq->accept));
	must(rq->acc_count <= REQUEST_ACC_MAX);
	for (size_t i = 0; i < rq->acc_count; i++) {
		must(path_depth(rq->acc[i]) == 2);
		security |= rq->acc[i].object == 0;
	}
	must(security);
	must(rq->fault != REASON_NONE || rq->block.szx <= COAP_SZX_MAX);
	must(rq->has_block || rq->block.num == 0);
}

/** As bootstrapd/boot.c asks the keeper. */
static void
check_question(const struct request *rq)
{
	static uint8_t packet[QUESTION_BYTES_MAX];
	struct question q = {
	    .kind = Q_BEGIN,
	    .begin = {.proof = Q_BY_NOTHING,
		.pack = rq->kind == REQUEST_PACK,
		.has_endpoint = rq->has_endpoint,
		.endpoint = rq->endpoint,
		.pct = rq->pct,
		.accept = rq->kind == REQUEST_PACK ? rq->accept : -1,
		.fault = rq->fault},
	};
	struct question back;
	struct writer w;

	writer_init(&w, packet, sizeof(packet));
	question_put(&w, &q);
	must(!w.full && question_get(writer_span(&w), &back) == RC_OK);
	must(span_equal(back.begin.endpoint, rq->endpoint));
	question_fini(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct coap_message m;
	struct request rq;

	if (coap_decode(span_of(data, size), &m) != RC_OK)
		return 0;
	for (unsigned stream = 0; stream < 2; stream++) {
		request_read(&m, stream == 1, &rq);
		if (rq.kind == REQUEST_ANSWER) {
			must(coap_is_response(rq.code));
			continue;
		}
		must(rq.has_endpoint == (rq.endpoint.len > 0));
		if (rq.kind == REQUEST_PACK)
			check_pack_request(&rq);
		check_question(&rq);
	}
	return 0;
}
