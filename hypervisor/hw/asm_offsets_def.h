/* SPDX-License-Identifier: MIT */
/* For asm_offsets.c files: each line becomes "->NAME value" in the compiler's output. */
#ifndef HW_ASM_OFFSETS_DEF_H
#define HW_ASM_OFFSETS_DEF_H

#include <stddef.h>

#define NUMBER(name, value) __asm__ volatile("\n->" #name " %c0" ::"i"((long)(value)))
#define OFFSET(name, type, member) NUMBER(name, offsetof(type, member))

#endif
