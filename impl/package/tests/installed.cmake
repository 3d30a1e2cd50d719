# SPDX-License-Identifier: Apache-2.0
#
# Builds and runs the examples against an installation, by way of the CMake package. SHARED: with which library;
# STANDARD: of C++.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

install_moved("${WORK}/moved")
file(GLOB_RECURSE examples "${WORK}/moved/share/doc/*/impl/examples/CMakeLists.txt")
cmake_path(GET examples PARENT_PATH examples)
build_user("${WORK}/moved" "${examples}" "${WORK}/build" "-DBUILD_SHARED_LIBS=${SHARED}" "-DCMAKE_CXX_STANDARD=${STANDARD}")
