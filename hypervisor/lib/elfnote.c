/* SPDX-License-Identifier: MIT */
/* What a kernel's Xen ELF notes say about how to start it. */
#include "lib/elfnote.h"

#include "lib/string.h"
#include "public/elfnote.h"
#include "public/features.h"

struct note_header {
    uint32_t namesz, descsz, type;
};

static const struct {
    const char *name;
    unsigned bit;
} feature_names[] = {
    { "writable_page_tables", XENFEAT_writable_page_tables },
    { "writable_descriptor_tables", XENFEAT_writable_descriptor_tables },
    { "auto_translated_physmap", XENFEAT_auto_translated_physmap },
    { "supervisor_mode_kernel", XENFEAT_supervisor_mode_kernel },
    { "pae_pgdir_above_4gb", XENFEAT_pae_pgdir_above_4gb },
    { "hvm_callback_vector", XENFEAT_hvm_callback_vector },
    { "dom0", XENFEAT_dom0 },
};

/*
 * What we cannot give to any guest: a kernel that insists on one of these cannot run. Stock Linux
 * insists on
 * writable page tables, which to it means that its plain writes to them work: they do, by
 * emulation.
 */
#define REFUSED_FEATURES \
    ((1u << XENFEAT_writable_descriptor_tables) | \
     (1u << XENFEAT_auto_translated_physmap) | (1u << XENFEAT_supervisor_mode_kernel))

/*
 * "a|!b|c": names we do not know are ignored unless the kernel insists, when they show as bit 31.
 */
static void read_features(struct pv_notes *n, const char *s, size_t len)
{
    size_t i = 0;

    while (i < len && s[i] != '\0') {
        bool must = s[i] == '!';
        size_t start = i += must, bit = 31;

        while (i < len && s[i] != '\0' && s[i] != '|')
            i++;
        for (size_t f = 0; f < sizeof(feature_names) / sizeof(feature_names[0]); f++)
            if (strlen(feature_names[f].name) == i - start &&
                memcmp(feature_names[f].name, s + start, i - start) == 0)
                bit = feature_names[f].bit;
        if (must)
            n->required |= 1u << bit;
        if (bit != 31)
            n->supported |= 1u << bit;
        if (i < len && s[i] == '|')
            i++;
    }
}

static void read_text(char *out, size_t size, const uint8_t *desc, size_t len)
{
    size_t n = strnlen((const char *)desc, len);

    if (n > size - 1)
        n = size - 1;
    memcpy(out, desc, n);
    out[n] = '\0';
}

static bool is_number(uint32_t type)
{
    return type == XEN_ELFNOTE_ENTRY || type == XEN_ELFNOTE_HYPERCALL_PAGE ||
           type == XEN_ELFNOTE_VIRT_BASE || type == XEN_ELFNOTE_PADDR_OFFSET ||
           type == XEN_ELFNOTE_INIT_P2M || type == XEN_ELFNOTE_MOD_START_PFN ||
           type == XEN_ELFNOTE_SUPPORTED_FEATURES;
}

static const char *read_note(struct pv_notes *n, uint32_t type, const uint8_t *desc, size_t len)
{
    uint64_t number = 0;

    if (len == 4 || len == 8)
        memcpy(&number, desc, len);
    else if (is_number(type))
        return "one of its Xen notes has a wrong size";
    n->any = true;
    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        n->entry = number;
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        n->hypercall_page = number;
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        n->virt_base = number;
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        n->paddr_offset = number;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        n->init_p2m = number;
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        n->mod_start_pfn = number != 0;
        break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        n->supported |= number;
        break;
    case XEN_ELFNOTE_FEATURES:
        read_features(n, (const char *)desc, len);
        break;
    case XEN_ELFNOTE_GUEST_OS:
        read_text(n->guest_os, sizeof(n->guest_os), desc, len);
        break;
    case XEN_ELFNOTE_LOADER:
        read_text(n->loader, sizeof(n->loader), desc, len);
        break;
    case XEN_ELFNOTE_XEN_VERSION:
        read_text(n->xen_version, sizeof(n->xen_version), desc, len);
        break;
    case XEN_ELFNOTE_PHYS32_ENTRY:
        n->pvh = true;
        break;
    }
    return NULL;
}

/* The last note may lack its padding. */
static const char *read_segment(struct pv_notes *n, const uint8_t *p, uint64_t left)
{
    struct note_header h;

    while (left >= sizeof(h)) {
        uint64_t name_len, desc_len;
        const char *why;

        memcpy(&h, p, sizeof(h));
        name_len = ((uint64_t)h.namesz + 3) & ~3ULL;
        desc_len = ((uint64_t)h.descsz + 3) & ~3ULL;
        p += sizeof(h);
        left -= sizeof(h);
        if (name_len + h.descsz > left)
            return "its notes are damaged";
        if (h.namesz == 4 && memcmp(p, "Xen", 4) == 0) {
            why = read_note(n, h.type, p + name_len, h.descsz);
            if (why != NULL)
                return why;
        }
        if (name_len + desc_len > left)
            break;
        p += name_len + desc_len;
        left -= name_len + desc_len;
    }
    return NULL;
}

const char *pv_notes_read(const struct elf_image *elf, struct pv_notes *notes)
{
    struct elf_phdr ph;
    const char *why = NULL;

    memset(notes, 0, sizeof(*notes));
    notes->entry = notes->hypercall_page = notes->virt_base = PV_NOTE_ABSENT;
    notes->paddr_offset = notes->init_p2m = PV_NOTE_ABSENT;
    for (unsigned i = 0; i < elf->phnum && why == NULL; i++) {
        if (elf_phdr(elf, i, &ph, &why) == 0 && ph.type == ELF_PT_NOTE)
            why = read_segment(notes, elf->data + ph.offset, ph.filesz);
    }
    return why;
}

const char *pv_notes_check(const struct pv_notes *n, bool as_dom0)
{
    if (!n->any)
        return "it has no Xen notes; it lacks paravirtualization (Linux: CONFIG_XEN_PV)";
    if (n->entry == PV_NOTE_ABSENT && n->pvh)
        return "it can run as a PVH guest only; it lacks the PV entry point "
               "(Linux: CONFIG_XEN_PV)";
    if (n->entry == PV_NOTE_ABSENT)
        return "it lacks the PV entry point (ELF note ENTRY; Linux: CONFIG_XEN_PV)";
    if (n->virt_base == PV_NOTE_ABSENT)
        return "it does not say where it is linked (ELF note VIRT_BASE)";
    if (n->xen_version[0] != '\0' && strcmp(n->xen_version, "xen-3.0") != 0)
        return "it is for an interface other than xen-3.0";
    if (n->loader[0] != '\0' && strcmp(n->loader, "generic") != 0)
        return "it asks for a loader other than the generic one";
    if ((n->required & REFUSED_FEATURES) != 0 || (n->required & (1u << 31)) != 0)
        return "it insists on a feature that Parador does not offer (ELF note FEATURES)";
    if (as_dom0 && !(n->supported & (1u << XENFEAT_dom0)))
        return "it cannot be a control domain: built without CONFIG_XEN_DOM0";
    return NULL;
}
