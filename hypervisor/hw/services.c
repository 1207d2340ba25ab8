/* SPDX-License-Identifier: MIT */
/* The memory services that mm registers. */
#include "hw/services.h"

struct hw_services hw_services;
