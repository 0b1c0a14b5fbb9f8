/* SPDX-License-Identifier: MIT */

/* How well scores tell positives from negatives, as scikit-learn defines it, ties included:
 * roc_auc_score and average_precision_score. */
#pragma once

#include <stdint.h>

typedef struct h2vi_link_metrics {
    double roc_auc;
    double average_precision;
} h2vi_link_metrics;

/* Sort scores, the highest first. None is NaN. O(n log n). */
void h2vi_sort_scores(int64_t num_scores, double *scores);

/* Both arrays sorted by h2vi_sort_scores(), neither empty. O(n). */
h2vi_link_metrics h2vi_measure_links(int64_t num_positives, const double *positives,
                                     int64_t num_negatives, const double *negatives);
