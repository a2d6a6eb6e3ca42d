"""Builds the engine with mypyc in a tree of its own.  Knows compilers; knows no engine.

A shared object beside its source would shadow it, so the checkout never gets one: everything
happens below `.venv-compiled`, which has an environment without Fulcrum in it and a copy of
the packages, in which `engine` is compiled as one group.
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
HOME: Final = ROOT / ".venv-compiled"
TREE: Final = HOME / "tree"
PYTHON: Final = HOME / "bin" / "python"
LOCK: Final = ROOT / "requirements" / "test.txt"
COPIED: Final = ("engine", "wal", "snapshots", "gateway", "bench", "tests")

# `__init__` stays interpreted: it is the one that looks whether the others are not.
SETUP: Final = """
from pathlib import Path
from mypyc.build import mypycify
from setuptools import setup

modules = sorted(str(path) for path in Path("engine").rglob("*.py") if path.name != "__init__.py")
setup(name="engine", ext_modules=mypycify(modules, opt_level="3"), packages=[])
"""


def compiler() -> str | None:
    """The C compiler that Python's own build names, or any; None if there is none."""
    names = [(sysconfig.get_config_var("CC") or "cc").split()[0], "cc", "gcc", "clang"]
    return next((found for found in map(shutil.which, names) if found), None)


def make_environment() -> None:
    """Makes the environment, or leaves it if the lock is the one it was made from."""
    stamp = HOME / "lock.txt"
    if stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return
    venv.create(HOME, clear=True, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True)
    shutil.copyfile(LOCK, stamp)


def source_digest() -> str:
    """Names the engine's sources, and the Python that they are compiled for."""
    digest = hashlib.sha256(sys.version.encode() + LOCK.read_bytes())
    for path in sorted((ROOT / "engine").rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def copy_tree() -> None:
    """Copies the packages; of the engine only if it changed, so that its build is kept."""
    stamp = TREE / "engine.digest"
    digest = source_digest()
    kept = stamp.exists() and stamp.read_text() == digest
    TREE.mkdir(exist_ok=True)
    for package in COPIED:
        if kept and package == "engine":
            continue
        shutil.rmtree(TREE / package, ignore_errors=True)
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / package, TREE / package, ignore=ignored)
    if not kept:
        compile_engine()
        stamp.write_text(digest)
    shutil.copyfile(ROOT / "pyproject.toml", TREE / "pyproject.toml")


def compile_engine() -> None:
    """Compiles the copy in place; a type error or a slow class stops here."""
    # Beside a pyproject.toml, setuptools would describe the whole distribution.
    for leftover in (*TREE.glob("*.so"), *TREE.glob("pyproject.toml")):
        leftover.unlink()
    (TREE / "setup_engine.py").write_text(SETUP)
    command = [str(PYTHON), "setup_engine.py", "--quiet", "build_ext", "--inplace"]
    subprocess.run(command, cwd=TREE, check=True)
