/*
 * Both presets are a device at the edge of what networks are planned for, a
 * coupling loss of 154 dB (coverage enhancement level 1, CE mode A), not the
 * average one, nor the 164 dB that the standard's design goal is: at that,
 * rates are ten times lower, and neither network nor battery is planned by it.
 *
 * NB-IoT: one tone of 15 kHz with some repetitions leaves about 2 kbit/s of the
 * nominal 20 upward, and about 5 of 25 downward. Each turn costs random access
 * or a scheduling request, NPDCCH periods of some 100 ms in both directions and
 * repetitions: 1 s each way. From idle, system information, random access and
 * connection set-up take about 5 s.
 *
 * LTE-M: 1.4 MHz with a few repetitions leaves about 50 kbit/s upward and 100
 * downward of the nominal 375 and 300 (half duplex). A turn takes 150 ms each
 * way, connection set-up 1 s.
 *
 * Both are half duplex. IPv4 and UDP headers go with each datagram.
 */
#include "cost/preset.h"

const struct air_link preset_counting = {.latency_ms = 10};

const struct air_link presets[COST_LINKS] = {
    [COST_NB_IOT] =
	{
	    .bps = {[AIR_UP] = 2000, [AIR_DOWN] = 5000},
	    .latency_ms = 1000,
	    .setup_ms = 5000,
	    .header_len = COST_IPV4_HEADERS,
	    .half_duplex = true,
	},
    [COST_LTE_M] =
	{
	    .bps = {[AIR_UP] = 50000, [AIR_DOWN] = 100000},
	    .latency_ms = 150,
	    .setup_ms = 1000,
	    .header_len = COST_IPV4_HEADERS,
	    .half_duplex = true,
	},
};

const char *
cost_link_name(enum cost_link l)
{
	return l == COST_NB_IOT ? "NB-IoT" : "LTE-M";
}

const char *
cost_transport_name(enum cost_transport t)
{
	static const char *const names[] = {
	    [COST_UDP] = "UDP",
	    [COST_DTLS_12] = "DTLS 1.2",
	    [COST_DTLS_13] = "DTLS 1.3",
	};

	return names[t];
}

const char *
cost_proof_name(enum cost_proof p)
{
	static const char *const names[] = {
	    [COST_NONE] = "none",
	    [COST_PSK] = "psk",
	    [COST_CERTIFICATE] = "certificate",
	    [COST_RAW_KEY] = "rpk",
	};

	return names[p];
}
