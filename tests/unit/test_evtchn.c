/* SPDX-License-Identifier: MIT */
// sources: core/evtchn.c core/evtchn_2l.c lib/bitmap.c
/* Event channels: finding free ports, resetting beside a sibling, and FIFO queues beside an interrupt. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hw/cpu.h"
#include "suite.h"
#define irq_save() 0
static void other_cpu(void);
#define irq_restore(flags) ((void)(flags), other_cpu())
/* Included for its queues. */
#include "core/evtchn_fifo.c"

#include "core/access.h"
#include "core/virq.h"
#include "hw/console.h"
#include "hw/panic.h"

static struct cpu_info cpu;
static struct domain d;
static struct vcpu v[2], *vcpus[2] = { &v[0], &v[1] };
static struct shared_info shared;
static unsigned kicks[2];
/* Called once, before the next lock is taken: what another CPU does at that moment. */
static void (*meanwhile)(void);
struct domain *dom0 = &d;

static void other_cpu(void)
{
    void (*fn)(void) = meanwhile;

    meanwhile = NULL;
    if (fn)
        fn();
}

struct cpu_info *get_cpu_info(void) { return &cpu; }
void spin_lock_init(struct spinlock *l, enum lock_level level) { }
void spin_lock_init_irq(struct spinlock *l, enum lock_level level) { }
void spin_lock(struct spinlock *l) { other_cpu(); }
void spin_unlock(struct spinlock *l) { }
void spin_lock_pair(struct spinlock *a, struct spinlock *b) { other_cpu(); }
void spin_unlock_pair(struct spinlock *a, struct spinlock *b) { }
unsigned long spin_lock_irqsave(struct spinlock *l) { other_cpu(); return 0; }
void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags) { }
void *kzalloc(size_t size) { return calloc(1, size); }
void kfree(void *p) { free(p); }
void *hv_alloc_pages(unsigned order) { return calloc(1, PAGE_SIZE << order); }
void hv_free_pages(void *p, unsigned order) { free(p); }
struct domain *domain_lookup(domid_t domid) { return &d; }
bool domain_hold(struct domain *of) { return true; }
void domain_put(struct domain *of) { }
bool mfn_is_ram(uint64_t mfn) { return false; }
bool page_get(struct page_info *pg, const struct domain *of) { return false; }
void page_put(struct page_info *pg) { }
void quiesce_call(struct quiesce *q, void (*fn)(struct quiesce *q)) { }
void sched_poll_wake(struct domain *of, uint32_t port) { }
void vcpu_mark_events_pending(struct vcpu *to) { kicks[to->vcpu_id]++; }
void virq_unbind(struct domain *of, struct evtchn *e) { }
void virq_forget_domain(struct domain *of) { }
bool virq_is_global(uint32_t virq) { return false; }
int pirq_bind(struct domain *of, uint32_t pirq, uint32_t port, bool share) { return 0; }
void pirq_unbind(struct domain *of, uint32_t pirq) { }
static unsigned said;
void printk(enum log_level level, const char *fmt, ...) { said++; }
void panic(const char *fmt, ...) { abort(); }

static void set_up(void)
{
    memset(&d, 0, sizeof(d));
    memset(v, 0, sizeof(v));
    memset(kicks, 0, sizeof(kicks));
    d.privileged = true;
    d.max_vcpus = 2;
    d.vcpu = vcpus;
    d.shared_info = &shared;
    for (unsigned i = 0; i < 2; i++) {
        v[i].vcpu_id = i;
        v[i].domain = &d;
        v[i].vcpu_info = &v[i].dummy_info;
    }
    current = &v[0];
    ck_assert_int_eq(evtchn_domain_init(&d, 0), 0);
}

/* FIFO with an array for all ports. */
static void use_fifo(void)
{
    static event_word_t words[EVTCHN_FIFO_NR_CHANNELS];
    static struct evtchn_fifo_control_block control[2];
    static struct fifo_vcpu fifo_vcpu[2];
    static struct fifo_domain f;

    memset(words, 0, sizeof(words));
    memset(control, 0, sizeof(control));
    memset(fifo_vcpu, 0, sizeof(fifo_vcpu));
    for (unsigned i = 0; i < ARRAY_PAGES; i++)
        f.array[i] = words + i * WORDS_PER_PAGE;
    f.words = EVTCHN_FIFO_NR_CHANNELS;
    d.evtchn->fifo = &f;
    d.evtchn->abi = &evtchn_fifo;
    for (unsigned i = 0; i < 2; i++) {
        fifo_vcpu[i].control = &control[i];
        v[i].fifo = &fifo_vcpu[i];
    }
}

