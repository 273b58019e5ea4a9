#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { PORT_MAX = 65535 };

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

static size_t
ip_len(uint8_t family)
{
	return family == 4 ? 4 : family == 6 ? 16 : 0;
}

/* One name for one peer: ::ffff:192.0.2.1 is 192.0.2.1 (RFC 4291 2.5.5.2). */
static bool
unmap(uint8_t ip[static 16])
{
	if (memcmp(ip, mapped_prefix, sizeof(mapped_prefix)) != 0)
		return false;
	memmove(ip, ip + 12, 4);
	memset(ip + 4, 0, 12);
	return true;
}

enum rc
address_from(const struct sockaddr *sa, size_t len, struct address *out)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	sa_family_t family;

	*out = (struct address){0};
	if (len < sizeof(*sa))
		return RC_UNSUPPORTED;
	memcpy(&family, &sa->sa_family, sizeof(family));
	if (family == AF_INET && len >= sizeof(in)) {
		memcpy(&in, sa, sizeof(in));
		out->family = 4;
		memcpy(out->ip, &in.sin_addr, 4);
		out->port = ntohs(in.sin_port);
		return RC_OK;
	}
	if (family == AF_INET6 && len >= sizeof(in6)) {
		memcpy(&in6, sa, sizeof(in6));
		memcpy(out->ip, &in6.sin6_addr, 16);
		out->family = unmap(out->ip) ? 4 : 6;
		out->port = ntohs(in6.sin6_port);
		if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr))
			out->scope = in6.sin6_scope_id;
		return RC_OK;
	}
	return RC_UNSUPPORTED;
}

size_t
address_to(const struct address *a, int socket_family, struct sockaddr *sa)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (socket_family == AF_INET && a->family == 4) {
		memcpy(&in.sin_addr, a->ip, 4);
		in.sin_port = htons(a->port);
		memcpy(sa, &in, sizeof(in));
		return sizeof(in);
	}
	if (socket_family != AF_INET6 || a->family == 0)
		return 0;
	if (a->family == 4) {
		memcpy(in6.sin6_addr.s6_addr, mapped_prefix, 12);
		memcpy(in6.sin6_addr.s6_addr + 12, a->ip, 4);
	} else {
		memcpy(in6.sin6_addr.s6_addr, a->ip, 16);
	}
	in6.sin6_port = htons(a->port);
	in6.sin6_scope_id = a->scope;
	memcpy(sa, &in6, sizeof(in6));
	return sizeof(in6);
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && a->port == b->port &&
	    a->scope == b->scope &&
	    memcmp(a->ip, b->ip, ip_len(a->family)) == 0;
}

void
address_key(const struct address *a, uint8_t out[static ADDRESS_KEY_LEN])
{
	struct writer w;

	writer_init(&w, out, ADDRESS_KEY_LEN);
	writer_be(&w, a->family, 1);
	writer_put(&w, span_of(a->ip, sizeof(a->ip)));
	writer_be(&w, a->port, 2);
	writer_be(&w, a->scope, 4);
}

void
address_print(struct writer *w, const struct address *a)
{
	char ip[INET6_ADDRSTRLEN];

	switch (a->family) {
	case 4:
		inet_ntop(AF_INET, a->ip, ip, sizeof(ip));
		writer_fmt(w, "%s:%u", ip, a->port);
		break;
	case 6:
		inet_ntop(AF_INET6, a->ip, ip, sizeof(ip));
		if (a->scope)
			writer_fmt(w, "[%s%%%u]:%u", ip, a->scope, a->port);
		else
			writer_fmt(w, "[%s]:%u", ip, a->port);
		break;
	default:
		writer_str(w, "-");
		break;
	}
}

static void
print_ip(struct writer *w, uint8_t family, const uint8_t *ip)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family == 4 ? AF_INET : AF_INET6, ip, text, sizeof(text));
	writer_str(w, text);
}

void
address_print_ip(struct writer *w, const struct address *a)
{
	if (a->family == 4 || a->family == 6)
		print_ip(w, a->family, a->ip);
	else
		writer_str(w, "-");
}

void
network_print(struct writer *w, const struct network *n)
{
	print_ip(w, n->family, n->ip);
	writer_fmt(w, "/%u", n->prefix);
}

/* The part of `text` before the last `mark`, and behind it; false: no mark. */
static bool
split(struct span text, char mark, struct span *before, struct span *behind)
{
	const uint8_t *at = text.p ? memrchr(text.p, mark, text.len) : NULL;

	if (!at)
		return false;
	*before = span_of(text.p, (size_t)(at - text.p));
	*behind = span_from(text, before->len + 1);
	return true;
}

/* An IP alone; mapped addresses are left as they are. */
static bool
parse_ip(struct span text, uint8_t *family, uint8_t ip[static 16])
{
	char str[INET6_ADDRSTRLEN];

	if (text.len == 0 || text.len >= sizeof(str) ||
	    memchr(text.p, '\0', text.len))
		return false;
	memcpy(str, text.p, text.len);
	str[text.len] = '\0';
	memset(ip, 0, 16);
	*family = memchr(text.p, ':', text.len) ? 6 : 4;
	return inet_pton(*family == 4 ? AF_INET : AF_INET6, str, ip) == 1;
}

enum rc
address_parse(struct span text, struct address *out)
{
	struct address a = {0};
	struct span host, port, scope;
	uint64_t number;
	bool bracketed;

	*out = a;
	if (!split(text, ':', &host, &port) ||
	    !span_decimal(port, PORT_MAX, &number))
		return RC_MALFORMED;
	a.port = (uint16_t)number;
	bracketed =
	    host.len >= 2 && host.p[0] == '[' && host.p[host.len - 1] == ']';
	if (bracketed) {
		host = span_of(host.p + 1, host.len - 2);
		if (split(host, '%', &host, &scope)) {
			if (!span_decimal(scope, UINT32_MAX, &number))
				return RC_MALFORMED;
			a.scope = (uint32_t)number;
		}
	}
	if (!parse_ip(host, &a.family, a.ip) || bracketed != (a.family == 6))
		return RC_MALFORMED;
	/* A scope has a meaning on a link alone: fe80::/10. */
	if (a.scope && (a.ip[0] != 0xfe || (a.ip[1] & 0xc0) != 0x80))
		return RC_MALFORMED;
	if (a.family == 6 && unmap(a.ip))
		a.family = 4;
	*out = a;
	return RC_OK;
}

/* True when the first `bits` of both are equal. */
static bool
prefix_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0;
}

enum rc
network_parse(struct span text, struct network *out)
{
	struct network n = {0};
	struct span ip, prefix;
	uint64_t bits;

	*out = n;
	if (!split(text, '/', &ip, &prefix) || !parse_ip(ip, &n.family, n.ip) ||
	    !span_decimal(prefix, 8 * ip_len(n.family), &bits))
		return RC_MALFORMED;
	for (uint64_t i = bits; i < 8 * ip_len(n.family); i++)
		if (n.ip[i / 8] & (0x80u >> i % 8))
			return RC_MALFORMED;
	/* Peers lose the mapping (address_from), so their networks do too. */
	if (n.family == 6 && bits >= 96 && unmap(n.ip)) {
		n.family = 4;
		bits -= 96;
	}
	n.prefix = (uint8_t)bits;
	*out = n;
	return RC_OK;
}

bool
network_contains(const struct network *n, const struct address *a)
{
	return n->family != 0 && n->family == a->family &&
	    prefix_equal(n->ip, a->ip, n->prefix);
}
