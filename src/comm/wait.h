/* SPDX-License-Identifier: MIT */

/* What this process waits for, said before it waits: so that a wait without end has one,
 * and says what it was for. A watchdog thread looks at it twice a second; when one wait has
 * lasted longer than h2v_comm_set_timeout() allows, it writes one line, removes temporaries
 * and ends the process, whereupon the launcher ends the others. A signal that ends the
 * process says the same.
 *
 * Waits may stand inside one another: the outermost says what is waited for, and each
 * beginning and end inside restarts its clock, since something has moved. A process waits
 * for one thing at a time, so this is state of the process. All functions but
 * h2vi_watch_*() are called by the main thread, cost a look at the clock, and cannot
 * fail. Texts are kept, not copied: they must live as long as the program. */
#pragma once

#include "halo2vec/status.h"

/* "waited 3 s for <what>". */
void h2vi_wait_begin(const char *what);

/* "waited 3 s for <what> from rank 2", "... from all ranks", "... to reach rank 2". */
enum { H2VI_ALL_RANKS = -1 };
void h2vi_wait_begin_from(const char *what, int rank);
void h2vi_wait_begin_to(const char *what, int rank);

/* A wait without limit: for work that one rank does for all and that may take hours. If
 * that rank is lost, the launcher must notice. */
void h2vi_wait_begin_patiently(const char *what);

void h2vi_wait_end(void);

/* "... in <activity>"; NULL for none. Returns the activity before. */
const char *h2vi_wait_name_activity(const char *activity);

/* Local. Watch this process from now on, if a timeout is set; `rank` is for the line. Calls
 * may be repeated; the thread ends at the last h2vi_watch_stop(). Error: ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_watch_start(int rank);
void h2vi_watch_stop(void);
