"""Compiles a schema with the package's compiler and a program with its library, and runs that."""

from pathlib import Path

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, cmake_layout


class CapnprotoTest(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeToolchain"
    test_type = "explicit"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        if can_run(self):
            capnp = Path(self.dependencies["capnproto"].package_folder) / "bin" / "capnp"
            self.run(f'"{capnp}" --version')
            self.run(str(Path(self.build_folder) / self.cpp.build.bindir / "roundtrip"))
