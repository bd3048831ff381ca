"""Cap'n Proto: serialization and RPC library with its schema compiler."""

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, get, rmdir

required_conan_version = ">=2.12"


class CapnprotoConan(ConanFile):
    name = "capnproto"
    description = "Serialization and RPC library with its schema compiler"
    license = "MIT"
    homepage = "https://capnproto.org"
    package_type = "static-library"
    settings = "os", "arch", "compiler", "build_type"
    languages = "C++"

    def layout(self):
        cmake_layout(self, src_folder="src")

    def source(self):
        get(self, **self.conan_data["sources"][self.version], strip_root=True)

    def generate(self):
        toolchain = CMakeToolchain(self)
        # Whatever the system happens to have installed must not change the library.
        toolchain.cache_variables.update(
            BUILD_SHARED_LIBS=False,
            BUILD_TESTING=False,
            CMAKE_POSITION_INDEPENDENT_CODE=True,
            WITH_OPENSSL="OFF",
            WITH_ZLIB="OFF",
        )
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE*", self.source_folder, f"{self.package_folder}/licenses/capnproto")
        CMake(self).install()
        rmdir(self, f"{self.package_folder}/share")

    def package_info(self):
        # Consumers find it by its own CMake and pkg-config files.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["lib/cmake/CapnProto"]
        self.cpp_info.libs = ["capnpc", "capnp-rpc", "capnp", "kj-async", "kj"]
        if self.settings.os == "Linux":
            self.cpp_info.system_libs = ["pthread"]
