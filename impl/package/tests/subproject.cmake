# SPDX-License-Identifier: Apache-2.0
#
# The tree as a part of another project, by FetchContent or add_subdirectory; WHERE is the variable that decides, by saying
# where the tree is. It brings no tests, no install rules and no flags with it, and does not need what only our tests need.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

run(
    "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/subproject" -B "${WORK}" -G Ninja "-DCMAKE_CXX_COMPILER=${CXX}"
    "-DCMAKE_CXX_FLAGS=${FLAGS}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" "-D${WHERE}=${SOURCE}"
    -DCMAKE_EXPORT_COMPILE_COMMANDS=ON ${without_test_packages}
)
capture(tests "${CMAKE_CTEST_COMMAND}" --test-dir "${WORK}" -N)
if(NOT tests MATCHES "Total Tests: 0")
    message(FATAL_ERROR "the subproject brings tests along:\n${tests}")
endif()

# The directory of the public headers and the standard are all that users get.
file(READ "${WORK}/compile_commands.json" commands)
string(JSON count LENGTH "${commands}")
math(EXPR last "${count} - 1")
set(seen FALSE)
foreach(i RANGE ${last})
    string(JSON file GET "${commands}" ${i} file)
    if(file MATCHES "/subproject/main.cpp$")
        set(seen TRUE)
        string(JSON command GET "${commands}" ${i} command)
        separate_arguments(found UNIX_COMMAND "${command}")
        list(FILTER found EXCLUDE REGEX "^-std=(c|gnu)\\+\\+20$")
        separate_arguments(expected UNIX_COMMAND "${CXX} -I${SOURCE}/impl/include ${FLAGS}")
        list(APPEND expected -o CMakeFiles/user.dir/main.cpp.o -c "${file}")
        if(NOT found STREQUAL expected)
            message(FATAL_ERROR "the subproject hands flags on: ${command}")
        endif()
    endif()
endforeach()
if(NOT seen)
    message(FATAL_ERROR "no compile command of main.cpp among ${count}")
endif()
run("${CMAKE_COMMAND}" --build "${WORK}" --target user)
run("${WORK}/user")
run("${CMAKE_COMMAND}" --install "${WORK}" --prefix "${WORK}/installed")
if(EXISTS "${WORK}/installed")
    message(FATAL_ERROR "the subproject brings install rules along")
endif()
