# SPDX-License-Identifier: Apache-2.0
"""Recipe for Conan 2: `conan create impl/package/conan` in the tree."""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

ROOT = os.path.join("..", "..", "..")


class BlkdrainConan(ConanFile):
    name = "blkdrain"
    license = "Apache-2.0"
    description = "A block layer with drained sections, judged by an executable specification"
    homepage = "https://github.com/blkdrain/blkdrain"
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False]}
    default_options = {"shared": False}

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, ROOT, "impl/include/blkdrain/version.h"))
        self.version = re.search(r'#define BLKDRAIN_VERSION "([^"]+)"', header).group(1)

    def export_sources(self):
        root = os.path.join(self.recipe_folder, ROOT)
        for pattern in ("CMakeLists.txt", "LICENSE", "*.md", "corpus/*", "docs/*", "impl/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def validate(self):
        check_min_cppstd(self, 20)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.variables["BLKDRAIN_BUILD_TESTS"] = False
        toolchain.variables["BLKDRAIN_BUILD_BENCHMARKS"] = False
        toolchain.variables["BLKDRAIN_INSTALL"] = True
        # Which one, the option `shared` says by way of BUILD_SHARED_LIBS.
        toolchain.variables["BLKDRAIN_INSTALL_BOTH_KINDS"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.libs = ["blkdrain"]
        self.cpp_info.system_libs = ["pthread"]
        self.cpp_info.set_property("cmake_file_name", "blkdrain")
        self.cpp_info.set_property("cmake_target_name", "blkdrain::blkdrain")
        self.cpp_info.set_property("pkg_config_name", "blkdrain")
