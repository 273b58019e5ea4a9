#include "packing.h"

#include "lwm2m/object.h"

#include <stdlib.h>

enum {
	/** Header, token, and the options of an answer: 4 + 8 + ETag 9 +
	 *  Content-Format 3 + Block2 4 + Size2 4, and the marker. */
	HEAD_MAX = 33,
	BLOCK_MAX = 1024,
};

struct packing {
	struct pack pack;
	int format;
	struct lwm2m_path acc[REQUEST_ACC_MAX];
	size_t acc_count;
	bool asked; /**< for blocks of this size, by the first request */
	uint8_t szx;
	uint8_t alike[DIGEST_LEN];
};

struct packing *
packing_new(const struct request *rq)
{
	struct packing *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->format = rq->accept;
	memcpy(p->acc, rq->acc, sizeof(p->acc));
	p->acc_count = rq->acc_count;
	p->asked = rq->has_block;
	p->szx = rq->block.szx;
	memcpy(p->alike, rq->alike, sizeof(p->alike));
	return p;
}

void
packing_free(struct packing *p)
{
	if (!p)
		return;
	pack_clear(&p->pack);
	free(p);
}

/** How it goes where the device has not said: whole, or in the largest blocks
 *  that fit what its profile says. */
static enum rc
choose_size(struct packing *p, const struct plan_head *h)
{
	size_t room = h->max_message > HEAD_MAX ? h->max_message - HEAD_MAX : 0;

	if (p->asked)
		return RC_OK;
	if (room > BLOCK_MAX)
		room = BLOCK_MAX;
	if (p->pack.body.len <= room) {
		p->szx = COAP_SZX_MAX;
		return RC_OK;
	}
	if (h->block_size == 0)
		return RC_UNSUPPORTED;
	p->asked = true;
	p->szx = coap_szx_for(h->block_size < room ? h->block_size : room);
	return RC_OK;
}

enum rc
packing_make(
    struct packing *p, const struct plan *plan, const uint8_t id[static 16])
{
	struct accounts a = {0};
	enum rc rc;

	for (size_t i = 0; i < p->acc_count; i++)
		accounts_own(&a, p->acc[i]);
	/* that is all there is: the pack takes the place of the rest */
	a.discovered = p->acc_count > 0;
	/* less good: what its profile says, of /0 alone */
	if (p->acc_count == 0 && plan->head.own != LWM2M_ID_NONE)
		accounts_own(
		    &a, LWM2M_INSTANCE(OBJECT_SECURITY, plan->head.own));
	rc = pack_make(&p->pack, plan, &a, p->format, id);
	if (rc == RC_OK)
		rc = choose_size(p, &plan->head);
	if (rc != RC_OK)
		pack_clear(&p->pack);
	return rc;
}

bool
packing_is_of(const struct packing *p, const struct request *rq)
{
	/* who has it all and asks from the start wants another one */
	if (pack_is_fetched(&p->pack) && rq->block.num == 0)
		return false;
	return p->pack.body.len > 0 && rq->fault == REASON_NONE &&
	    memcmp(p->alike, rq->alike, sizeof(p->alike)) == 0;
}

static void
answer_block(struct packing *p, struct coap_peer *peer, uint32_t ref,
    struct coap_block b, bool in_blocks, uint64_t now_ms)
{
	uint8_t block[4], size[4];
	struct coap_option options[3] = {
	    {COAP_ETAG, span_of(p->pack.etag, PACK_ETAG_LEN)}};
	struct coap_response rs = {
	    .code = COAP_CONTENT,
	    .content_format = p->format,
	    .max_age_s = -1,
	    .options = options,
	    .option_count = 1,
	};

	if (pack_block(&p->pack, (size_t)b.num * coap_block_size(b.szx),
		coap_block_size(b.szx), &rs.payload, &b.more) != RC_OK) {
		rs = (struct coap_response){
		    .code = COAP_BAD_REQUEST,
		    .content_format = COAP_FORMAT_NONE,
		    .max_age_s = -1,
		};
	} else if (in_blocks) {
		options[rs.option_count++] = (struct coap_option){
		    COAP_BLOCK2, coap_block_encode(b, block)};
		if (b.num == 0)
			options[rs.option_count++] =
			    (struct coap_option){COAP_SIZE2,
				coap_uint((uint32_t)p->pack.body.len, size)};
	}
	/* a request that is forgotten needs no answer */
	(void)!coap_peer_respond(peer, ref, &rs, now_ms);
}

void
packing_answer(struct packing *p, struct coap_peer *peer, uint32_t ref,
    const struct request *rq, uint64_t now_ms)
{
	struct coap_block b = {.szx = p->szx};
	bool in_blocks = p->asked;

	if (rq && rq->has_block) {
		b = rq->block;
		in_blocks = true;
	}
	answer_block(p, peer, ref, b, in_blocks, now_ms);
}

bool
packing_is_fetched(const struct packing *p)
{
	return pack_is_fetched(&p->pack);
}

int
packing_format(const struct packing *p)
{
	return p->format;
}
