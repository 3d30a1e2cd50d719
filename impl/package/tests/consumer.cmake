# SPDX-License-Identifier: Apache-2.0
#
# Builds and runs impl/package/consumer against an installation.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/build_consumer.cmake")

install_moved("${WORK}/moved")
build_consumer("${WORK}/moved")
