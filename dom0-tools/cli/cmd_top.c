/* SPDX-License-Identifier: MIT */
/* top: what domains use, live on a terminal, or line by line. */
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "meter/top.h"

#define DELAY_MIN 0.1
#define DELAY_MAX 3600.0
#define SUMMARY_LINES 3        /* above the table's head */

struct view {
    struct top top;
    unsigned show;
    double delay;              /* seconds */
    unsigned long iterations;  /* 0: without end */
    bool batch, as_json;
    int down, right;           /* scrolled */
    int line;                  /* being drawn; -1: the head comes first */
    const char *asking;        /* the prompt, while a number is being typed */
    char answer[16];
};

static bool parse_delay(const char *text, double *delay)
{
    char *end;
    double value = strtod(text, &end);

    /* Not a number is not within the limits either. */
    if (end == text || *end != '\0' || !(value >= DELAY_MIN && value <= DELAY_MAX))
        return false;
    *delay = value;
    return true;
}

/* ---- batch ---- */

static void put_line(const char *text, bool head, void *arg)
{
    (void)head;
    (void)arg;
    puts(text);
}

static void pause_for(double seconds)
{
    struct timespec t = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

static int run_batch(struct parador_handle *h, struct view *v)
{
    for (unsigned long n = 0; v->iterations == 0 || n < v->iterations; n++) {
        if (n != 0)
            pause_for(v->delay);
        if (top_sample(h, v->show, &v->top) != 0)
            return command_failed(h);
        if (v->as_json) {
            json_t *all = top_json(&v->top, v->show);

            json_dumpf(all, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
            putchar('\n');
            json_decref(all);
        } else {
            top_print(&v->top, v->show, put_line, NULL);
        }
        /* Whoever cannot be reached any more ends this; main() says so. */
        if (fflush(stdout) != 0 || ferror(stdout))
            break;
    }
    return 0;
}

/* ---- the terminal ---- */

/* Where the nth letter of a text in UTF-8 begins, or the text ends. */
static const char *letter(const char *text, int n)
{
    while (n-- > 0 && *text != '\0')
        for (text++; (*text & 0xc0) == 0x80; text++)
            ;
    return text;
}

/* One line of the table, if it is in sight. What is too long is cut off. */
static void draw_line(const char *text, bool head, void *arg)
{
    struct view *v = arg;
    int y = SUMMARY_LINES + 1 + v->line - v->down;
    const char *shown = letter(text, v->right);

    if (v->line < 0)
        y = SUMMARY_LINES; /* the first head stays */
    v->line++;
    if (y < SUMMARY_LINES + (v->line > 0) || y >= LINES - 1)
        return;
    if (head)
        attron(A_REVERSE);
    mvaddnstr(y, 0, shown, (int)(letter(shown, COLS) - shown));
    if (head) {
        hline(' ' | A_REVERSE, COLS);
        attroff(A_REVERSE);
    }
}

static void draw_keys(const struct view *v)
{
    static const char *const keys[] = { "Delay", "Networks", "vBds", "Vcpus", "Repeat header",
                                        "Sort order", "Quit" };
    int x = 1;

    if (LINES < 1)
        return;
    move(LINES - 1, 0);
    clrtoeol();
    if (v->asking != NULL) {
        printw("%s: %s", v->asking, v->answer);
        return;
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (x + (int)strlen(keys[i]) >= COLS)
            break;
        mvaddstr(LINES - 1, x, keys[i]);
        for (const char *p = keys[i]; *p != '\0'; p++) {
            if (isupper((unsigned char)*p)) {
                mvaddch(LINES - 1, x + (int)(p - keys[i]), (chtype)*p | A_REVERSE);
                break;
            }
        }
        x += (int)strlen(keys[i]) + 2;
    }
}

static void draw(struct view *v)
{
    char domains[160], machine[160], now[16];
    time_t seconds = (time_t)(v->top.wall / NS_PER_S);
    struct tm tm;
    int lines;

    erase();
    localtime_r(&seconds, &tm);
    strftime(now, sizeof(now), "%H:%M:%S", &tm);
    top_summary(&v->top, domains, machine, sizeof(domains));
    mvprintw(0, 0, "%.*s", COLS, "");
    attron(A_BOLD);
    addnstr("parador top - ", COLS);
    attroff(A_BOLD);
    if (COLS > 14)
        addnstr(now, COLS - 14);
    if (COLS > 30) {
        addstr("   Xen ");
        addnstr(v->top.version, COLS - 30);
    }
    mvaddnstr(1, 0, domains, COLS);
    mvaddnstr(2, 0, machine, COLS);
    v->line = -1;
    top_print(&v->top, v->show, draw_line, v);
    lines = v->line;
    /* Guests have gone, or the window has grown: there is nothing to be scrolled away then. */
    if (v->down > 0 && v->down > lines - (LINES - SUMMARY_LINES - 2)) {
        v->down = lines - (LINES - SUMMARY_LINES - 2);
        v->down = v->down > 0 ? v->down : 0;
        draw(v);
        return;
    }
    draw_keys(v);
    refresh();
}

/* A key while a number is being typed. */
static void type(struct view *v, int key)
{
    size_t len = strlen(v->answer);

    if (key == '\n' || key == '\r' || key == KEY_ENTER) {
        if (len != 0 && !parse_delay(v->answer, &v->delay))
            beep();
        v->asking = NULL;
    } else if (key == 27) {
        v->asking = NULL;
    } else if ((key == KEY_BACKSPACE || key == 127 || key == 8) && len > 0) {
        v->answer[len - 1] = '\0';
    } else if ((isdigit(key) || key == '.') && len + 1 < sizeof(v->answer)) {
        v->answer[len] = (char)key;
        v->answer[len + 1] = '\0';
    }
}

/* True: the end. */
static bool press(struct view *v, int key)
{
    char head[256];
    int page = LINES - SUMMARY_LINES - 2 > 1 ? LINES - SUMMARY_LINES - 2 : 1;

    if (v->asking != NULL) {
        type(v, key);
        return false;
    }
    switch (key < 256 ? tolower(key) : key) {
    case 'q': case 27: return true;
    case 'd':
        v->asking = "Delay in seconds, 0.1 to 3600";
        v->answer[0] = '\0';
        break;
    case 'n': v->show ^= TOP_SHOW_NETWORKS; break;
    case 'x': case 'b': v->show ^= TOP_SHOW_VBDS; break;
    case 'v': v->show ^= TOP_SHOW_VCPUS; break;
    case 'r': v->show ^= TOP_REPEAT_HEAD; break;
    case 'f': v->show ^= TOP_FULL_NAMES; break;
    case 's':
        v->top.sort = (v->top.sort + 1) % TOP_COLUMNS;
        top_sort(&v->top);
        break;
    case KEY_UP: v->down -= v->down > 0; break;
    case KEY_DOWN: v->down++; break;
    case KEY_PPAGE: v->down = v->down > page ? v->down - page : 0; break;
    case KEY_NPAGE: v->down += page; break;
    case KEY_HOME: v->down = v->right = 0; break;
    case KEY_LEFT: v->right = v->right > 8 ? v->right - 8 : 0; break;
    case KEY_RIGHT:
        top_head(head, sizeof(head));
        v->right += v->right + COLS < (int)strlen(head) ? 8 : 0;
        break;
    default: break; /* KEY_RESIZE too: all is drawn anew in any case */
    }
    return false;
}

static int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the next sample is due. True: the end. */
static bool wait_for_keys(struct parador_handle *h, struct view *v)
{
    int64_t begin = clock_ms();

    for (;;) {
        int64_t left = begin + (int64_t)(v->delay * 1000) - clock_ms();
        unsigned before = v->show;
        int key;

        if (left <= 0)
            return false;
        timeout((int)left);
        key = getch();
        if (key == ERR)
            continue;
        if (press(v, key))
            return true;
        /* Times of vcpus are only read when they are shown. */
        if ((v->show & ~before & TOP_SHOW_VCPUS) && top_sample(h, v->show, &v->top) != 0)
            return false;
        draw(v);
    }
}

static int run_screen(struct parador_handle *h, struct view *v)
{
    SCREEN *screen;
    int status = 0;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        fprintf(stderr, "parador: there is no terminal to draw on: use -b\n");
        return 1;
    }
    setlocale(LC_ALL, "");
    screen = newterm(NULL, stdout, stdin);
    if (screen == NULL) {
        const char *term = getenv("TERM");

        fprintf(stderr, "parador: the terminal %s is unknown: set TERM, or use -b\n",
                term != NULL ? term : "(TERM is not set)");
        return 1;
    }
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    for (unsigned long n = 0; v->iterations == 0 || n < v->iterations; n++) {
        status = top_sample(h, v->show, &v->top);
        if (status != 0)
            break;
        draw(v);
        if (n + 1 == v->iterations || wait_for_keys(h, v))
            break;
    }
    endwin();
    delscreen(screen);
    return status != 0 ? command_failed(h) : 0;
}

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, struct view *v)
{
    static const struct option options[] = {
        { "delay", required_argument, NULL, 'd' }, { "networks", no_argument, NULL, 'n' },
        { "vbds", no_argument, NULL, 'x' }, { "vcpus", no_argument, NULL, 'v' },
        { "repeat-header", no_argument, NULL, 'r' }, { "batch", no_argument, NULL, 'b' },
        { "iterations", required_argument, NULL, 'i' }, { "full-name", no_argument, NULL, 'f' },
        { "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' }, { 0 }
    };
    char *end;
    int o;

    while ((o = command_long_option(argc, argv, "d:nxvrbi:f", options)) != -1) {
        switch (o) {
        case 'd':
            if (!parse_delay(optarg, &v->delay))
                return command_misused(argv, "-d %s: seconds, from 0.1 to 3600", optarg);
            break;
        case 'i':
            v->iterations = strtoul(optarg, &end, 10);
            if (!isdigit((unsigned char)*optarg) || *end != '\0' || v->iterations == 0 ||
                v->iterations > INT32_MAX)
                return command_misused(argv, "-i %s: a number from 1 to %d", optarg, INT32_MAX);
            break;
        case 'n': v->show |= TOP_SHOW_NETWORKS; break;
        case 'x': v->show |= TOP_SHOW_VBDS; break;
        case 'v': v->show |= TOP_SHOW_VCPUS; break;
        case 'r': v->show |= TOP_REPEAT_HEAD; break;
        case 'f': v->show |= TOP_FULL_NAMES; break;
        case 'b': v->batch = true; break;
        case 'j': v->as_json = v->batch = true; break;
        default: return 2;
        }
    }
    if (optind != argc)
        return command_misused(argv, "there is nothing to be said about %s", argv[optind]);
    return -1;
}

int cmd_top(struct parador_handle *h, int argc, char **argv)
{
    struct view v = { .delay = 3, .top.sort = TOP_CPU_PCT };
    int status = parse_options(argc, argv, &v);

    if (status != -1)
        return status;
    if (v.batch)
        v.top.sort = TOP_SSID; /* all the same: in order of domid */
    status = v.batch ? run_batch(h, &v) : run_screen(h, &v);
    top_free(&v.top);
    return status;
}
