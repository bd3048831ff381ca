"""Imports pycapnp from the wheel and checks that it has our Cap'n Proto in it, and no other."""

import zipfile
from pathlib import Path

from conan import ConanFile
from conan.tools.cmake import cmake_layout


class PycapnpTest(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    test_type = "explicit"

    def requirements(self):
        self.requires(self.tested_reference_str)
        self.requires("capnproto/1.1.0")

    def layout(self):
        # Keeps what the test writes out of the tree.
        cmake_layout(self)

    def test(self):
        unpacked = Path(self.build_folder) / "unpacked"
        for wheel in (Path(self.dependencies["pycapnp"].package_folder) / "wheels").glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(unpacked)
        python = self.conf.get("user.moneyrocket:python")
        script = Path(self.source_folder) / "roundtrip.py"
        version = self.dependencies["capnproto"].ref.version
        self.run(f'"{python}" "{script}" "{unpacked}" {version}')
