# SPDX-License-Identifier: Apache-2.0
#
# `cpack -G DEB` in a build tree makes Debian packages: libblkdrain0.1 with what programs need to run, named after the
# soname, libblkdrain-dev with what is needed to build them and, where the tests are built, blkdrain-check with the component
# `harness`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME blkdrain)
set(CPACK_PACKAGE_VENDOR "the blkdrain authors")
set(CPACK_PACKAGE_CONTACT "the blkdrain authors <blkdrain@users.noreply.github.com>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_COMPONENTS_ALL runtime development)
if(BLKDRAIN_BUILD_TESTS)
    list(APPEND CPACK_COMPONENTS_ALL harness)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "https://github.com/blkdrain/blkdrain")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME "libblkdrain${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libblkdrain-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "${CPACK_DEBIAN_RUNTIME_PACKAGE_NAME} (= ${PROJECT_VERSION})"
)
set(CPACK_DEBIAN_HARNESS_PACKAGE_NAME blkdrain-check)
set(CPACK_DEBIAN_HARNESS_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_HARNESS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_HARNESS_PACKAGE_DEPENDS
    "${CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME} (= ${PROJECT_VERSION}), libboost-context-dev"
)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
    "${PROJECT_DESCRIPTION}\nThe shared library."
)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "${PROJECT_DESCRIPTION}\nHeaders, static library, CMake package, pkg-config file, pages and examples."
)
set(CPACK_COMPONENT_HARNESS_DESCRIPTION
    "${PROJECT_DESCRIPTION}\nThe command that judges the library, and what judges drivers and owners of others."
)
include(CPack)
