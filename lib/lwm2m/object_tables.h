/**
 * object_tables.h - the rows behind object.h, one file for what carries
 * credentials, one for what these link to, and one for the rest. Taken from the OMA registry; where a
 * resource has changed over the versions the newest stands here.
 */
#ifndef LWM2M_OBJECT_TABLES_H
#define LWM2M_OBJECT_TABLES_H

#include "lwm2m/object.h"

extern const struct lwm2m_object object_security;
extern const struct lwm2m_object object_oscore;

extern const struct lwm2m_object object_apn;
extern const struct lwm2m_object object_cose;
extern const struct lwm2m_object object_mqtt;

extern const struct lwm2m_object object_server;
extern const struct lwm2m_object object_access_control;
extern const struct lwm2m_object object_device;

#define OBJECT_ROWS(table) \
	.resources = (table), \
	.resource_count = sizeof(table) / sizeof((table)[0])

/* Flags as letters, so that a row stays a line. */
enum {
	ROW_O = 0,
	ROW_M = RES_MANDATORY,
	ROW_X = RES_MULTIPLE,
	ROW_MX = RES_MANDATORY | RES_MULTIPLE,
	ROW_E = RES_EXECUTABLE,
	ROW_ME = RES_MANDATORY | RES_EXECUTABLE,
	ROW_S = RES_SECRET,
	ROW_MS = RES_MANDATORY | RES_SECRET,
};

#endif
