# SPDX-License-Identifier: Apache-2.0
#
# The lines by which README.md installs the library do, without anything that only tests and benchmarks need, and what they
# install is enough for impl/package/consumer. So is one kind of library, if only one is asked for.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/build_consumer.cmake")

file(READ "${SOURCE}/README.md" page)
string(REGEX REPLACE "\\\\\n" "" page "${page}")
string(REGEX MATCHALL "\n    cmake [^\n]+" lines "${page}")
list(LENGTH lines count)
if(NOT count EQUAL 3)
    message(FATAL_ERROR "README.md has ${count} lines with cmake instead of three: configure, build, install")
endif()

# All they leave open is the compiler. Nothing is written to where they say.
set(ENV{CXX} "${CXX}")
set(more ${without_test_packages})
foreach(line IN LISTS lines)
    if(NOT line MATCHES " build/library( |$)" OR line MATCHES " --install " AND NOT line MATCHES " --prefix /usr/local$")
        message(FATAL_ERROR "README.md: not in build/library or not to /usr/local:${line}")
    endif()
    separate_arguments(command UNIX_COMMAND "${line}")
    list(REMOVE_AT command 0)
    list(TRANSFORM command REPLACE "^build/library$" "${WORK}/build")
    list(TRANSFORM command REPLACE "^/usr/local$" "${WORK}/installed")
    run("${CMAKE_COMMAND}" ${command} ${more} WORKING_DIRECTORY "${SOURCE}")
    set(more "")
endforeach()

check_pages("${WORK}/installed")
build_consumer("${WORK}/installed")

# As the recipes want it. A user who asks for the other kind gets the one that is there.
foreach(shared IN ITEMS ON OFF)
    set(prefix "${WORK}/alone-${shared}")
    run("${CMAKE_COMMAND}" "${WORK}/build" -DBLKDRAIN_INSTALL_BOTH_KINDS=OFF -DBUILD_SHARED_LIBS=${shared})
    run("${CMAKE_COMMAND}" --build "${WORK}/build")
    run("${CMAKE_COMMAND}" --install "${WORK}/build" --prefix "${prefix}")
    file(GLOB_RECURSE shared_ones "${prefix}/libblkdrain.so*")
    file(GLOB_RECURSE static_ones "${prefix}/libblkdrain.a")
    if(shared)
        set(others "${static_ones}")
        set(asked_for OFF)
    else()
        set(others "${shared_ones}")
        set(asked_for ON)
    endif()
    if(others)
        message(FATAL_ERROR "BUILD_SHARED_LIBS=${shared} has ${others} installed")
    endif()
    build_user(
        "${prefix}" "${SOURCE}/impl/package/consumer" "${WORK}/consumer-alone-${shared}" -DBUILD_SHARED_LIBS=${asked_for}
    )
endforeach()
