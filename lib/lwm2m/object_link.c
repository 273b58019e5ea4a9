/* Objects that accounts link to: 11 APN Connection Profile, 23 COSE, 24 MQTT
 * Server. */
#include "lwm2m/object_tables.h"

/* clang-format off */

/* What a device measures of its connections, from 9 on, is never written. */
static const struct lwm2m_resource apn[] = {
	{0, "Profile Name", LWM2M_STRING, ROW_M, 10, 0, 0},
	{1, "APN", LWM2M_STRING, ROW_O, 10, 0, 0},
	{2, "Auto select APN by device", LWM2M_BOOLEAN, ROW_O, 10, 0, 0},
	{3, "Enable status", LWM2M_BOOLEAN, ROW_O, 10, 0, 0},
	{4, "Authentication Type", LWM2M_INTEGER, ROW_M, 10, 0, 3},
	{5, "User Name", LWM2M_STRING, ROW_O, 10, 0, 0},
	{6, "Secret", LWM2M_STRING, ROW_S, 10, 0, 0},
	{7, "Reconnect Schedule", LWM2M_STRING, ROW_O, 10, 0, 0},
	{8, "Validity (MCC, MNC)", LWM2M_STRING, ROW_X, 10, 0, 0},
};

static const struct lwm2m_resource cose[] = {
	{0, "KID", LWM2M_STRING, ROW_M, 10, 0, 0},
	{1, "AEAD Algorithm", LWM2M_INTEGER, ROW_M, 10, 0, 0},
	{2, "Key", LWM2M_STRING, ROW_MS, 10, 0, 0},
};

static const struct lwm2m_resource mqtt[] = {
	{0, "Will Retain", LWM2M_BOOLEAN, ROW_O, 10, 0, 0},
	{1, "Will Topic", LWM2M_STRING, ROW_O, 10, 0, 0},
	{2, "Will Message", LWM2M_STRING, ROW_O, 10, 0, 0},
	{3, "Clean Session", LWM2M_BOOLEAN, ROW_O, 10, 0, 0},
	{4, "Will QoS", LWM2M_UNSIGNED, ROW_O, 10, 0, 3},
	{5, "Keep Alive", LWM2M_UNSIGNED, ROW_O, 10, 0, 65535},
	{6, "Client Identifier", LWM2M_STRING, ROW_M, 10, 0, 0},
	{7, "User Name", LWM2M_STRING, ROW_O, 10, 0, 0},
	{8, "Password", LWM2M_OPAQUE, ROW_S, 10, 0, 0},
};

/* clang-format on */

const struct lwm2m_object object_apn = {
    .id = OBJECT_APN,
    .name = "APN Connection Profile",
    .since = 10,
    OBJECT_ROWS(apn),
};

const struct lwm2m_object object_cose = {
    .id = OBJECT_COSE,
    .name = "LwM2M COSE",
    .since = 12,
    OBJECT_ROWS(cose),
};

const struct lwm2m_object object_mqtt = {
    .id = OBJECT_MQTT,
    .name = "MQTT Server",
    .since = 12,
    OBJECT_ROWS(mqtt),
};
