# SPDX-License-Identifier: Apache-2.0
#
# For the scripts of this folder. They get SOURCE, BUILD (a built tree), WORK (a scratch directory), CXX and FLAGS.

# run(<command...>): it must succeed.
function(run)
    execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# capture(<variable> <command...>): the same, and its output.
function(capture variable)
    execute_process(
        COMMAND ${ARGN}
        OUTPUT_VARIABLE output
        OUTPUT_STRIP_TRAILING_WHITESPACE
        COMMAND_ERROR_IS_FATAL ANY
    )
    set(${variable} "${output}" PARENT_SCOPE)
endfunction()

# tree_version(<variable>): what the tree says its version is.
function(tree_version variable)
    file(STRINGS "${SOURCE}/impl/include/blkdrain/version.h" version REGEX "^#define BLKDRAIN_VERSION ")
    string(REGEX REPLACE ".*\"(.*)\"" "\\1" version "${version}")
    set(${variable} "${version}" PARENT_SCOPE)
endfunction()

# The packages that only tests and benchmarks need cannot be found.
set(
    without_test_packages
    -DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_rapidcheck=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_benchmark=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_mimalloc=ON
)

# check_pages(<prefix>): the pages are installed there, with all that they link to.
function(check_pages prefix)
    file(GLOB pages "${prefix}/share/doc/*")
    foreach(page IN ITEMS LICENSE README.md)
        if(NOT EXISTS "${pages}/${page}")
            message(FATAL_ERROR "${page} is not installed")
        endif()
    endforeach()
    run("${SOURCE}/docs/check_links" "${pages}")
endfunction()

# install_moved(<prefix>): installs BUILD somewhere and moves it to `prefix`.
function(install_moved prefix)
    run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/stage")
    file(RENAME "${WORK}/stage" "${prefix}")
    check_pages("${prefix}")
endfunction()

# build_user(<prefix> <project> <build> [<arguments for the configuration>...]): builds a project that uses the
# installation, and runs its tests.
function(build_user prefix project build)
    run(
        "${CMAKE_COMMAND}" -S "${project}" -B "${build}" -G Ninja "-DCMAKE_CXX_COMPILER=${CXX}"
        "-DCMAKE_CXX_FLAGS=${FLAGS}" "-DCMAKE_PREFIX_PATH=${prefix}" ${ARGN}
    )
    run("${CMAKE_COMMAND}" --build "${build}")
    run("${CMAKE_CTEST_COMMAND}" --test-dir "${build}" --output-on-failure --no-tests=error)
endfunction()

file(REMOVE_RECURSE "${WORK}")
