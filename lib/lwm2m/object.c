#include "lwm2m/object.h"

#include "lwm2m/object_tables.h"

static const struct lwm2m_object *const objects[] = {
    &object_security,
    &object_server,
    &object_access_control,
    &object_device,
    &object_apn,
    &object_oscore,
    &object_cose,
    &object_mqtt,
};

const struct lwm2m_object *
object_find(uint16_t id)
{
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		if (objects[i]->id == id)
			return objects[i];
	}
	return NULL;
}

const struct lwm2m_resource *
resource_find(uint16_t object, uint16_t resource)
{
	const struct lwm2m_object *o = object_find(object);

	for (size_t i = 0; o && i < o->resource_count; i++) {
		if (o->resources[i].id == resource)
			return &o->resources[i];
	}
	return NULL;
}

enum lwm2m_type
object_type(struct lwm2m_path p)
{
	const struct lwm2m_resource *r = resource_find(p.object, p.resource);

	return r ? r->type : LWM2M_OPAQUE;
}
