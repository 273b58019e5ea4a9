/* Objects about servers and devices: 1 Server, 2 Access Control, 3 Device. */
#include "lwm2m/object_tables.h"

/* clang-format off */

static const struct lwm2m_resource server[] = {
	{0, "Short Server ID", LWM2M_INTEGER, ROW_M, 10, 1, 65534},
	{1, "Lifetime", LWM2M_INTEGER, ROW_M, 10, 0, 0},
	{2, "Default Minimum Period", LWM2M_INTEGER, ROW_O, 10, 0, 0},
	{3, "Default Maximum Period", LWM2M_INTEGER, ROW_O, 10, 0, 0},
	{4, "Disable", LWM2M_NONE, ROW_E, 10, 0, 0},
	{5, "Disable Timeout", LWM2M_INTEGER, ROW_O, 10, 0, 0},
	{6, "Notification Storing When Disabled or Offline", LWM2M_BOOLEAN,
	    ROW_M, 10, 0, 0},
	{7, "Binding", LWM2M_STRING, ROW_M, 10, 0, 0},
	{8, "Registration Update Trigger", LWM2M_NONE, ROW_ME, 10, 0, 0},
	{9, "Bootstrap-Request Trigger", LWM2M_NONE, ROW_E, 11, 0, 0},
	{10, "APN Link", LWM2M_OBJLNK, ROW_O, 11, 0, 0},
	{11, "TLS-DTLS Alert Code", LWM2M_UNSIGNED, ROW_O, 11, 0, 255},
	{12, "Last Bootstrapped", LWM2M_TIME, ROW_O, 11, 0, 0},
	{13, "Registration Priority Order", LWM2M_UNSIGNED, ROW_O, 11, 0, 0},
	{14, "Initial Registration Delay Timer", LWM2M_UNSIGNED, ROW_O, 11,
	    0, 0},
	{15, "Registration Failure Block", LWM2M_BOOLEAN, ROW_O, 11, 0, 0},
	{16, "Bootstrap on Registration Failure", LWM2M_BOOLEAN, ROW_O, 11,
	    0, 0},
	{17, "Communication Retry Count", LWM2M_UNSIGNED, ROW_O, 11, 0, 0},
	{18, "Communication Retry Timer", LWM2M_UNSIGNED, ROW_O, 11, 0, 0},
	{19, "Communication Sequence Delay Timer", LWM2M_UNSIGNED, ROW_O, 11,
	    0, 0},
	{20, "Communication Sequence Retry Count", LWM2M_UNSIGNED, ROW_O, 11,
	    0, 0},
	{21, "Trigger", LWM2M_BOOLEAN, ROW_O, 11, 0, 0},
	{22, "Preferred Transport", LWM2M_STRING, ROW_O, 11, 1, 1},
	{23, "Mute Send", LWM2M_BOOLEAN, ROW_O, 11, 0, 0},
	{24, "Alternate APN Links", LWM2M_OBJLNK, ROW_X, 12, 0, 0},
	{25, "Supported Server Versions", LWM2M_STRING, ROW_X, 12, 0, 0},
	{26, "Default Notification Mode", LWM2M_INTEGER, ROW_O, 12, 0, 1},
	{27, "Profile ID Hash Algorithm", LWM2M_UNSIGNED, ROW_O, 12, 0, 255},
};

/* The resource instance of an ACL entry is the Short Server ID it is about. */
static const struct lwm2m_resource access_control[] = {
	{0, "Object ID", LWM2M_INTEGER, ROW_M, 10, 1, 65534},
	{1, "Object Instance ID", LWM2M_INTEGER, ROW_M, 10, 0, 65535},
	{2, "ACL", LWM2M_INTEGER, ROW_X, 10, 0, 31},
	{3, "Access Control Owner", LWM2M_INTEGER, ROW_M, 10, 0, 65535},
};

static const struct lwm2m_resource device[] = {
	{0, "Manufacturer", LWM2M_STRING, ROW_O, 10, 0, 0},
	{1, "Model Number", LWM2M_STRING, ROW_O, 10, 0, 0},
	{2, "Serial Number", LWM2M_STRING, ROW_O, 10, 0, 0},
	{3, "Firmware Version", LWM2M_STRING, ROW_O, 10, 0, 0},
	{4, "Reboot", LWM2M_NONE, ROW_ME, 10, 0, 0},
	{5, "Factory Reset", LWM2M_NONE, ROW_E, 10, 0, 0},
	{6, "Available Power Sources", LWM2M_INTEGER, ROW_X, 10, 0, 7},
	{7, "Power Source Voltage", LWM2M_INTEGER, ROW_X, 10, 0, 0},
	{8, "Power Source Current", LWM2M_INTEGER, ROW_X, 10, 0, 0},
	{9, "Battery Level", LWM2M_INTEGER, ROW_O, 10, 0, 100},
	{10, "Memory Free", LWM2M_INTEGER, ROW_O, 10, 0, 0},
	{11, "Error Code", LWM2M_INTEGER, ROW_MX, 10, 0, 32},
	{12, "Reset Error Code", LWM2M_NONE, ROW_E, 10, 0, 0},
	{13, "Current Time", LWM2M_TIME, ROW_O, 10, 0, 0},
	{14, "UTC Offset", LWM2M_STRING, ROW_O, 10, 0, 0},
	{15, "Timezone", LWM2M_STRING, ROW_O, 10, 0, 0},
	{16, "Supported Binding and Modes", LWM2M_STRING, ROW_M, 10, 0, 0},
	{17, "Device Type", LWM2M_STRING, ROW_O, 10, 0, 0},
	{18, "Hardware Version", LWM2M_STRING, ROW_O, 10, 0, 0},
	{19, "Software Version", LWM2M_STRING, ROW_O, 10, 0, 0},
	{20, "Battery Status", LWM2M_INTEGER, ROW_O, 10, 0, 6},
	{21, "Memory Total", LWM2M_INTEGER, ROW_O, 10, 0, 0},
	{22, "ExtDevInfo", LWM2M_OBJLNK, ROW_X, 10, 0, 0},
};

/* clang-format on */

const struct lwm2m_object object_server = {
    .id = OBJECT_SERVER,
    .name = "LwM2M Server",
    .since = 10,
    OBJECT_ROWS(server),
};

const struct lwm2m_object object_access_control = {
    .id = OBJECT_ACCESS_CONTROL,
    .name = "LwM2M Access Control",
    .since = 10,
    OBJECT_ROWS(access_control),
};

const struct lwm2m_object object_device = {
    .id = OBJECT_DEVICE,
    .name = "Device",
    .since = 10,
    .single = true,
    OBJECT_ROWS(device),
};
