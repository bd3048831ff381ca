"""Imports the runtime and runs the generator from the wheel, over the pycapnp of this tree."""

import zipfile
from pathlib import Path

from conan import ConanFile
from conan.tools.cmake import cmake_layout


class LibmultiprocessTest(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    test_type = "explicit"

    def requirements(self):
        self.requires(self.tested_reference_str)
        self.requires("pycapnp/2.2.4")

    def layout(self):
        # Keeps what the test writes out of the tree.
        cmake_layout(self)

    def test(self):
        unpacked = Path(self.build_folder) / "unpacked"
        for name in ("pycapnp", "libmultiprocess"):
            for wheel in (Path(self.dependencies[name].package_folder) / "wheels").glob("*.whl"):
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(unpacked)
        python = self.conf.get("user.moneyrocket:python")
        script = Path(self.source_folder) / "generate.py"
        self.run(f'"{python}" "{script}" "{unpacked}" "{self.build_folder}"')
