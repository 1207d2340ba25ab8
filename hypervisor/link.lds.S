/* SPDX-License-Identifier: MIT */
/* Where everything lies: one image loaded at LOAD_PHYS, mapped at TEXT_VIRT + its physical address. */
#include "hw/layout.h"

/* The decompressors run once: all they bring goes into the memory that is freed after boot. */
#define FROM_LIB(file) file(.text .text.* .rodata .rodata.* .data .data.* .bss .bss.* COMMON)
#define LIBS *liblzma.a:* *libz.a:* *libzstd.a:* *liblz4.a:*

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(boot_entry)

PHDRS
{
    text PT_LOAD FLAGS(5);
    rodata PT_LOAD FLAGS(4);
    data PT_LOAD FLAGS(6);
    init PT_LOAD FLAGS(7);
    bss PT_LOAD FLAGS(6);
    stack PT_GNU_STACK FLAGS(6);
}

SECTIONS
{
    . = TEXT_VIRT + LOAD_PHYS;
    _start = .;

    .text : AT(ADDR(.text) - TEXT_VIRT) {
        KEEP(*(.head))
        *(EXCLUDE_FILE(LIBS) .text EXCLUDE_FILE(LIBS) .text.*)
        *(.fixup)
        . = ALIGN(PAGE_SIZE);
    } :text = 0x90
    _etext = .;

    .rodata : AT(ADDR(.rodata) - TEXT_VIRT) {
        *(EXCLUDE_FILE(LIBS) .rodata EXCLUDE_FILE(LIBS) .rodata.*)
        . = ALIGN(8);
        _extable_start = .;
        KEEP(*(.extable))
        _extable_end = .;
        . = ALIGN(8);
        _smap_sites_start = .;
        KEEP(*(.smap_sites))
        _smap_sites_end = .;
        . = ALIGN(PAGE_SIZE);
    } :rodata
    _erodata = .;

    .data : AT(ADDR(.data) - TEXT_VIRT) {
        *(EXCLUDE_FILE(LIBS) .data EXCLUDE_FILE(LIBS) .data.rel EXCLUDE_FILE(LIBS) .data.rel.*
          EXCLUDE_FILE(LIBS) .data.read_mostly)
        . = ALIGN(PAGE_SIZE);
        _percpu_start = .;
        *(.data.percpu)
        . = ALIGN(64);
        _percpu_end = .;
        . = ALIGN(PAGE_SIZE);
    } :data
    _edata = .;

    _init_start = .;
    .init : AT(ADDR(.init) - TEXT_VIRT) {
        *(.init.text .init.text.*)
        *(.init.rodata .init.rodata.*)
        *(.init.data .init.data.*)
        FROM_LIB(*liblzma.a:*)
        FROM_LIB(*libz.a:*)
        FROM_LIB(*libzstd.a:*)
        FROM_LIB(*liblz4.a:*)
        *(.got .got.plt .igot .igot.plt)
        . = ALIGN(PAGE_SIZE);
    } :init
    _init_end = .;

    .bss : AT(ADDR(.bss) - TEXT_VIRT) {
        *(.bss.page_aligned)
        *(.bss .bss.* COMMON)
        . = ALIGN(PAGE_SIZE);
    } :bss
    _end = .;

    /DISCARD/ : {
        *(.eh_frame .eh_frame_hdr .comment .note.* .plt .plt.* .iplt .rela.* .rel.*)
        *(.tm_clone_table .init_array .fini_array .ctors .dtors)
    }
}

ASSERT(_end - _start < 0x600000, "the image would reach into what firmware likes to keep at 8 MiB")
ASSERT(_etext - _start < 0x80000000, "RIP-relative code must reach everything")
