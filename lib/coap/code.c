#include "coap/message.h"
#include "coap/signalling.h"

#define DETAILS(c) \
	c ".00", c ".01", c ".02", c ".03", c ".04", c ".05", c ".06", \
	    c ".07", c ".08", c ".09", c ".10", c ".11", c ".12", c ".13", \
	    c ".14", c ".15", c ".16", c ".17", c ".18", c ".19", c ".20", \
	    c ".21", c ".22", c ".23", c ".24", c ".25", c ".26", c ".27", \
	    c ".28", c ".29", c ".30", c ".31"

static const char *const plain[256] = {
    DETAILS("0"),
    DETAILS("1"),
    DETAILS("2"),
    DETAILS("3"),
    DETAILS("4"),
    DETAILS("5"),
    DETAILS("6"),
    DETAILS("7"),
};

static const char *const known[256] = {
    [COAP_GET] = "GET",
    [COAP_POST] = "POST",
    [COAP_PUT] = "PUT",
    [COAP_DELETE] = "DELETE",
    [COAP_CREATED] = "2.01 Created",
    [COAP_DELETED] = "2.02 Deleted",
    [COAP_VALID] = "2.03 Valid",
    [COAP_CHANGED] = "2.04 Changed",
    [COAP_CONTENT] = "2.05 Content",
    [COAP_CONTINUE] = "2.31 Continue",
    [COAP_BAD_REQUEST] = "4.00 Bad Request",
    [COAP_UNAUTHORIZED] = "4.01 Unauthorized",
    [COAP_BAD_OPTION] = "4.02 Bad Option",
    [COAP_FORBIDDEN] = "4.03 Forbidden",
    [COAP_NOT_FOUND] = "4.04 Not Found",
    [COAP_METHOD_NOT_ALLOWED] = "4.05 Method Not Allowed",
    [COAP_NOT_ACCEPTABLE] = "4.06 Not Acceptable",
    [COAP_INCOMPLETE] = "4.08 Request Entity Incomplete",
    [COAP_TOO_LARGE] = "4.13 Request Entity Too Large",
    [COAP_UNSUPPORTED_FORMAT] = "4.15 Unsupported Content-Format",
    [COAP_TOO_MANY_REQUESTS] = "4.29 Too Many Requests",
    [COAP_INTERNAL] = "5.00 Internal Server Error",
    [COAP_NOT_IMPLEMENTED] = "5.01 Not Implemented",
    [COAP_UNAVAILABLE] = "5.03 Service Unavailable",
    [COAP_NO_PROXYING] = "5.05 Proxying Not Supported",
    [COAP_CSM] = "7.01 CSM",
    [COAP_PING] = "7.02 Ping",
    [COAP_PONG] = "7.03 Pong",
    [COAP_RELEASE] = "7.04 Release",
    [COAP_ABORT] = "7.05 Abort",
};

const char *
coap_code_name(uint8_t code)
{
	return known[code] ? known[code] : plain[code];
}