static void tear_down(void)
{
    evtchn_domain_destroy(&d);
}

static uint32_t new_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi op = { .vcpu = vcpu };

    ck_assert_int_eq(evtchn_bind_ipi(&op), 0);
    return op.port;
}

START_TEST(the_lowest_free_port_is_given)
{
    use_fifo();
    for (unsigned i = 1; i <= 1000; i++)
        ck_assert_uint_eq(new_ipi(0), i);
    ck_assert_int_eq(evtchn_close(&d, 77), 0);
    ck_assert_int_eq(evtchn_close(&d, 900), 0);
    ck_assert_int_eq(evtchn_close(&d, 900), -EINVAL);
    ck_assert_uint_eq(new_ipi(0), 77);
    ck_assert_uint_eq(new_ipi(0), 900);
    ck_assert_uint_eq(new_ipi(0), 1001);
    ck_assert_uint_eq(d.evtchn->open, 1001);
}
END_TEST

START_TEST(all_ports_can_be_used)
{
    struct evtchn_bind_ipi op = { .vcpu = 0 };

    use_fifo();
    for (unsigned i = 1; i < EVTCHN_FIFO_NR_CHANNELS; i++)
        ck_assert_uint_eq(new_ipi(0), i);
    ck_assert_int_eq(evtchn_bind_ipi(&op), -ENOSPC);
    ck_assert_int_eq(evtchn_close(&d, EVTCHN_FIFO_NR_CHANNELS - 1), 0);
    ck_assert_uint_eq(new_ipi(0), EVTCHN_FIFO_NR_CHANNELS - 1);
}
END_TEST

