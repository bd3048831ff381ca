"""The private Conan client: its home, its profiles, and the installation of one package at a time."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from depends.environments import Environment
from depends.errors import BuildError
from depends.layout import Layout
from depends.process import clean_environment, run_logged
from depends.progress import Progress
from depends.toolchain import Compiler

REMOTE = "moneyrocket"
_STAMP = ".moneyrocket-home"
_SYSTEMS = {"linux": "Linux", "apple": "Macos"}
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "armv8", "riscv64": "riscv64", "ppc64le": "ppc64le", "s390x": "s390x"}


@dataclass(frozen=True, slots=True)
class Conan:
    """A Conan client with a home of its own; the user's own Conan is neither read nor written.

    Attributes:
        layout: The tree.
        environment: Has Conan, CMake and Ninja, and the back ends that build wheels.
        progress: Where progress is shown.
        echo: Print the output of builds too.
    """

    layout: Layout
    environment: Environment
    progress: Progress
    echo: bool = False

    @property
    def home(self) -> Path:
        """CONAN_HOME."""
        return self.layout.base_cache

    def prepare_home(self) -> None:
        """Makes the home: the recipe index of this tree is its only remote, and sources come from our cache.

        Raises:
            BuildError: Conan fails.
        """
        wanted = json.dumps({"root": str(self.layout.root), "sources": str(self.layout.sources)})
        stamp = self.home / _STAMP
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "global.conf").write_text(
            f"core.sources:download_cache={self.layout.sources}\n"
            "core:non_interactive=True\n"
            "core:allow_uppercase_pkg_names=False\n"
            'tools.info.package_id:confs=["user.moneyrocket:build_id"]\n',
            encoding="utf-8",
        )
        log = self.layout.logs / "conan-home.log"
        (self.home / "remotes.json").unlink(missing_ok=True)
        self._run(["remote", "remove", "*"], "conan home", log)
        root = str(self.layout.root)
        self._run(["remote", "add", REMOTE, root, "--type=local-recipes-index", "--force"], "conan home", log)
        stamp.write_text(wanted, encoding="utf-8")

    def write_profiles(
        self, compiler: Compiler, triplet: str, debug: bool, build_ids: Mapping[str, str]
    ) -> tuple[Path, Path]:
        """Writes the host and the build profile and returns their paths.

        Args:
            compiler: What both use.
            triplet: Host triplet.
            debug: Build the host's packages with debug information.
            build_ids: Our own id for each package; it becomes part of Conan's.
        """
        folder = self.layout.work / "profiles"
        folder.mkdir(parents=True, exist_ok=True)
        host, build = folder / "host", folder / "build"
        ids = "".join(f"{name}/*:user.moneyrocket:build_id={value}\n" for name, value in build_ids.items())
        python = f"user.moneyrocket:python={self.environment.python}\n"
        host.write_text(
            profile_text(compiler, triplet, "Debug" if debug else "Release") + python + ids, encoding="utf-8"
        )
        build.write_text(profile_text(compiler, triplet, "Release"), encoding="utf-8")
        return host, build

    def install(self, reference: str, host: Path, build: Path, log: Path, title: str) -> dict[str, Path]:
        """Installs `reference` and what it requires, building what has no binary yet.

        Returns:
            The package folder of every package in the graph, by name.

        Raises:
            BuildError: A build fails; the message ends with the end of `log`.
        """
        graph = self.layout.work / "graph.json"
        graph.unlink(missing_ok=True)
        arguments = ["install", f"--requires={reference}", "--build=missing", "--update", f"--remote={REMOTE}"]
        arguments += [f"--profile:host={host}", f"--profile:build={build}", f"--lockfile={self.layout.lockfile}"]
        arguments += ["--format=json", f"--out-file={graph}", f"--output-folder={self.layout.work / 'generators'}"]
        self._run(arguments, title, log)
        return package_folders(graph)

    def test(self, name: str, reference: str, host: Path, build: Path, log: Path) -> None:
        """Runs the recipe's own test against the built package.

        Raises:
            BuildError: The test fails.
        """
        folder = self.layout.recipes / name / "all" / "test_package"
        arguments = ["test", str(folder), reference, f"--remote={REMOTE}"]
        arguments += [f"--profile:host={host}", f"--profile:build={build}"]
        arguments += ["-c", f"tools.cmake.cmake_layout:test_folder={self.layout.work / 'test_package' / name}"]
        self._run(arguments, f"{name}: test_package", log)

    def lock(self, references: Mapping[str, str], host: Path, build: Path, log: Path) -> None:
        """Writes the lockfile anew from the recipes in the tree.

        Args:
            references: Reference of every package, by name.
            host: Host profile.
            build: Build profile.
            log: Log file.

        Raises:
            BuildError: Conan fails.
        """
        arguments = ["lock", "create", *(f"--requires={reference}" for reference in references.values())]
        arguments += ["--update", f"--remote={REMOTE}", "--lockfile=", f"--lockfile-out={self.layout.lockfile}"]
        arguments += [f"--profile:host={host}", f"--profile:build={build}"]
        self._run(arguments, "conan lock", log)

    def _run(self, arguments: list[str], title: str, log: Path) -> None:
        environ = self.environment.environ(clean_environment(os.environ, CONAN_HOME=str(self.home)))
        run_logged(
            [str(self.environment.bin / "conan"), *arguments],
            title=title,
            log=log,
            progress=self.progress,
            env=environ,
            cwd=self.layout.root,
            echo=self.echo,
            error=BuildError,
        )


def profile_text(compiler: Compiler, triplet: str, build_type: str) -> str:
    """The text of a Conan profile; nothing in it is detected by Conan."""
    architecture, system, _ = triplet.split("-")
    libcxx = "libstdc++11" if compiler.kind == "gcc" or system == "linux" else "libc++"
    return (
        "[settings]\n"
        f"os={_SYSTEMS[system]}\n"
        f"arch={_ARCHITECTURES.get(architecture, architecture)}\n"
        f"compiler={compiler.kind}\n"
        f"compiler.version={compiler.major}\n"
        f"compiler.libcxx={libcxx}\n"
        "compiler.cppstd=gnu17\n"
        f"build_type={build_type}\n"
        "[conf]\n"
        f'tools.build:compiler_executables={{"c": "{compiler.cc}", "cpp": "{compiler.cxx}"}}\n'
        "tools.cmake.cmaketoolchain:generator=Ninja\n"
        "tools.cmake.cmaketoolchain:user_presets=\n"
    )


def package_folders(graph: Path) -> dict[str, Path]:
    """Reads the package folders from the graph that `conan install` wrote."""
    nodes = json.loads(graph.read_text(encoding="utf-8"))["graph"]["nodes"].values()
    return {node["name"]: Path(node["package_folder"]) for node in nodes if node.get("package_folder")}


def locked_versions(text: str, *, in_tree: frozenset[str]) -> str:
    """Drops from a lockfile the revisions of packages whose source is in the tree: every edit would change them."""
    data = json.loads(text)
    for key, entries in data.items():
        if isinstance(entries, list):
            data[key] = [_drop_time(entry, in_tree) for entry in entries]
    return json.dumps(data, indent=4) + "\n"


def _drop_time(entry: str, in_tree: frozenset[str]) -> str:
    reference = entry.partition("%")[0]
    return reference.partition("#")[0] if reference.partition("/")[0] in in_tree else reference
