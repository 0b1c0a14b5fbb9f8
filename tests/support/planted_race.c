/* SPDX-License-Identifier: MIT */

/* Threads add to one number without a lock. ThreadSanitizer must report it: otherwise its
 * silence about everything else means nothing. Built in builds with ThreadSanitizer only.
 */
#include <stdio.h>

int main(void)
{
    int sum = 0;
#pragma omp parallel num_threads(4) default(none) shared(sum)
    for (int i = 0; i < 1000; i++) sum++;
    (void)printf("%d\n", sum);
    return 0;
}
