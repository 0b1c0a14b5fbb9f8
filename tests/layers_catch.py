#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plant one violation of each kind in a copy of the tree: the layer check must name it."""
import pathlib
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
import layers  # noqa: E402

HEAD = "/* SPDX-License-Identifier: MIT */\n"
PLANTS = [  # file, text, what the check must say
    ("src/base/planted.c", HEAD + '#include "graph_hdf5.h"\n', "higher layer (src/graph)"),
    ("partition/planted.c", HEAD + '#include "alias.h"\n', "higher layer (walks)"),
    ("src/graph/planted.c", HEAD + '#  include "embedding_hdf5.h"\n', "(src/embed)"),
    ("tools/planted.c", HEAD + '#include "fail.h"\n', "tools include only public headers"),
    ("tools/planted.c", HEAD + '#include <popt.h>\n', "popt.h may not be included"),
    ("include/halo2vec/planted.h", HEAD + '#include <stdio.h>\n', "public header includes"),
    ("src/train/planted.c", HEAD + "void f(void) { printf(\"x\"); }\n", "prints nor exits"),
    ("walks/planted.c", HEAD + "void f(void) { fputs(\"x\", stderr); }\n", "standard streams"),
    ("walks/planted.c", HEAD + "void f(void) { write(STDERR_FILENO, \"x\", 1); }\n",
     "standard streams"),
    ("src/graph/planted.c", HEAD + "void f(void) { exit(1); }\n", "nor exits: exit"),
    ("src/comm/planted.c", HEAD + "void f(void) { _exit(1); }\n", "nor exits: _exit"),
    ("src/comm/planted.c", HEAD + "void f(void) { abort(); }\n", "nor exits: abort"),
    ("walks/planted.c", HEAD + "#include <metis.h>\n", "metis.h may not"),
    ("src/train/planted.c", HEAD + "#include <hdf5.h>\n", "hdf5.h may not"),
    ("src/train/planted.c", HEAD + '#include "hdf5_file.h"\n', "for *_hdf5.c only"),
    ("src/train/planted.c", HEAD + "#include <immintrin.h>\n", "immintrin.h may not"),
    ("src/base/planted.c", HEAD + "void f(void) { MPI_Barrier(0); }\n", "MPI_Barrier is"),
    ("src/eval/planted.c", HEAD + "int n = 0;\n" * 600, "more than one idea"),
    ("src/eval/planted.c", "int n = 0;\n", "no SPDX line"),
    ("src/eval/planted.c", HEAD + "/* TO" + "DO: all */\n", "unfinished business"),
    ("src/eval/deeper/planted.c", HEAD, "directory without README.md"),
    ("planted.txt", "", "not a top-level entry"),
    ("docs/README.md", "", "docs: not a top-level entry"),
]
# What looks like a violation and is none.
INNOCENT = [
    ("src/base/planted.c", HEAD + "/* printf(exit) */\n// MPI_Send(\nint f(void);\n"
     "int f(void) { char t[9]; return snprintf(t, 9, \"abort()\"); }\n"),
    ("src/eval/planted.c", HEAD + '#include "alias.h"\n#include "halo2vec/status.h"\n'),
    ("src/train/planted_avx2.c", HEAD + "#include <immintrin.h>\n"),
    ("src/train/planted_hdf5.c", HEAD + '#include <hdf5.h>\n#include "hdf5_file.h"\n'),
]


def found_with(copy, before, path, text):
    """The violations that this file adds to the copy."""
    target = copy / path
    made = next((p for p in reversed(target.parents) if not p.exists()), None)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    found = [line for line in layers.check(copy) if line not in before]
    target.unlink()
    if made:
        shutil.rmtree(made)
    return found


def main(root):
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        copy = pathlib.Path(name) / "copy"
        for path in layers.list_files(root):
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / path, copy / path)
        before = set(layers.check(copy))
        for path, text, expected in PLANTS:
            found = found_with(copy, before, path, text)
            caught = any(expected in line for line in found)
            print("caught" if caught else "MISSED", found[0] if found else f"{path}: {expected}")
            failures += not caught
        for path, text in INNOCENT:
            found = found_with(copy, before, path, text)
            print("FALSE ALARM " + found[0] if found else f"silent {path}")
            failures += bool(found)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
