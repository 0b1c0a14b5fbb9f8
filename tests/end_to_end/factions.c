/* SPDX-License-Identifier: MIT */

/* factions EMBEDDING LABELS AT_LEAST: do the rows tell two labels apart? Each vertex gets
 * the label whose other members' mean row is nearer by angle; at least AT_LEAST must be
 * right. Reads the file by HDF5's own calls, as a user would. */
#include <hdf5.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VERTICES = 1000, MAX_DIM = 256 };

static int64_t ids[MAX_VERTICES];
static float rows[MAX_VERTICES * MAX_DIM];
static int labels[MAX_VERTICES]; /* 0 or 1; -1: none */

/* Returns false if the file is not as it should be. */
static int read_rows(const char *path, hsize_t shape[2])
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t embeddings = H5Dopen2(file, "embeddings", H5P_DEFAULT);
    const hid_t names = H5Dopen2(file, "ids", H5P_DEFAULT);
    const hid_t space = H5Dget_space(embeddings);
    const int is_good =
        H5Sget_simple_extent_dims(space, shape, NULL) == 2 && shape[0] <= MAX_VERTICES &&
        shape[1] <= MAX_DIM &&
        H5Dread(embeddings, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) >= 0 &&
        H5Dread(names, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ids) >= 0;
    (void)H5Sclose(space);
    (void)H5Dclose(names);
    (void)H5Dclose(embeddings);
    (void)H5Fclose(file);
    return is_good;
}

/* Lines "id label"; the first label met is 0, any other 1. */
static int read_labels(const char *path, int num_vertices)
{
    char line[256], word[128], first[128] = "";
    int num_read = 0;
    FILE *file = fopen(path, "r");
    for (int v = 0; v < num_vertices; v++) labels[v] = -1;
    while (file && fgets(line, sizeof line, file)) {
        char *rest = NULL;
        const long long id = strtoll(line, &rest, 10);
        if (line[0] == '#' || rest == line || sscanf(rest, "%127s", word) != 1) continue;
        if (!*first) memcpy(first, word, sizeof first);
        for (int v = 0; v < num_vertices; v++) {
            if (ids[v] != id) continue;
            labels[v] = strcmp(word, first) != 0;
            num_read++;
        }
    }
    if (file) (void)fclose(file);
    return num_read == num_vertices;
}

static double cosine(int dim, const float *x, const double *y)
{
    double product = 0, squares_x = 0, squares_y = 0;
    for (int d = 0; d < dim; d++) {
        product += x[d] * y[d];
        squares_x += (double)x[d] * x[d];
        squares_y += y[d] * y[d];
    }
    return product / sqrt(squares_x * squares_y);
}

/* The label of the nearer mean, both means without the vertex itself. */
static int guess(int num_vertices, int dim, int vertex)
{
    double means[2][MAX_DIM] = {{0}};
    for (int v = 0; v < num_vertices; v++) {
        double squares = 0;
        for (int d = 0; d < dim; d++)
            squares += (double)rows[v * dim + d] * rows[v * dim + d];
        for (int d = 0; d < dim && v != vertex; d++)
            means[labels[v]][d] += rows[v * dim + d] / sqrt(squares);
    }
    const float *row = &rows[(size_t)vertex * (size_t)dim];
    return cosine(dim, row, means[1]) > cosine(dim, row, means[0]);
}

int main(int argc, char **argv)
{
    hsize_t shape[2] = {0, 0};
    if (argc != 4 || !read_rows(argv[1], shape) || !read_labels(argv[2], (int)shape[0])) {
        (void)fprintf(stderr, "usage: factions EMBEDDING LABELS AT_LEAST, with a label for "
                              "every vertex\n");
        return 2;
    }
    const int num_vertices = (int)shape[0], dim = (int)shape[1];
    int num_right = 0;
    for (int v = 0; v < num_vertices; v++)
        num_right += guess(num_vertices, dim, v) == labels[v];
    const int is_enough = num_right >= (int)strtol(argv[3], NULL, 10);
    if (!is_enough)
        (void)fprintf(stderr, "%s: %d of %d are right, not %s\n", argv[1], num_right,
                      num_vertices, argv[3]);
    return is_enough ? 0 : 1;
}
