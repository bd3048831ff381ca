"""What a run of `depends` has to make, and why."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from depends.build_id import Inputs, build_id, explain
from depends.environments import BACKENDS, requirement_files
from depends.layout import Layout
from depends.manifest import Manifest
from depends.options import Options
from depends.packages import Package, package_source, package_version, recipe_digest, wanted_packages
from depends.sources import Source
from depends.toolchain import Compiler, python_abi

TOOLS = (BACKENDS, "conan")


@dataclass(frozen=True, slots=True)
class Plan:
    """The wanted prefix.

    Attributes:
        manifest: What it consists of.
        packages: Its packages in build order.
        sources: Their pinned sources.
    """

    manifest: Manifest
    packages: tuple[Package, ...]
    sources: tuple[Source, ...]

    @property
    def build_ids(self) -> dict[str, str]:
        """Build id of each package, by name."""
        return {name: build_id(inputs) for name, inputs in self.manifest.packages.items()}

    def reference(self, name: str) -> str:
        """Conan's name of a package, `name/version`."""
        return f"{name}/{self.manifest.packages[name].version}"

    def summary(self) -> str:
        """Names and versions of the packages, for messages."""
        return ", ".join(f"{name} {inputs.version}" for name, inputs in self.manifest.packages.items()) or "no packages"

    def reasons(self, previous: Manifest | None) -> dict[str, str]:
        """Why each package that differs from `previous` has to be built, by name."""
        old: Mapping[str, Inputs] = previous.packages if previous else {}
        return {
            name: explain(old.get(name), inputs)
            for name, inputs in self.manifest.packages.items()
            if old.get(name) is None or build_id(old[name]) != build_id(inputs)
        }


def make_plan(layout: Layout, options: Options, triplet: str, compiler: Compiler | None) -> Plan:
    """Works out the wanted prefix from the tree, the options and this machine.

    Args:
        layout: The tree.
        options: What is asked for.
        triplet: Host triplet.
        compiler: The compiler; may be None only when no package is wanted.
    """
    packages = wanted_packages(options)
    inputs: dict[str, Inputs] = {}
    sources = []
    tools = _pins_digest(layout)
    for package in packages:
        source = package_source(layout, package)
        if source is not None:
            sources.append(source)
        inputs[package.name] = Inputs(
            version=package_version(layout, package),
            recipe=recipe_digest(layout, package),
            source=source.sha256 if source else "",
            options="debug" if options.debug else "release",
            host=triplet,
            compiler=compiler.identity if compiler else "",
            python=python_abi() if package.uses_python else "",
            tools=tools if package.uses_python else "",
            requires={name: build_id(inputs[name]) for name in package.requires},
        )
    return Plan(Manifest(triplet, options.build_set(), inputs), packages, tuple(sources))


def _pins_digest(layout: Layout) -> str:
    (path,) = requirement_files(layout, [BACKENDS])
    return hashlib.sha256(path.read_bytes()).hexdigest()
