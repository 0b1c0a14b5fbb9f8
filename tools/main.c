/* SPDX-License-Identifier: MIT */

/* Start MPI, find the command, run it, end everywhere with one exit code. */
#include "cli.h"
#include "commands.h"
#include "singleton.h"

#include "halo2vec/world.h"

#include <mpi.h>
#include <string.h>
#include <time.h>

typedef enum where { RANK_ZERO, ALL_RANKS } where;

typedef struct entry {
    const char *name;
    const char *purpose;
    int (*run)(int argc, const char **argv);
    where where;
} entry;

static const entry entries[] = {
    {"convert", "make a graph file of edge lists", cmd_convert, RANK_ZERO},
    {"partition", "cut a graph into parts, and say how well", cmd_partition, ALL_RANKS},
    {"walk", "write random walks for other programs", cmd_walk, ALL_RANKS},
    {"embed", "walk, train, and write a row for every vertex", cmd_embed, ALL_RANKS},
    {"evaluate", "hold out edges (split), then score an embedding (links)", cmd_evaluate,
     RANK_ZERO},
    {"info", "say what is in a file of ours", cmd_info, RANK_ZERO},
};
enum { NUM_ENTRIES = sizeof entries / sizeof entries[0] };

static const entry *find(const char *name)
{
    for (int i = 0; i < NUM_ENTRIES; i++)
        if (strcmp(entries[i].name, name) == 0) return &entries[i];
    return NULL;
}

static void print_overview(void)
{
    (void)printf(
        "Usage: halo2vec COMMAND ...\n"
        "       mpirun -n RANKS halo2vec COMMAND ...\n\n"
        "Graph embeddings by random walks, on any number of ranks and threads, with "
        "the same bits.\n\nCommands:\n");
    for (int i = 0; i < NUM_ENTRIES; i++)
        (void)printf("  %-12s %s\n", entries[i].name, entries[i].purpose);
    (void)printf("  %-12s this page, or the page of a command\n"
                 "\nOptions:\n  -h, --help   this page\n  --version    versions\n\n"
                 "partition, walk and embed work on all ranks; the others need one only.\n"
                 "Results go to standard output, talk and errors to standard error.\n"
                 "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 bad data.\n",
                 "help");
}

static void print_version(void)
{
    char library[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    MPI_Get_library_version(library, &length);
    (void)printf("halo2vec %s\n%.*s\n", HALO2VEC_VERSION, (int)strcspn(library, ",\n"),
                 library);
}

/* The ranks without work sleep rather than spin: their cores are rank 0's to use. */
static int wait_for_exit_code(int code)
{
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibcast(&code, 1, MPI_INT, 0, MPI_COMM_WORLD, &request);
    int is_done = 0;
    MPI_Test(&request, &is_done, MPI_STATUS_IGNORE);
    while (!is_done) {
        const struct timespec pause = {.tv_nsec = 2000000};
        (void)nanosleep(&pause, NULL);
        MPI_Test(&request, &is_done, MPI_STATUS_IGNORE);
    }
    return code;
}

static int run(const entry *command, int argc, const char **argv)
{
    if (command->where == ALL_RANKS) return command->run(argc, argv);
    int code = CLI_EXIT_DONE;
    if (cli_is_speaking()) code = command->run(argc, argv);
    return wait_for_exit_code(code);
}

static int refuse(const char *problem, const char *word)
{
    if (cli_is_speaking())
        (void)fprintf(stderr, "halo2vec: %s%s; see halo2vec --help\n", problem, word);
    return CLI_EXIT_USAGE;
}

/* help [command ...]: the command's own words are kept, so that two-word ones work. */
static int help(int argc, const char **argv)
{
    enum { MAX_WORDS = 2 };
    const entry *command = argc > 0 ? find(argv[0]) : NULL;
    if (argc == 0) {
        if (cli_is_speaking()) print_overview();
        return CLI_EXIT_DONE;
    }
    if (!command) return refuse("unknown command ", argv[0]);
    if (argc > MAX_WORDS) return refuse("unexpected argument ", argv[MAX_WORDS]);
    const char *words[MAX_WORDS + 1] = {argc > 1 ? argv[1] : "--help",
                                        argc > 1 ? "--help" : NULL, NULL};
    return run(command, argc, words);
}

static int dispatch(int argc, const char **argv)
{
    if (argc < 2) {
        if (cli_is_speaking())
            (void)fprintf(stderr, "Usage: halo2vec COMMAND ...; see halo2vec --help\n");
        return CLI_EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return help(0, NULL);
    if (strcmp(word, "help") == 0) return help(argc - 2, argv + 2);
    if (strcmp(word, "--version") == 0) {
        if (cli_is_speaking()) print_version();
        return CLI_EXIT_DONE;
    }
    const entry *command = find(word);
    if (!command)
        return refuse(*word == '-' ? "unknown option " : "unknown command ", word);
    return run(command, argc - 2, argv + 2);
}

/* A result that did not reach its reader is a failure, even if all else went well. */
static int check_stdout(int code)
{
    const bool is_written = fflush(stdout) == 0 && !ferror(stdout);
    if (is_written || code != CLI_EXIT_DONE) return code;
    (void)fprintf(stderr, "halo2vec: cannot write to standard output\n");
    return CLI_EXIT_FAILED;
}

int main(int argc, char **argv)
{
    int level = 0, rank = 0;
    singleton_prepare();
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    cli_set_speaking(rank == 0);
    h2v_catch_signals();

    int code = CLI_EXIT_FAILED;
    if (level < MPI_THREAD_FUNNELED) {
        if (rank == 0) (void)fprintf(stderr, "halo2vec: this MPI library has no threads\n");
    } else {
        code = check_stdout(dispatch(argc, (const char **)argv));
    }
    (void)fflush(stderr);
    code = wait_for_exit_code(code);
    MPI_Finalize();
    return code;
}