/* Processor time of a search that begins at port 2 and ends behind the last one. */
static double search_cost(unsigned ports)
{
    struct timespec a, b;

    while (d.evtchn->open < ports)
        new_ipi(0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (unsigned i = 0; i < 300; i++) {
        evtchn_close(&d, 1);
        new_ipi(0);
        new_ipi(0);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    return (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
}

START_TEST(many_ports_make_no_long_search)
{
    double few, many;

    use_fifo();
    few = search_cost(1000);
    many = search_cost(120000);
    /* Port by port it would be 100 times as long. */
    ck_assert_double_lt(many, few * 40);
}
END_TEST

START_TEST(many_ports_do_not_flood_the_console)
{
    use_fifo();
    while (d.evtchn->open < 20000)
        new_ipi(0);
    said = 0;
    evtchn_dump(&d);
    ck_assert_uint_lt(said, 1000);
}
END_TEST

static void open_beyond_2l(void)
{
    while (d.evtchn->open < 5000)
        new_ipi(1);
}

START_TEST(reset_closes_what_a_sibling_opens)
{
    int rc;

    use_fifo();
    new_ipi(0);
    while ((rc = evtchn_reset(&d)) == -ERESTART)
        if (d.evtchn->close_next == 0)
            break;
    ck_assert_int_eq(rc, 0);
    /* Again, with somebody who opens ports when the last one has just been closed. */
    use_fifo();
    new_ipi(0);
    d.evtchn->close_next = d.evtchn->valid;
    meanwhile = open_beyond_2l;
    ck_assert_int_eq(evtchn_reset(&d), -ERESTART);
    ck_assert_ptr_eq(d.evtchn->abi, &evtchn_fifo);
    while ((rc = evtchn_reset(&d)) == -ERESTART)
        ;
    ck_assert_int_eq(rc, 0);
    ck_assert_uint_eq(d.evtchn->open, 0);
    ck_assert_ptr_eq(d.evtchn->abi, &evtchn_2l);
}
END_TEST

/* What a guest does with its queue: takes the head, until there is none. How often `port` was there. */
static unsigned consume(unsigned vcpu, unsigned priority, uint32_t port)
{
    struct evtchn_fifo_control_block *c = ((struct fifo_vcpu *)v[vcpu].fifo)->control;
    uint32_t at = c->head[priority], found = 0;

    for (unsigned n = 0; at != 0 && n < 100; n++) {
        event_word_t *w = word_of(&d, at), old = *w;

        *w &= ~(WORD(LINKED) | WORD(PENDING) | EVTCHN_FIFO_LINK_MASK);
        found += at == port;
        at = old & EVTCHN_FIFO_LINK_MASK;
    }
    c->head[priority] = 0;
    c->ready &= ~(1u << priority);
    return found;
}

static void raise_port(uint32_t port)
{
    struct evtchn *e = evtchn_find(&d, port);

    evtchn_raise(&d, e);
}

START_TEST(fifo_delivers_in_order_and_by_priority)
{
    struct evtchn_set_priority p;
    uint32_t a = new_ipi(0), b = new_ipi(0);
    struct fifo_vcpu *fv;

    use_fifo();
    p = (struct evtchn_set_priority){ .port = b, .priority = EVTCHN_FIFO_PRIORITY_MAX };
    ck_assert_int_eq(evtchn_set_priority(&p), 0);
    raise_port(a);
    raise_port(b);
    fv = v[0].fifo;
    ck_assert_uint_eq(fv->control->ready, 1u << EVTCHN_FIFO_PRIORITY_DEFAULT | 1u);
    ck_assert_uint_eq(fv->control->head[0], b);
    ck_assert_uint_eq(fv->control->head[EVTCHN_FIFO_PRIORITY_DEFAULT], a);
    ck_assert_uint_eq(kicks[0], 2);
    raise_port(a);
    ck_assert_uint_eq(kicks[0], 2);
    p.priority = EVTCHN_FIFO_PRIORITY_MIN + 1;
    ck_assert_int_eq(evtchn_set_priority(&p), -EINVAL);
}
END_TEST

static uint32_t moved;

/* The port moves to vcpu 1, is raised there, and the guest has already taken it. */
static void move_raise_consume(void)
{
    evtchn_find(&d, moved)->vcpu = 1;
    raise_port(moved);
    ck_assert_uint_eq(consume(1, EVTCHN_FIFO_PRIORITY_DEFAULT, moved), 1);
}

START_TEST(a_port_is_the_tail_of_one_queue)
{
    uint32_t r0 = new_ipi(0), r1 = new_ipi(1);
    unsigned prio = EVTCHN_FIFO_PRIORITY_DEFAULT;

    use_fifo();
    moved = new_ipi(0);
    meanwhile = move_raise_consume;
    raise_port(moved);
    raise_port(r1);
    raise_port(r0);
    /* An event linked behind a port that two queues believe to be theirs is overwritten by the next. */
    ck_assert_uint_eq(consume(0, prio, r0), 1);
    ck_assert_uint_eq(consume(1, prio, r1), 1);
}
END_TEST

static void *block_of_1;

/* What init_control does once the pages are held. */
static void block_comes(void)
{
    v[1].fifo = block_of_1;
    deliver_deferred(&d, 1, EVTCHN_FIFO_NR_CHANNELS);
}

START_TEST(an_event_meets_the_control_block)
{
    uint32_t a = new_ipi(1), b = new_ipi(1);
    unsigned prio = EVTCHN_FIFO_PRIORITY_DEFAULT;

    use_fifo();
    block_of_1 = v[1].fifo;
    v[1].fifo = NULL;
    raise_port(a);
    block_comes();
    ck_assert_uint_eq(consume(1, prio, a), 1);
    v[1].fifo = NULL;
    /* It comes when the event has just been found to have no place, and is not noted yet. */
    meanwhile = block_comes;
    raise_port(b);
    ck_assert_uint_eq(consume(1, prio, b), 1);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, the_lowest_free_port_is_given);
    tcase_add_test(tc, all_ports_can_be_used);
    tcase_add_test(tc, many_ports_make_no_long_search);
    tcase_add_test(tc, many_ports_do_not_flood_the_console);
    tcase_add_test(tc, reset_closes_what_a_sibling_opens);
    tcase_add_test(tc, fifo_delivers_in_order_and_by_priority);
    tcase_add_test(tc, an_event_meets_the_control_block);
    tcase_add_test(tc, a_port_is_the_tail_of_one_queue);
    return run_suite("evtchn", tc);
}
