# SPDX-License-Identifier: Apache-2.0
#
# The recipes for vcpkg and Conan can be read, and say the version of the tree. Neither tool is needed.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

tree_version(version)
file(READ "${SOURCE}/impl/package/vcpkg/vcpkg.json" manifest)
string(JSON stated GET "${manifest}" version-semver)
if(NOT stated STREQUAL version)
    message(FATAL_ERROR "vcpkg.json says ${stated}, version.h ${version}")
endif()
# What a port file calls is vcpkg's; as stand-ins they only have to exist.
file(
    WRITE "${WORK}/port.cmake"
    "set(CURRENT_PACKAGES_DIR \"${WORK}/none\")
foreach(command IN ITEMS vcpkg_cmake_configure vcpkg_cmake_install vcpkg_cmake_config_fixup vcpkg_fixup_pkgconfig
                         vcpkg_install_copyright)
    cmake_language(EVAL CODE \"function(\${command})\nendfunction()\")
endforeach()
include(\"${SOURCE}/impl/package/vcpkg/portfile.cmake\")
if(NOT EXISTS \"\${SOURCE_PATH}/CMakeLists.txt\")
    message(FATAL_ERROR \"the port looks for the tree in \${SOURCE_PATH}\")
endif()
"
)
run("${CMAKE_COMMAND}" -P "${WORK}/port.cmake")

find_program(python3 python3 REQUIRED)
run("${python3}" -c "import ast, sys; ast.parse(open(sys.argv[1]).read())" "${SOURCE}/impl/package/conan/conanfile.py")
