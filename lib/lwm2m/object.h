/**
 * object.h - the tables of the objects that a bootstrap server writes: 0
 * Security, 1 Server, 2 Access Control, 3 Device, 21 OSCORE, and what accounts
 * link to: 11 APN Connection Profile, 23 COSE, 24 MQTT Server.
 *
 * They say the type of every resource, in which object version it appeared,
 * its range, and whether it holds a secret; encoders, decoders and the policy
 * reader ask here.
 */
#ifndef LWM2M_OBJECT_H
#define LWM2M_OBJECT_H

#include "lwm2m/value.h"

enum {
	OBJECT_SECURITY = 0,
	OBJECT_SERVER = 1,
	OBJECT_ACCESS_CONTROL = 2,
	OBJECT_DEVICE = 3,
	OBJECT_APN = 11,
	OBJECT_OSCORE = 21,
	OBJECT_COSE = 23,
	OBJECT_MQTT = 24,
};

/** Object 0, named where our own code writes them. */
enum {
	SECURITY_URI = 0,
	SECURITY_BOOTSTRAP = 1,
	SECURITY_MODE = 2,
	SECURITY_IDENTITY = 3,
	SECURITY_SERVER_KEY = 4,
	SECURITY_SECRET_KEY = 5,
	SECURITY_SSID = 10,
	SECURITY_HOLD_OFF = 11,
	SECURITY_ACCOUNT_TIMEOUT = 12,
	SECURITY_MATCHING_TYPE = 13,
	SECURITY_SNI = 14,
	SECURITY_CERTIFICATE_USAGE = 15,
	SECURITY_CIPHERSUITE = 16,
	SECURITY_OSCORE = 17,
	SECURITY_SECONDARY_URI = 25,
	SECURITY_MQTT = 26,
	SECURITY_COSE = 27,
};

/** Object 1. */
enum {
	SERVER_SSID = 0,
	SERVER_LIFETIME = 1,
	SERVER_MIN_PERIOD = 2,
	SERVER_MAX_PERIOD = 3,
	SERVER_DISABLE_TIMEOUT = 5,
	SERVER_STORING = 6,
	SERVER_BINDING = 7,
	SERVER_APN = 10,
	SERVER_PRIORITY = 13,
	SERVER_REGISTRATION_DELAY = 14,
	SERVER_FAILURE_BLOCK = 15,
	SERVER_BOOTSTRAP_ON_FAILURE = 16,
	SERVER_RETRY_COUNT = 17,
	SERVER_RETRY_TIMER = 18,
	SERVER_SEQUENCE_DELAY = 19,
	SERVER_SEQUENCE_COUNT = 20,
	SERVER_SMS_TRIGGER = 21,
	SERVER_PREFERRED_TRANSPORT = 22,
	SERVER_MUTE_SEND = 23,
	SERVER_ALTERNATE_APNS = 24,
	SERVER_VERSIONS = 25,
	SERVER_NOTIFICATION_MODE = 26,
	SERVER_PROFILE_ID_HASH = 27,
};

/** /0/x/2 */
enum security_mode {
	MODE_PSK = 0,
	MODE_RPK = 1,
	MODE_CERTIFICATE = 2,
	MODE_NOSEC = 3,
	MODE_EST = 4,
};

enum resource_flags {
	RES_MULTIPLE = 1,
	RES_MANDATORY = 2,
	RES_EXECUTABLE = 4, /**< never in a Write */
	RES_SECRET = 8, /**< key bytes: never shown */
};

struct lwm2m_resource {
	uint16_t id;
	const char *name;
	enum lwm2m_type type;
	unsigned flags;
	uint8_t since; /**< object version, 10 = 1.0, 11, 12, 20 */
	int64_t min, max; /**< value, or bytes for STRING and OPAQUE; both 0:
	                        no range */
};

struct lwm2m_object {
	uint16_t id;
	const char *name;
	bool single; /**< one instance at most */
	uint8_t since; /**< version of LwM2M that it came with, 10, 11, 12 */
	const struct lwm2m_resource *resources; /**< ascending by id */
	size_t resource_count;
};

/** NULL: not in the tables. */
const struct lwm2m_object *object_find(uint16_t id);
const struct lwm2m_resource *resource_find(uint16_t object, uint16_t resource);

/** The type of the value at `p` (object and resource set); LWM2M_OPAQUE when
 *  the tables do not know it. */
enum lwm2m_type object_type(struct lwm2m_path p);

#endif
