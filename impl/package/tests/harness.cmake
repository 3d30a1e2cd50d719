# SPDX-License-Identifier: Apache-2.0
#
# The suites for drivers and owners of others, from an installation with the component `harness`: the examples with them
# are built, the sound ones pass, the faulty ones are found, with a report and a file that shows it again.
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

file(GLOB_RECURSE examples "${WORK}/moved/share/doc/*/impl/examples/CMakeLists.txt")
cmake_path(GET examples PARENT_PATH examples)
build_user("${WORK}/moved" "${examples}" "${WORK}/build")
file(COPY "${examples}/" "${CMAKE_CURRENT_LIST_DIR}/harness/CMakeLists.txt" DESTINATION "${WORK}/pages")
build_user("${WORK}/moved" "${WORK}/pages" "${WORK}/build-pages")

foreach(faulty IN ITEMS check_hasty_driver check_hasty_export)
    set(program "${WORK}/build/${faulty}")
    set(out "${WORK}/build/failures-${faulty}")
    file(REMOVE_RECURSE "${out}")
    execute_process(COMMAND "${program}" --seed 1 --out "${out}" RESULT_VARIABLE status)
    file(GLOB folder "${out}/*")
    if(NOT status EQUAL 1 OR NOT EXISTS "${folder}/reason.txt")
        message(FATAL_ERROR "${faulty}: exit status ${status}, report in '${folder}'")
    endif()
    file(GLOB minimal "${folder}/minimal.*")
    execute_process(COMMAND "${program}" replay "${minimal}" RESULT_VARIABLE status)
    if(NOT status EQUAL 1)
        message(FATAL_ERROR "${faulty}: what it was reduced to ends with ${status}")
    endif()
endforeach()
