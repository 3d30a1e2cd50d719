# SPDX-License-Identifier: Apache-2.0
#
# The recipes for vcpkg and Conan can be read, say the version of the tree, and have one kind of library installed, for both
# tools want the one that was asked for. Neither is needed.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

tree_version(version)
file(READ "${SOURCE}/impl/package/vcpkg/vcpkg.json" manifest)
string(JSON stated GET "${manifest}" version-semver)
if(NOT stated STREQUAL version)
    message(FATAL_ERROR "vcpkg.json says ${stated}, version.h ${version}")
endif()
# What a port file calls is vcpkg's; here stand-ins.
file(
    WRITE "${WORK}/port.cmake"
    "cmake_minimum_required(VERSION 3.25)
set(CURRENT_PACKAGES_DIR \"${WORK}/none\")
foreach(command IN ITEMS vcpkg_cmake_install vcpkg_cmake_config_fixup vcpkg_fixup_pkgconfig vcpkg_install_copyright)
    cmake_language(EVAL CODE \"function(\${command})\nendfunction()\")
endforeach()
function(vcpkg_cmake_configure)
    if(NOT \"-DBLKDRAIN_INSTALL_BOTH_KINDS=OFF\" IN_LIST ARGV)
        message(FATAL_ERROR \"the port has both kinds of library installed\")
    endif()
endfunction()
include(\"${SOURCE}/impl/package/vcpkg/portfile.cmake\")
if(NOT EXISTS \"\${SOURCE_PATH}/CMakeLists.txt\")
    message(FATAL_ERROR \"the port looks for the tree in \${SOURCE_PATH}\")
endif()
"
)
run("${CMAKE_COMMAND}" -P "${WORK}/port.cmake")

find_program(python3 python3 REQUIRED)
run("${python3}" -c "import ast, sys; ast.parse(open(sys.argv[1]).read())" "${SOURCE}/impl/package/conan/conanfile.py")
file(READ "${SOURCE}/impl/package/conan/conanfile.py" recipe)
if(NOT recipe MATCHES "\\.variables\\[\"BLKDRAIN_INSTALL_BOTH_KINDS\"\\] = False")
    message(FATAL_ERROR "the Conan recipe has both kinds of library installed")
endif()
