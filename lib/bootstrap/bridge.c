#include "bootstrap/bridge.h"

void
bridge_send(struct session *s, struct coap_peer *p,
    const struct session_command *c, uint64_t now_ms, uint32_t *ref)
{
	struct coap_request rq = {
	    .method = c->method,
	    .path_count = c->path_count,
	    .content_format = c->content_format,
	    .accept = c->accept,
	    .payload = c->payload,
	    .block_size = c->block_size,
	};
	enum rc rc;

	memcpy(rq.path, c->path, sizeof(rq.path));
	rc = coap_peer_request(p, &rq, now_ms, ref);
	if (rc != RC_OK)
		session_failed(s,
		    rc == RC_IO ? REASON_PEER_GONE : REASON_BLOCK_FAILED,
		    now_ms);
}

static int
content_format(const struct coap_message *m)
{
	const struct coap_option *o = coap_find(m, COAP_CONTENT_FORMAT);
	uint32_t number = 0;

	if (o && coap_uint_value(o->value, &number) && number <= 0xffff)
		return (int)number;
	return COAP_FORMAT_NONE;
}

void
bridge_event(struct session *s, const struct coap_event *ev, uint64_t now_ms)
{
	switch (ev->kind) {
	case COAP_EVENT_RESPONSE:
		session_response(s, ev->message->code,
		    content_format(ev->message), ev->body, now_ms);
		break;
	case COAP_EVENT_RESET:
		session_failed(s, REASON_RESET, now_ms);
		break;
	case COAP_EVENT_TIMEOUT:
		session_failed(s, REASON_NO_ANSWER, now_ms);
		break;
	case COAP_EVENT_FAILED:
		session_failed(s,
		    ev->gone ? REASON_PEER_GONE : REASON_BLOCK_FAILED, now_ms);
		break;
	case COAP_EVENT_REQUEST:
		break;
	}
}
