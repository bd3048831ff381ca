"""libmultiprocess: typed proxies between processes over Cap'n Proto, from the tree this recipe stands in."""

from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy
from conan.tools.layout import basic_layout

required_conan_version = ">=2.12"


class LibmultiprocessConan(ConanFile):
    name = "libmultiprocess"
    description = "Typed proxies between processes over Cap'n Proto"
    license = "MIT"
    package_type = "application"
    settings = "os", "arch", "compiler", "build_type"

    def layout(self):
        basic_layout(self, src_folder=".")

    def export_sources(self):
        tree = Path(self.recipe_folder).parent
        for pattern in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "src/*"):
            copy(self, pattern, str(tree), self.export_sources_folder, excludes=("*/__pycache__/*",))

    def requirements(self):
        self.requires("pycapnp/2.2.4")

    def validate(self):
        if not self.conf.get("user.moneyrocket:python"):
            raise ConanInvalidConfiguration("user.moneyrocket:python must name the Python that builds the wheel")

    def build(self):
        python = self.conf.get("user.moneyrocket:python")
        self.run(
            f'"{python}" -m pip wheel --no-build-isolation --no-deps --no-index --no-cache-dir '
            f'--wheel-dir "{self.build_folder}/wheels" "{self.source_folder}"'
        )

    def package(self):
        copy(self, "LICENSE*", self.source_folder, f"{self.package_folder}/licenses/libmultiprocess")
        wheels = f"{self.build_folder}/wheels"
        copy(self, "*.whl", wheels, f"{self.package_folder}/wheels", keep_path=False)

    def package_info(self):
        self.cpp_info.includedirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.bindirs = []
