# SPDX-License-Identifier: Apache-2.0
#
# The component `harness`, for those who ask for it: `cmake --install BUILD --component harness`, beside the component
# `development`, which it needs.
set(component COMPONENT harness EXCLUDE_FROM_ALL)
set(cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/blkdrain")

install(
    TARGETS blkdrain_driver_harness
    EXPORT blkdrainHarnessTargets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" ${component}
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" ${component}
)
install(
    EXPORT blkdrainHarnessTargets
    NAMESPACE blkdrain::
    DESTINATION "${cmake_dir}"
    ${component}
)
