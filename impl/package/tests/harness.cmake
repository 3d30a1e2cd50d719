# SPDX-License-Identifier: Apache-2.0
#
# The suites for drivers of others, from an installation with the component `harness`: the examples with them are built,
# a sound driver passes, a faulty one is found, with a report and a scenario that shows it again.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

install_moved("${WORK}/moved")
if(EXISTS "${WORK}/moved/include/blkdrain/harness.h")
    message(FATAL_ERROR "the harness is installed without being asked for")
endif()
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/moved" --component harness)

# The command finds its workers where they were installed to.
foreach(adapter IN ITEMS simulated real)
    run(
        "${WORK}/moved/bin/blkdrain-check" replay "${SOURCE}/corpus/regressions/r18-end-releases-in-order.scn"
        --adapter ${adapter}
    )
endforeach()

file(GLOB_RECURSE examples "${WORK}/moved/share/doc/*/examples/CMakeLists.txt")
cmake_path(GET examples PARENT_PATH examples)
build_examples("${WORK}/moved" "${examples}")

set(hasty "${WORK}/build/check_hasty_driver")
file(REMOVE_RECURSE "${WORK}/build/blkdrain-failures")
execute_process(
    COMMAND "${hasty}" --seed 1
    WORKING_DIRECTORY "${WORK}/build"
    RESULT_VARIABLE status
)
file(GLOB folder "${WORK}/build/blkdrain-failures/*")
if(NOT status EQUAL 1 OR NOT EXISTS "${folder}/reason.txt")
    message(FATAL_ERROR "a faulty driver: exit status ${status}, report in '${folder}'")
endif()
execute_process(COMMAND "${hasty}" replay "${folder}/minimal.scn" RESULT_VARIABLE status)
if(NOT status EQUAL 1)
    message(FATAL_ERROR "the reduced scenario ends with ${status}")
endif()
