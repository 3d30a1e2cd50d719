# SPDX-License-Identifier: Apache-2.0
#
# The tree as a part of another project, by FetchContent: it brings no tests, no install rules and no flags with it, and
# does not need what only our tests need.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

run(
    "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/subproject" -B "${WORK}" -G Ninja "-DCMAKE_CXX_COMPILER=${CXX}"
    "-DCMAKE_CXX_FLAGS=${FLAGS}" "-DFETCHCONTENT_SOURCE_DIR_BLKDRAIN=${SOURCE}" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON -DCMAKE_DISABLE_FIND_PACKAGE_rapidcheck=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_benchmark=ON -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON
)
capture(tests "${CMAKE_CTEST_COMMAND}" --test-dir "${WORK}" -N)
if(NOT tests MATCHES "Total Tests: 0")
    message(FATAL_ERROR "the subproject brings tests along:\n${tests}")
endif()

file(READ "${WORK}/compile_commands.json" commands)
string(JSON count LENGTH "${commands}")
math(EXPR last "${count} - 1")
set(seen FALSE)
foreach(i RANGE ${last})
    string(JSON file GET "${commands}" ${i} file)
    if(file MATCHES "/subproject/main.cpp$")
        set(seen TRUE)
        string(JSON command GET "${commands}" ${i} command)
        string(REGEX MATCHALL " -(W|O|f|D)[^ ]*" flags "${command}")
        separate_arguments(own UNIX_COMMAND "${FLAGS}")
        list(TRANSFORM own PREPEND " ")
        list(REMOVE_ITEM flags ${own} " -fPIE")
        if(flags)
            message(FATAL_ERROR "the subproject hands flags on: ${flags}")
        endif()
    endif()
endforeach()
if(NOT seen)
    message(FATAL_ERROR "no compile command of main.cpp among ${count}")
endif()
run("${CMAKE_COMMAND}" --build "${WORK}" --target user)
run("${WORK}/user")
