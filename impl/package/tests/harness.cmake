# SPDX-License-Identifier: Apache-2.0
#
# The component `harness` of an installation. blkdrain-check judges the library that it was made with: it has nothing to say
# of the sound one, and catches a broken one. The suites for drivers and owners of others: the examples with them are built,
# the sound ones pass, the faulty ones are found. What was found has a report and a file that shows it again.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

install_moved("${WORK}/moved")
if(EXISTS "${WORK}/moved/include/blkdrain/harness.h")
    message(FATAL_ERROR "the harness is installed without being asked for")
endif()
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/moved" --component harness)

# The command finds its workers where they were installed to.
set(check "${WORK}/moved/bin/blkdrain-check")
foreach(adapter IN ITEMS simulated real)
    run("${check}" replay "${SOURCE}/corpus/regressions/r18-end-releases-in-order.scn" --adapter ${adapter})
endforeach()

# expect_found(<folder> <program> [<arguments>...]): the program finds something, reports it into the folder, and what it has
# reduced it to shows it again. What it says is left in the variable `said`.
function(expect_found out program)
    execute_process(
        COMMAND "${program}" ${ARGN} --seed 1 --out "${out}"
        RESULT_VARIABLE status
        OUTPUT_VARIABLE said
        ERROR_VARIABLE said
    )
    file(GLOB folder "${out}/*")
    if(NOT status EQUAL 1 OR NOT EXISTS "${folder}/reason.txt")
        message(FATAL_ERROR "${program} ${ARGN}: exit status ${status}, report in '${folder}'\n${said}")
    endif()
    file(GLOB minimal "${folder}/minimal.*")
    execute_process(COMMAND "${program}" replay "${minimal}" ${ARGN} RESULT_VARIABLE status)
    if(NOT status EQUAL 1)
        message(FATAL_ERROR "${program} ${ARGN}: what it was reduced to ends with ${status}")
    endif()
    set(said "${said}" PARENT_SCOPE)
endfunction()

run("${check}" --seconds 4 --seed 1 --out "${WORK}/failures-none")
expect_found("${WORK}/failures-library" "${check}" --canary overtake)
if(NOT said MATCHES "rule: R18, found by .*replay: blkdrain-check replay /")
    message(FATAL_ERROR "a library that lets requests overtake each other is not caught by R18:\n${said}")
endif()

file(GLOB_RECURSE examples "${WORK}/moved/share/doc/*/impl/examples/CMakeLists.txt")
cmake_path(GET examples PARENT_PATH examples)
build_user("${WORK}/moved" "${examples}" "${WORK}/build")
file(COPY "${examples}/" "${CMAKE_CURRENT_LIST_DIR}/harness/CMakeLists.txt" DESTINATION "${WORK}/pages")
build_user("${WORK}/moved" "${WORK}/pages" "${WORK}/build-pages")

foreach(faulty IN ITEMS check_hasty_driver check_hasty_export)
    expect_found("${WORK}/build/failures-${faulty}" "${WORK}/build/${faulty}")
endforeach()
