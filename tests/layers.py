#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check the house: layers, foreign headers, prints and exits, MPI calls, file heads, READMEs.

layers.py [ROOT] prints one line per violation and exits with 1 if there is any.
"""
import functools
import pathlib
import re
import subprocess
import sys

TOP_LEVEL = {"CMakeLists.txt", "README.md", "LICENSE", "src", "include", "partition", "walks",
             "tools", "tests", "datasets"}
# Each may include only its own headers, those of what stands before it, and public ones.
LAYERS = ["src/base", "src/comm", "src/graph", "partition", "walks", "src/fastrp", "src/train",
          "src/embed", "src/eval"]
# A header of others, and the only files that may include it.
FOREIGN = [
    (r"metis\.h", r"partition/metis_\w+\.c"),
    (r"hdf5\.h", r".*_hdf5\.c|src/graph/hdf5_file\.[ch]"),
    (r"(immintrin|x86intrin|xmmintrin)\.h", r".*_(avx2|avx512)\.[ch]"),
    (r"arm_neon\.h", r".*_neon\.c"),
    (r"popt\.h", r"tools/cli\.c"),
    (r"linear\.h", r"src/eval/\w+\.c"),
    (r"Random123/.*", r"src/base/random\.c"),
]
MPI_CALLERS = re.compile(r"src/comm/.*|partition/.*|walks/.*|.*_hdf5\.c|src/graph/graph\w*\.c"
                         r"|src/train/(blocks|plan|rotate|route|train)\.c"
                         r"|tools/.*")
# Where the library may speak and end the process: when nobody is left to return to.
LAST_WORDS = {"src/base/fail.c", "src/comm/wait.c"}
SPEAKING = re.compile(r"\b(v?printf|v?fprintf|puts|fputs|putchar|perror|exit|_exit|_Exit|"
                      r"quick_exit|abort|MPI_Abort)\s*\(")
STREAMS = re.compile(r"\b(stdout|stderr|STDOUT_FILENO|STDERR_FILENO)\b")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
MAX_LINES = 500
SOURCE = {".c", ".h"}
HEADED = SOURCE | {".py", ".sh", ".cmake"}


def list_files(root):
    """Paths relative to root of all files that are, or could be, in the repository."""
    git = subprocess.run(["git", "-C", root, "ls-files", "--cached", "--others",
                          "--exclude-standard"], capture_output=True, text=True, check=False)
    if git.returncode == 0 and git.stdout:
        names = git.stdout.splitlines()
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*")]
    paths = [pathlib.PurePath(name) for name in sorted(set(names))]
    return [path for path in paths if (root / path).is_file()
            and path.parts[0] not in ("build", ".git") and "__pycache__" not in path.parts]


@functools.lru_cache(maxsize=None)
def without_comments(text):
    """Blank out comments and string contents, but not the names in #include lines."""
    pattern = re.compile(r'#\s*include[^\n]*|/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
                         r"|'(?:\\.|[^'\\\n])*'", re.S)
    return pattern.sub(lambda m: m[0] if m[0].startswith("#")
                       else re.sub(r"[^\n]", " ", m[0]), text)


def layer_of(path):
    parent = path.parent.as_posix()
    return LAYERS.index(parent) if parent in LAYERS else None


def check_includes(path, code, homes):
    """Yield what is wrong with the #include lines of one source."""
    is_public = path.parts[0] == "include"
    for number, line in enumerate(code.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
        if not match:
            continue
        name, where = match[2], f"{path}:{number}"
        for header, users in FOREIGN:
            if re.fullmatch(header, name) and not re.fullmatch(users, path.as_posix()):
                yield f"{where}: {name} may not be included here"
        if name.startswith("halo2vec/"):
            continue
        home = homes.get(name) if match[1] == '"' else None
        if is_public and name not in ("mpi.h", "stdint.h", "stdbool.h", "stddef.h"):
            yield f"{where}: a public header includes {name}"
        elif path.parts[0] == "tools" and match[1] == '"' and home != path.parent:
            yield f"{where}: tools include only public headers and their own, not {name}"
        elif home is not None and layer_of(path) is not None:
            if layer_of(home / name) is None or layer_of(home / name) > layer_of(path):
                yield f"{where}: {name} is of a higher layer ({home})"
        if name == "hdf5_file.h" and not re.search(r"_hdf5\.c$|hdf5_file\.c$", path.name):
            yield f"{where}: hdf5_file.h is for *_hdf5.c only"


def check_calls(path, code):
    """Yield calls that this file may not make."""
    in_library = layer_of(path) is not None
    for number, line in enumerate(code.splitlines(), 1):
        call = SPEAKING.search(line)
        if in_library and path.as_posix() not in LAST_WORDS and call:
            yield f"{path}:{number}: the library neither prints nor exits: {call[1]}"
        if in_library and path.as_posix() not in LAST_WORDS and STREAMS.search(line):
            yield f"{path}:{number}: the library has no standard streams"
        mpi = re.search(r"\b(MPI_[A-Z]\w*[a-z]\w*)\s*\(", line)
        if mpi and path.parts[0] != "tests" and not MPI_CALLERS.fullmatch(path.as_posix()):
            yield f"{path}:{number}: {mpi[1]} is called outside the communicating files"


def is_headed(path):
    return path.suffix in HEADED or path.name == "CMakeLists.txt" or (
        path.parts[0] in ("tools", "datasets", ".ci") and path.suffix == "")


def check_text(root, path):
    """Yield what is wrong with a file as text: its head, its length, open ends."""
    is_program = path.suffix in HEADED
    if not is_program and not is_headed(path):
        return
    try:
        text = (root / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    lines = text.splitlines()
    has_head = any("SPDX-License-Identifier: MIT" in line for line in lines[:3])
    if not has_head and path.name != "SHA256SUMS":
        yield f"{path}: no SPDX line"
    if is_program and len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines hold more than one idea (limit {MAX_LINES})"
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line) and path.name != "layers.py":
            yield f"{path}:{number}: unfinished business: {line.strip()}"


def check_tree(paths):
    """Yield directories without a README and strangers at the top level."""
    for name in sorted({path.parts[0] for path in paths}):
        if not name.startswith(".") and name not in TOP_LEVEL:
            yield f"{name}: not a top-level entry of this project"
    directories = {path.parent for path in paths if not path.parts[0].startswith(".")}
    for directory in sorted(directories):
        if directory / "README.md" not in paths:
            yield f"{directory}: a directory without README.md"


def check(root):
    """Return all violations under root, as lines."""
    root = pathlib.Path(root)
    paths = list_files(root)
    homes = {path.name: path.parent for path in paths
             if path.suffix == ".h" and path.parts[0] not in ("include", "tests")}
    found = list(check_tree(paths))
    for path in paths:
        found += check_text(root, path)
        if path.suffix in SOURCE and path.parts[0] not in ("tests", "datasets"):
            code = without_comments((root / path).read_text(encoding="utf-8"))
            found += check_includes(path, code, homes)
            found += check_calls(path, code)
    return found


if __name__ == "__main__":
    violations = check(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("\n".join(violations) if violations else "the house is in order")
    sys.exit(1 if violations else 0)
