# SPDX-License-Identifier: Apache-2.0
#
# An overlay port: `vcpkg install blkdrain --overlay-ports=<tree>/impl/package/vcpkg`, which builds the tree around this file.
# Whether the library is static or shared, the triplet says by way of BUILD_SHARED_LIBS.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DBLKDRAIN_BUILD_TESTS=OFF
        -DBLKDRAIN_BUILD_BENCHMARKS=OFF
        -DBLKDRAIN_INSTALL=ON
        -DBLKDRAIN_INSTALL_BOTH_KINDS=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/blkdrain)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
