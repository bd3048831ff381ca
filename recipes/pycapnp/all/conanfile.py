"""pycapnp: a wheel of the Python binding, linked statically with our Cap'n Proto."""

import shutil
from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.env import Environment
from conan.tools.files import copy, get
from conan.tools.layout import basic_layout

required_conan_version = ">=2.12"


class PycapnpConan(ConanFile):
    name = "pycapnp"
    description = "Python binding of Cap'n Proto"
    license = "BSD-2-Clause"
    homepage = "https://github.com/capnproto/pycapnp"
    package_type = "application"
    settings = "os", "arch", "compiler", "build_type"

    def layout(self):
        basic_layout(self, src_folder="src")

    def requirements(self):
        self.requires("capnproto/1.1.0")

    def validate(self):
        if not self.conf.get("user.moneyrocket:python"):
            raise ConanInvalidConfiguration("user.moneyrocket:python must name the Python that builds the wheel")

    def source(self):
        get(self, **self.conan_data["sources"][self.version], strip_root=True)

    def generate(self):
        capnproto = Path(self.dependencies["capnproto"].package_folder)
        compilers = self.conf.get("tools.build:compiler_executables", default={}, check_type=dict)
        optimization = "-O0 -g -UNDEBUG" if self.settings.build_type == "Debug" else "-O2 -g0"
        environment = Environment()
        environment.define("CC", compilers.get("c", "cc"))
        environment.define("CXX", compilers.get("cpp", "c++"))
        environment.define("CFLAGS", optimization)
        environment.define("CXXFLAGS", optimization)
        environment.define("CPLUS_INCLUDE_PATH", str(capnproto / "include"))
        environment.define("LDFLAGS", f"-L{capnproto / 'lib'}")
        environment.vars(self, scope="").save_script("wheel")

    def build(self):
        # What the schema compiler imports has to lie in the package, as in pycapnp's own wheels.
        capnproto = Path(self.dependencies["capnproto"].package_folder)
        for schema in (capnproto / "include" / "capnp").glob("*.capnp"):
            shutil.copy(schema, Path(self.source_folder) / "capnp")
        # Left to itself pycapnp looks for pkg-config, and downloads a Cap'n Proto of its own where there is none.
        with (Path(self.source_folder) / "setup.cfg").open("a", encoding="utf-8") as stream:
            stream.write("\n[build_ext]\nforce_system_libcapnp = 1\n")
        python = self.conf.get("user.moneyrocket:python")
        self.run(
            f'"{python}" -m pip wheel --verbose --no-build-isolation --no-deps --no-index --no-cache-dir '
            f'--wheel-dir "{self.build_folder}" .',
            cwd=self.source_folder,
            env="wheel",
        )

    def package(self):
        copy(self, "LICENSE*", self.source_folder, f"{self.package_folder}/licenses/pycapnp")
        copy(self, "*.whl", self.build_folder, f"{self.package_folder}/wheels", keep_path=False)

    def package_info(self):
        self.cpp_info.includedirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.bindirs = []
