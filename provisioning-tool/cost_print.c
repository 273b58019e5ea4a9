/* The costs of a policy, for people and for machines. */
#include "cost_rows.h"
#include "rows.h"
#include "tool.h"

#include <stdio.h>

enum { NAME_MAX = 24, TIME_TEXT_MAX = 16 };

static uint32_t
datagrams(const struct cost *c)
{
	return c->up.datagrams + c->down.datagrams;
}

static uint32_t
bytes(const struct cost *c)
{
	return c->up.bytes + c->down.bytes;
}

static const char *
time_text(uint64_t ms, char out[static TIME_TEXT_MAX])
{
	/* up, as it is the worst */
	uint64_t tenths = ms == TIME_NEVER ? 0 : (ms + 99) / 100;

	if (ms == TIME_NEVER)
		(void)snprintf(out, TIME_TEXT_MAX, "never");
	else
		(void)snprintf(out, TIME_TEXT_MAX, "%llu.%llu s",
		    (unsigned long long)(tenths / 10),
		    (unsigned long long)(tenths % 10));
	return out;
}

static void
print_row(const struct cost_row *row, bool times)
{
	char name[NAME_MAX], text[TIME_TEXT_MAX];
	const struct cost *c = &row->cost;
	uint32_t n = datagrams(c), all = bytes(c);

	(void)snprintf(name, sizeof(name), "%s%s%s",
	    cost_transport_name(row->transport),
	    row->proof == COST_NONE ? "" : " ",
	    row->proof == COST_NONE ? "" : cost_proof_name(row->proof));
	printf("  %-20s %9u %7u %7u %7u %7u %7u %11u %6u", name, n, c->up.bytes,
	    c->down.bytes, all, all + n * COST_IPV4_HEADERS,
	    all + n * COST_IPV6_HEADERS, c->round_trips, c->blocks);
	for (size_t i = 0; times && i < COST_LINKS; i++)
		printf(" %9s", time_text(c->worst_ms[i], text));
	if (c->outcome != OUTCOME_OK)
		printf("  ends at step %u of %u: %s", c->step + 1, c->steps,
		    reason_code(c->reason));
	putchar('\n');
}

static void
print_chain(const struct cost_chain *c)
{
	for (size_t i = 0; i < c->count; i++)
		printf("%s%zu", i ? " + " : "", c->len[i]);
}

void
cost_rows_print(const struct policy *p, const struct cost_rows *r,
    const struct cost_given *given)
{
	bool certificates = false;
	struct quoted a, b, c;

	if (r->count == 0)
		return;
	printf("costs of %s, profile %s, as device %s:\n",
	    quote_str(&a, p->name), quote_str(&b, p->device.name),
	    quote(&c, r->endpoint));
	printf("  %-20s %9s %7s %7s %7s %7s %7s %11s %6s", "", "datagrams",
	    "up", "down", "bytes", "IPv4", "IPv6", "round trips", "blocks");
	for (int i = 0; r->times && i < COST_LINKS; i++)
		printf(" %9s", cost_link_name((enum cost_link)i));
	putchar('\n');
	for (size_t i = 0; i < r->count; i++) {
		print_row(&r->rows[i], r->times);
		certificates |= r->rows[i].proof == COST_CERTIFICATE;
	}
	if (!certificates)
		return;
	fputs("  certificates of the server: ", stdout);
	print_chain(&given->server);
	fputs(" bytes, of the device: ", stdout);
	print_chain(&r->device_chain);
	puts(" bytes");
}

static size_t
put_times(const struct cost *c, struct field *f, size_t n)
{
	static const char *const names[] = {
	    [COST_NB_IOT] = "nb_iot_ms",
	    [COST_LTE_M] = "lte_m_ms",
	};

	for (size_t i = 0; i < COST_LINKS; i++)
		if (c->worst_ms[i] != TIME_NEVER)
			f[n++] = F_INT(names[i], c->worst_ms[i]);
	return n;
}

void
cost_rows_json(const struct policy *p, const struct cost_rows *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct cost_row *row = &r->rows[i];
		const struct cost *c = &row->cost;
		struct field f[24];
		size_t n = 0;

		f[n++] = F_TEXT("cost", p->name);
		f[n++] = F_TEXT("file", p->place.file);
		f[n++] = F_INT("line", p->place.line);
		f[n++] = F_TEXT("profile", p->device.name);
		f[n++] = F_TEXT("endpoint", r->endpoint);
		f[n++] =
		    F_TEXT("transport", cost_transport_name(row->transport));
		f[n++] = F_TEXT("proof", cost_proof_name(row->proof));
		f[n++] = F_TEXT("outcome", outcome_name(c->outcome));
		f[n++] = F_TEXT("reason", reason_code(c->reason));
		f[n++] = F_INT("datagrams", datagrams(c));
		f[n++] = F_INT("datagrams_up", c->up.datagrams);
		f[n++] = F_INT("datagrams_down", c->down.datagrams);
		f[n++] = F_INT("bytes", bytes(c));
		f[n++] = F_INT("bytes_up", c->up.bytes);
		f[n++] = F_INT("bytes_down", c->down.bytes);
		f[n++] = F_INT(
		    "bytes_ipv4", bytes(c) + datagrams(c) * COST_IPV4_HEADERS);
		f[n++] = F_INT(
		    "bytes_ipv6", bytes(c) + datagrams(c) * COST_IPV6_HEADERS);
		f[n++] = F_INT("round_trips", c->round_trips);
		f[n++] = F_INT("blocks", c->blocks);
		if (r->times)
			n = put_times(c, f, n);
		rows_json(f, n);
	}
}
