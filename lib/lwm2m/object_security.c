/* Objects that carry credentials: 0 Security, 21 OSCORE. */
#include "lwm2m/object_tables.h"

/* clang-format off */

/*
 * 3, 4 and 5 are mandatory in the registry and depend on the mode in practice:
 * whoever checks a configuration asks the mode, not the flag.
 */
static const struct lwm2m_resource security[] = {
	{0, "LwM2M Server URI", LWM2M_STRING, ROW_M, 10, 0, 255},
	{1, "Bootstrap-Server", LWM2M_BOOLEAN, ROW_M, 10, 0, 0},
	{2, "Security Mode", LWM2M_INTEGER, ROW_M, 10, 0, 4},
	{3, "Public Key or Identity", LWM2M_OPAQUE, ROW_M, 10, 0, 0},
	{4, "Server Public Key", LWM2M_OPAQUE, ROW_M, 10, 0, 0},
	{5, "Secret Key", LWM2M_OPAQUE, ROW_MS, 10, 0, 0},
	{6, "SMS Security Mode", LWM2M_INTEGER, ROW_O, 10, 0, 255},
	{7, "SMS Binding Key Parameters", LWM2M_OPAQUE, ROW_O, 10, 6, 6},
	{8, "SMS Binding Secret Key(s)", LWM2M_OPAQUE, ROW_S, 10, 16, 48},
	{9, "LwM2M Server SMS Number", LWM2M_STRING, ROW_O, 10, 0, 0},
	{10, "Short Server ID", LWM2M_INTEGER, ROW_O, 10, 1, 65534},
	{11, "Client Hold Off Time", LWM2M_INTEGER, ROW_O, 10, 0, 0},
	{12, "Bootstrap-Server Account Timeout", LWM2M_INTEGER, ROW_O, 10,
	    0, 0},
	{13, "Matching Type", LWM2M_UNSIGNED, ROW_O, 11, 0, 3},
	{14, "SNI", LWM2M_STRING, ROW_O, 11, 0, 0},
	{15, "Certificate Usage", LWM2M_UNSIGNED, ROW_O, 11, 0, 3},
	{16, "DTLS/TLS Ciphersuite", LWM2M_UNSIGNED, ROW_X, 11, 0, 65535},
	{17, "OSCORE Security Mode", LWM2M_OBJLNK, ROW_O, 11, 0, 0},
	{18, "Groups To Use by Client", LWM2M_UNSIGNED, ROW_X, 12, 0, 65535},
	{19, "Signature Algorithms Supported by Server", LWM2M_UNSIGNED, ROW_X,
	    12, 0, 65535},
	{20, "Signature Algorithms To Use by Client", LWM2M_UNSIGNED, ROW_X,
	    12, 0, 65535},
	{21, "Signature Algorithm Certs Supported by Server", LWM2M_UNSIGNED,
	    ROW_X, 12, 0, 65535},
	{22, "TLS 1.3 Features To Use by Client", LWM2M_UNSIGNED, ROW_O, 12,
	    0, 0},
	{23, "TLS Extensions Supported by Server", LWM2M_UNSIGNED, ROW_O, 12,
	    0, 0},
	{24, "TLS Extensions To Use by Client", LWM2M_UNSIGNED, ROW_O, 12,
	    0, 0},
	{25, "Secondary LwM2M Server URI", LWM2M_STRING, ROW_X, 12, 0, 255},
	{26, "MQTT Server", LWM2M_OBJLNK, ROW_O, 12, 0, 0},
	{27, "LwM2M COSE Security", LWM2M_OBJLNK, ROW_X, 12, 0, 0},
	{28, "RDS Destination Port", LWM2M_INTEGER, ROW_O, 12, 0, 15},
	{29, "RDS Source Port", LWM2M_INTEGER, ROW_O, 12, 0, 15},
	{30, "RDS Application ID", LWM2M_STRING, ROW_O, 12, 0, 0},
};

/* The types of version 2.0: 0, 1, 2, 5 and 6 were String before. */
static const struct lwm2m_resource oscore[] = {
	{0, "OSCORE Master Secret", LWM2M_OPAQUE, ROW_MS, 10, 0, 0},
	{1, "OSCORE Sender ID", LWM2M_OPAQUE, ROW_M, 10, 0, 0},
	{2, "OSCORE Recipient ID", LWM2M_OPAQUE, ROW_M, 10, 0, 0},
	{3, "OSCORE AEAD Algorithm", LWM2M_INTEGER, ROW_O, 10, 0, 0},
	{4, "OSCORE HMAC Algorithm", LWM2M_INTEGER, ROW_O, 10, 0, 0},
	{5, "OSCORE Master Salt", LWM2M_OPAQUE, ROW_O, 10, 0, 0},
	{6, "OSCORE ID Context", LWM2M_OPAQUE, ROW_O, 11, 0, 0},
};

/* clang-format on */

const struct lwm2m_object object_security = {
    .id = OBJECT_SECURITY,
    .name = "LwM2M Security",
    .since = 10,
    OBJECT_ROWS(security),
};

const struct lwm2m_object object_oscore = {
    .id = OBJECT_OSCORE,
    .name = "LwM2M OSCORE",
    .since = 11,
    OBJECT_ROWS(oscore),
};
