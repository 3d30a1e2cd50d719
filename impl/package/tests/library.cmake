# SPDX-License-Identifier: Apache-2.0
#
# The lines by which README.md installs the library do, without anything that only tests and benchmarks need, and what they
# install is enough for impl/package/consumer.
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
